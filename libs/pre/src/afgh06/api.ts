import type { RandomBytes } from '@medveil/encoding';

/** A record owner's key (delegator): a ← Zr*, P1 = g^a in G1 only. */
export interface OwnerKey {
  readonly role: 'owner';
  /** `SECRET_KEY_BYTES`; overwritten by `eraseKey`. */
  readonly secret: Uint8Array;
  /** `OWNER_PUBLIC_KEY_BYTES` */
  readonly publicKey: Uint8Array;
}

/** An institution's key (delegatee): b ← Zr*, P2 = h^b in G2 only. */
export interface DelegateeKey {
  readonly role: 'delegatee';
  /** `SECRET_KEY_BYTES`; overwritten by `eraseKey`. */
  readonly secret: Uint8Array;
  /** `DELEGATEE_PUBLIC_KEY_BYTES` */
  readonly publicKey: Uint8Array;
}

export interface Encapsulation {
  /** 32 bytes: the secret from which `encryptBody` derives the file key. */
  readonly seed: Uint8Array;
  /** `CAPSULE_BYTES` */
  readonly capsule: Uint8Array;
}

/** What a proof of right re-encryption speaks of. Everything is public. */
export interface ReEncryptionStatement {
  readonly capsule: Uint8Array;
  /** `TRANSFORMED_CAPSULE_BYTES` */
  readonly transformed: Uint8Array;
  readonly ownerPublicKey: Uint8Array;
  readonly delegateePublicKey: Uint8Array;
  /** As made by `encodeLabel`. */
  readonly label: Uint8Array;
  /** Binds the proof to one claim: any bytes, at most 256. */
  readonly claimId: Uint8Array;
}

/** What `checkReKey` judges, as an entry of a list. */
export interface ReKeyEntry {
  readonly ownerPublicKey: Uint8Array;
  readonly label: Uint8Array;
  readonly delegateePublicKey: Uint8Array;
  readonly reKey: Uint8Array;
}

/** A re-encryption key split for n proxies, any t of which re-encrypt. */
export interface SplitReKey {
  /** Public: kind ‖ t ‖ A_1 … A_{t−1} in G1, A_j = Q^{f_j}; A_0 = g is required and not sent. */
  readonly commitments: Uint8Array;
  /** One for each proxy, `RE_KEY_SHARE_BYTES`: f(i) in the exponent, i from 1. */
  readonly shares: readonly Uint8Array[];
}

/** What a delegation to several proxies speaks of. Everything is public. */
export interface SharedStatement {
  readonly capsule: Uint8Array;
  readonly ownerPublicKey: Uint8Array;
  readonly delegateePublicKey: Uint8Array;
  readonly label: Uint8Array;
  readonly commitments: Uint8Array;
  readonly claimId: Uint8Array;
}

/** A proxy's share of the work, with its proof. */
export interface Contribution {
  /** `TRANSFORMED_SHARE_BYTES` */
  readonly transformed: Uint8Array;
  /** `SHARE_PROOF_BYTES` */
  readonly proof: Uint8Array;
}

export interface CombinedCapsule {
  /** The same bytes as one proxy with the whole key would have made. */
  readonly transformed: Uint8Array;
  /** Positions in the list of contributions that did not verify, or repeated an index. */
  readonly bad: readonly number[];
}

/**
 * AFGH proxy re-encryption with Sakai–Kasahara labels (docs/scheme.md, section 5).
 * Every argument and result is in its canonical, versioned encoding (see artefacts.ts).
 * Functions that make or open something throw `PreError` on malformed input; `check…` and `verify…`
 * answer false to anything malformed, whatever its origin.
 */
export interface Afgh06 {
  /** @param seed 32 secret bytes. HKDF with the owner context: unlinkable to, and independent of, a delegatee key of the same seed. */
  ownerKeyFromSeed(seed: Uint8Array): OwnerKey;
  /** @param seed 32 secret bytes. HKDF with the delegatee context. */
  delegateeKeyFromSeed(seed: Uint8Array): DelegateeKey;
  /** Overwrites the secret. The key is of no use afterwards. */
  eraseKey(key: OwnerKey | DelegateeKey): void;

  /**
   * Proof of possession (Schnorr), bound to a context such as an enrolment challenge.
   * @param context any bytes, at most 256
   * @returns `KEY_PROOF_BYTES`
   */
  proveOwnerKey(key: OwnerKey, context: Uint8Array, random: RandomBytes): Uint8Array;
  verifyOwnerKey(publicKey: Uint8Array, proof: Uint8Array, context: Uint8Array): boolean;
  proveDelegateeKey(key: DelegateeKey, context: Uint8Array, random: RandomBytes): Uint8Array;
  verifyDelegateeKey(publicKey: Uint8Array, proof: Uint8Array, context: Uint8Array): boolean;
  /**
   * Refuses an owner and a delegatee key that share their secret: e(P1, h) = e(g, P2).
   * @throws PreError `pre/related-keys`, or a decoding error
   */
  refuseRelatedKeys(ownerPublicKey: Uint8Array, delegateePublicKey: Uint8Array): void;

  /** Draws a fresh seed and locks it under the owner's key and the label. */
  encapsulate(ownerPublicKey: Uint8Array, label: Uint8Array, random: RandomBytes): Encapsulation;
  /** As `encapsulate` for many capsules of one owner: the owner's key is decoded and precomputed once. */
  encapsulator(ownerPublicKey: Uint8Array): (label: Uint8Array, random: RandomBytes) => Encapsulation;
  /**
   * The owner's way to the seed.
   * @returns 32 bytes
   * @throws PreError `pre/check-failed` for another owner's or label's capsule, or a tampered one
   */
  decapsulate(ownerKey: OwnerKey, label: Uint8Array, capsule: Uint8Array): Uint8Array;

  /**
   * Moves the seed under another label: the owner's part of a rotation, no body moves.
   * @throws PreError `pre/bad-label` where the labels are equal, `pre/check-failed`
   */
  rewrap(ownerKey: OwnerKey, from: Uint8Array, to: Uint8Array, capsule: Uint8Array): Uint8Array;

  /** rk = P2^{1/(a+τ)}: opens the one label to the one delegatee. @returns `RE_KEY_BYTES` */
  reKeyGen(ownerKey: OwnerKey, label: Uint8Array, delegateePublicKey: Uint8Array): Uint8Array;
  /** As `reKeyGen` for many labels of one owner and one delegatee: keys are decoded and compared once. */
  reKeyMaker(ownerKey: OwnerKey, delegateePublicKey: Uint8Array): (label: Uint8Array) => Uint8Array;
  /** e(Q, rk) = e(g, P2): the proxy checks this before it stores rk. */
  checkReKey(ownerPublicKey: Uint8Array, label: Uint8Array, delegateePublicKey: Uint8Array, reKey: Uint8Array): boolean;

  /**
   * Checks many keys with one product of pairings: Π e(Q_i^{δ_i}, rk_i) = Π e(g^{δ_i}, P2_i) with 128-bit random δ_i.
   * A false key passes with probability 2^-128.
   * @param entries at most `MAX_BATCH`
   * @returns positions of the keys that `checkReKey` refuses
   * @throws PreError `pre/out-of-range` for a longer list
   */
  badReKeys(entries: readonly ReKeyEntry[], random: RandomBytes): readonly number[];

  /** c1' = e(c1, rk). @returns `TRANSFORMED_CAPSULE_BYTES` */
  reEncrypt(capsule: Uint8Array, reKey: Uint8Array): Uint8Array;
  /** As `reEncrypt` for many capsules under one key (retries, versions): the key is decoded and precomputed once. */
  reEncryptor(reKey: Uint8Array): (capsule: Uint8Array) => Uint8Array;
  /**
   * The delegatee's way to the seed.
   * @returns 32 bytes
   * @throws PreError `pre/check-failed` where the proxy cheated or the capsule is not this one
   */
  decapsulateDelegated(delegateeKey: DelegateeKey, ownerPublicKey: Uint8Array, label: Uint8Array, transformed: Uint8Array): Uint8Array;

  /** Knowledge of X with e(c1, X) = c1' and e(Q, X) = e(g, P2), bound to the claim. @returns `RE_ENCRYPTION_PROOF_BYTES` */
  proveReEncryption(statement: ReEncryptionStatement & { readonly reKey: Uint8Array }, random: RandomBytes): Uint8Array;
  /** Anyone can check: two pairings with one final exponentiation each. */
  verifyReEncryption(statement: ReEncryptionStatement & { readonly proof: Uint8Array }): boolean;

  /**
   * For a dispute: K = Z^k of a re-encrypted capsule, with the proof that log_Z(Z^b) = log_K(c1'), bound to the statement and its
   * claim. Whoever has it and the capsule reads the part, so it goes to auditors, sealed. It opens nothing else and does not show b.
   * @returns `DISCLOSED_KEY_BYTES`
   * @throws PreError `pre/bad-disclosure` where the statement is of another delegatee, or of another capsule than the transformed one
   */
  discloseCapsuleKey(delegateeKey: DelegateeKey, statement: ReEncryptionStatement, random: RandomBytes): Uint8Array;
  /** Whether the disclosed K is that of this capsule. It may be, and the capsule dishonest: that is `decapsulateDisclosed`'s check. */
  verifyDisclosure(statement: ReEncryptionStatement & { readonly disclosure: Uint8Array }): boolean;
  /**
   * The auditor's way to the seed. Says whose fault it is where the ledger has verified the re-encryption: a false disclosure is the
   * delegatee's, a failed check the owner's.
   * @returns 32 bytes
   * @throws PreError `pre/bad-disclosure` where the proof does not hold; `pre/check-failed` where it does, and the capsule is not what
   * an honest owner makes (c1 ≠ Q^{H3(seed, label, P1)})
   */
  decapsulateDisclosed(statement: ReEncryptionStatement & { readonly disclosure: Uint8Array }): Uint8Array;

  /**
   * Splits rk so that no single proxy can withhold it or collude.
   * @param threshold t, 2 to `MAX_THRESHOLD`
   * @param count n, t to 255
   * @throws PreError `pre/bad-threshold`
   */
  splitReKey(
    ownerKey: OwnerKey,
    label: Uint8Array,
    delegateePublicKey: Uint8Array,
    sharing: { readonly threshold: number; readonly count: number },
    random: RandomBytes,
  ): SplitReKey;
  /** e(Q, rk_i) = e(V_i, P2), V_i = Π A_j^{i^j}: each proxy checks its share before it stores it. */
  checkReKeyShare(
    ownerPublicKey: Uint8Array,
    label: Uint8Array,
    delegateePublicKey: Uint8Array,
    commitments: Uint8Array,
    share: Uint8Array,
  ): boolean;
  /** c1'_i = e(c1, rk_i) and the proof that it is right, bound to the claim. */
  reEncryptShare(statement: SharedStatement, share: Uint8Array, random: RandomBytes): Contribution;
  verifyContribution(statement: SharedStatement, contribution: Contribution): boolean;
  /**
   * Checks every contribution and puts t good ones together.
   * @throws PreError `pre/bad-threshold` where fewer than t are good; `details.bad` names the others
   */
  combineContributions(statement: SharedStatement, contributions: readonly Contribution[]): CombinedCapsule;
}
