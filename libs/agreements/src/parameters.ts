import { z } from 'zod';
import { accountKeySchema, amountSchema, bytes, bytes32Schema, domainRegistrySchema, fieldElementSchema, positiveAmountSchema, timeMsSchema } from './vocabulary.js';
import { chainIdSchema } from '@medveil/identity';

/** What the consortium may change by vote. Agreements already made keep the numbers they were made with. */
export const parametersSchema = z.strictObject({
  /** T1: from acceptance until a claim without delivery lapses. */
  deliverWithinMs: z.int().min(1),
  /** T2: from delivery until an institution's silence settles the claim. */
  confirmWithinMs: z.int().min(1),
  /** T3: from dispute until the auditors' silence settles the claim and returns the bond. */
  ruleWithinMs: z.int().min(1),
  /** Credits an institution puts up to open a dispute. */
  disputeBond: amountSchema,
  /** The consortium's part of a reward, in hundredths of a percent, rounded down. */
  feeBasisPoints: z.int().min(0).max(10_000),
  /** How long a superseded root of accredited issuers is still accepted. */
  issuerGraceMs: z.int().min(0),
  /** How often one person may claim for one requirement, the first time included: after a lapse they may try again. */
  claimAttempts: z.int().min(1).max(16),
  /** How far ahead a transaction's `validUntilMs` may lie. */
  transactionLifetimeMs: z.int().min(1),
  /** How far ahead a requirement's expiry may lie. */
  requirementLifetimeMs: z.int().min(1),
  /** Deadlines handled at the beginning of one block; the rest wait for the next. Their events have to fit one receipt. */
  deadlinesPerBlock: z.int().min(1).max(400),
  /** From a request for vouchers until its credits go back, where the treasury has not answered. */
  issueVouchersWithinMs: z.int().min(1),
  /** Licences in force that one person may have in one domain. */
  licencesPerDomain: z.int().min(1).max(256),
  /** Credits taken from the bond of a replica for each contradiction that is recorded of it. */
  equivocationPenalty: amountSchema,
  /** How long a bond stands after the last change of the replica set. */
  bondWithdrawalMs: z.int().min(0),
});
export type Parameters = z.infer<typeof parametersSchema>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A starting point for a consortium's genesis file. */
export const DEFAULT_PARAMETERS: Parameters = {
  deliverWithinMs: 3 * DAY_MS,
  confirmWithinMs: 7 * DAY_MS,
  ruleWithinMs: 30 * DAY_MS,
  disputeBond: 100,
  feeBasisPoints: 200,
  issuerGraceMs: 7 * DAY_MS,
  claimAttempts: 2,
  transactionLifetimeMs: HOUR_MS,
  requirementLifetimeMs: 730 * DAY_MS,
  deadlinesPerBlock: 256,
  issueVouchersWithinMs: DAY_MS,
  licencesPerDomain: 32,
  equivocationPenalty: 1_000,
  bondWithdrawalMs: 30 * DAY_MS,
};

/** A Groth16 verification key that claims may be checked with. */
export const verificationKeySchema = z.strictObject({
  instance: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  hash: bytes32Schema,
  /** Made by one party without a ceremony. */
  development: z.boolean(),
});
export type PinnedVerificationKey = z.infer<typeof verificationKeySchema>;
export const verificationKeysSchema = z.array(verificationKeySchema).min(1).max(32);

/** The treasury's RSA key for vouchers of one denomination. */
export const voucherKeySchema = z.strictObject({
  /** Credits a voucher is worth. */
  denomination: positiveAmountSchema,
  /** SubjectPublicKeyInfo, DER. */
  publicKey: bytes({ max: 512 }),
  /** false: vouchers that are out are still taken, no new ones are made. */
  issuing: z.boolean(),
});
export type VoucherKey = z.infer<typeof voucherKeySchema>;
export const voucherKeysSchema = z.array(voucherKeySchema).max(32);

const nameSchema = z.string().min(1).max(128);
const sealKeySchema = bytes32Schema;
/** Hash of the member's E-Cert, so that whoever meets it outside the ledger can compare. */
const eCertHashSchema = bytes32Schema.nullable();

/** A party whose keys the consortium pins: the PKG cannot slip in another. */
export const memberSchema = z.discriminatedUnion('role', [
  z.strictObject({
    role: z.literal('institution'),
    accountKey: accountKeySchema,
    name: nameSchema,
    eCertHash: eCertHashSchema,
    /** P2 of docs/scheme.md, section 5, with the proof that its holder knows the secret (context: `delegateeKeyContext`). */
    delegateeKey: bytes({ max: 128 }),
    delegateeProof: bytes({ max: 512 }),
    /** HPKE (X25519). */
    sealKey: sealKeySchema,
  }),
  z.strictObject({ role: z.literal('proxy'), accountKey: accountKeySchema, name: nameSchema, eCertHash: eCertHashSchema, sealKey: sealKeySchema }),
  z.strictObject({ role: z.literal('auditor'), accountKey: accountKeySchema, name: nameSchema, eCertHash: eCertHashSchema, sealKey: sealKeySchema }),
  z.strictObject({ role: z.literal('treasury'), accountKey: accountKeySchema, name: nameSchema, eCertHash: eCertHashSchema }),
]);
export type Member = z.infer<typeof memberSchema>;

/** Members of one role. */
export const MEMBERS_MAX = 256;

export { chainIdSchema };

/** What every replica starts from; part of the genesis file, whose hash is the first block's. */
export const contractGenesisSchema = z.strictObject({
  chainId: chainIdSchema,
  /** Ed25519 key that signs T-Certs. */
  pkgPublicKey: accountKeySchema,
  /** Ed25519 key of the account by which the PKG updates issuers and revokes: another than the one above. */
  pkgAccountKey: accountKeySchema,
  /** Those who vote: one account for each operator of a replica. 2f+1 of 3f+1 decide. */
  consortium: z.array(z.strictObject({ accountKey: accountKeySchema, name: nameSchema })).min(1).max(64),
  /** Where fees go. An account like any other, which can redeem. */
  feeAccountKey: accountKeySchema,
  /** Pinned from the start; delegatee proofs are checked at genesis as in a vote. A treasury is needed to mint. */
  members: z.array(memberSchema).max(1024),
  verificationKeys: verificationKeysSchema,
  /** None: credits are not turned into vouchers. */
  voucherKeys: voucherKeysSchema,
  /** false: keys marked as development are refused, at genesis and in votes. */
  allowDevelopmentKeys: z.boolean(),
  registry: domainRegistrySchema,
  /** Root of the tree of accredited issuers; null: none yet, and no claim passes. */
  issuerRoot: fieldElementSchema.nullable(),
  parameters: parametersSchema,
  startedAtMs: timeMsSchema,
});
export type ContractGenesis = z.infer<typeof contractGenesisSchema>;
