import type { Id } from '@medveil/encoding';
import { derivePatientKeys, type HpkeKeyPair, hpkeKeyPairFromSeed, type KeyVault, type SigningKeyPair } from '@medveil/identity';
import type { Afgh06, DelegateeKey } from '@medveil/pre';

/** All keys of an institution: they follow from one seed. */
export interface InstitutionKeys {
  /** certified by the E-Cert, and the key of the ledger account */
  readonly account: SigningKeyPair;
  readonly hpke: HpkeKeyPair;
  /** P2, for which records are re-encrypted */
  readonly delegatee: DelegateeKey;
}

const seedName = (institutionId: Id<'ins'>): string => `institutions/${institutionId}/seed`;
const tokenName = (institutionId: Id<'ins'>): string => `institutions/${institutionId}/enrolment-token`;

/** The secrets of institutions, in the vault. */
export class InstitutionSecrets {
  constructor(
    private readonly vault: KeyVault,
    private readonly pre: Afgh06,
  ) {}

  putSeed(institutionId: Id<'ins'>, seed: Uint8Array): Promise<void> {
    return this.vault.put(seedName(institutionId), seed);
  }

  /** @throws IdentityError `identity/secret-not-found` */
  async keys(institutionId: Id<'ins'>): Promise<InstitutionKeys> {
    return keysFromSeed(await this.vault.get(seedName(institutionId)), this.pre);
  }

  /** @throws IdentityError `identity/secret-not-found` */
  async account(institutionId: Id<'ins'>): Promise<SigningKeyPair> {
    return derivePatientKeys(await this.vault.get(seedName(institutionId))).enrolment;
  }

  putToken(institutionId: Id<'ins'>, token: Uint8Array): Promise<void> {
    return this.vault.put(tokenName(institutionId), token);
  }

  token(institutionId: Id<'ins'>): Promise<Uint8Array> {
    return this.vault.get(tokenName(institutionId));
  }

  /** A used token is worth nothing, but need not be kept. */
  forgetToken(institutionId: Id<'ins'>): Promise<void> {
    return this.vault.put(tokenName(institutionId), new Uint8Array());
  }
}

/** @param seed 32 bytes */
export async function keysFromSeed(seed: Uint8Array, pre: Afgh06): Promise<InstitutionKeys> {
  const derived = derivePatientKeys(seed);
  return {
    account: derived.enrolment,
    hpke: await hpkeKeyPairFromSeed(derived.hpkeSeed),
    delegatee: pre.delegateeKeyFromSeed(derived.pseudonym(0).delegateeSeed),
  };
}
