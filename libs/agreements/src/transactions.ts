import { PART_TYPES } from '@medveil/eligibility';
import { z } from 'zod';
import { memberSchema, parametersSchema, verificationKeysSchema, voucherKeysSchema } from './parameters.js';
import {
  accountIdSchema, accountKeySchema, blindedSchema, bytes, bytes32Schema, claimIdSchema, disputeOutcomeSchema, openingIdSchema, openingReasonSchema, DOMAIN_SLOTS, domainRegistrySchema,
  fieldElementSchema, inPartOrder, partTypeSchema, positiveAmountSchema, requirementIdSchema, serialSchema, termsSchema, timeMsSchema,
  voucherRequestIdSchema, VOUCHERS_MAX,
} from './vocabulary.js';

/** Treasury: credits against a deposit. */
export const mintSchema = z.strictObject({
  type: z.literal('mint'),
  account: accountIdSchema,
  amount: positiveAmountSchema,
  /** Hash of the deposit's voucher: what the treasury is audited by. */
  reference: bytes32Schema,
});

/** Anybody: burns credits of their own; the treasury pays out against the receipt. */
export const redeemSchema = z.strictObject({
  type: z.literal('redeem'),
  amount: positiveAmountSchema,
  /** Hash of the pay-out instructions, which only the treasury sees. */
  reference: bytes32Schema,
});

/** A voucher before it is signed. `keyId` names the voucher key, which is the denomination. */
export const blindedVoucherSchema = z.strictObject({ keyId: bytes32Schema, blinded: blindedSchema });

/** Anybody: credits of their own for vouchers; the treasury signs, or the credits go back. */
export const requestVouchersSchema = z.strictObject({
  type: z.literal('request-vouchers'),
  vouchers: z.array(blindedVoucherSchema).min(1).max(VOUCHERS_MAX),
});

/** Treasury: its blind signatures, in the order of the request. */
export const issueVouchersSchema = z.strictObject({
  type: z.literal('issue-vouchers'),
  requestId: voucherRequestIdSchema,
  signatures: z.array(blindedSchema).min(1).max(VOUCHERS_MAX),
});

/** Anybody: vouchers for credits. Nothing says whose they were. */
export const spendVouchersSchema = z.strictObject({
  type: z.literal('spend-vouchers'),
  vouchers: z.array(z.strictObject({ keyId: bytes32Schema, serial: bytes32Schema, signature: blindedSchema })).min(1).max(VOUCHERS_MAX),
});

export const actionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('pin-member'), member: memberSchema }),
  z.strictObject({ kind: z.literal('unpin-member'), account: accountIdSchema }),
  z.strictObject({ kind: z.literal('set-parameters'), parameters: parametersSchema }),
  z.strictObject({ kind: z.literal('set-registry'), registry: domainRegistrySchema }),
  z.strictObject({ kind: z.literal('set-verification-keys'), verificationKeys: verificationKeysSchema }),
  z.strictObject({ kind: z.literal('set-voucher-keys'), voucherKeys: voucherKeysSchema }),
  /** The replicas that certify blocks from the second one after the decision on: rules/replica-set.ts says how much may change at once. */
  z.strictObject({ kind: z.literal('set-replica-set'), replicas: z.array(z.strictObject({ id: z.string().min(1).max(64), publicKey: accountKeySchema })).min(1).max(64) }),
  /** The rules of `version` hold from block `height` on. */
  z.strictObject({ kind: z.literal('set-rules'), version: z.int().min(1), height: z.int().min(1) }),
]);
export type Action = z.infer<typeof actionSchema>;

export const proposalSchema = z.strictObject({
  action: actionSchema,
  /** Tells apart proposals that ask for the same: 16 random bytes. */
  reference: bytes({ length: 16 }),
  voteUntilMs: timeMsSchema,
});
export type Proposal = z.infer<typeof proposalSchema>;

/** Consortium: for a proposal, carried in full; it takes effect with the vote that reaches 2f+1. */
export const voteSchema = z.strictObject({ type: z.literal('vote'), proposal: proposalSchema });

/** Of what libs/pbft encodes. */
export const EVIDENCE_BYTES_MAX = 1_024;
export const contradictionKindSchema = z.enum(['pre-prepare', 'prepare', 'commit', 'checkpoint', 'view-change', 'new-view']);

/** Consortium: two statements of one replica that contradict each other (`encodeEvidence` of libs/pbft). */
export const reportEvidenceSchema = z.strictObject({ type: z.literal('report-evidence'), evidence: bytes({ max: EVIDENCE_BYTES_MAX }) });

const bondShape = { replica: z.string().regex(/^[!-~]{1,64}$/) };
/** Consortium: credits that stand behind a replica. */
export const postBondSchema = z.strictObject({ type: z.literal('post-bond'), ...bondShape, amount: positiveAmountSchema });
/** Who posted it: what is left, after the replica has left. */
export const withdrawBondSchema = z.strictObject({ type: z.literal('withdraw-bond'), ...bondShape });

/** PKG: who is accredited from now on. */
export const updateIssuersSchema = z.strictObject({
  type: z.literal('update-issuers'),
  root: fieldElementSchema,
  /** true: no grace for any earlier root (an issuer was compromised). */
  immediate: z.boolean(),
});

/** PKG: pseudonyms by account, T-Certs not yet used by serial number. */
export const revokeSchema = z.strictObject({
  type: z.literal('revoke'),
  accounts: z.array(accountIdSchema).max(256),
  serials: z.array(serialSchema).max(256),
});

/** A Groth16 proof and those of its public inputs that the state does not already say. */
const proofShape = {
  claimNullifier: fieldElementSchema,
  /** One for each domain of the requirement, in their order. */
  domainNullifiers: z.array(fieldElementSchema).max(DOMAIN_SLOTS),
  issuerRoot: fieldElementSchema,
  proof: bytes({ length: 128 }),
};

/** Institution: an offer, paid into escrow, with a proof on its own sample that the policy can be met. */
export const releaseRequirementSchema = z.strictObject({
  type: z.literal('release-requirement'),
  terms: termsSchema,
  /** π′: requirement id `sampleRequirementId`, issuer root of the institution's own one-leaf tree. */
  sample: z.strictObject({ record: fieldElementSchema, ...proofShape }),
});

/** Institution: no more claims; what is not held for a claim goes back. */
export const closeRequirementSchema = z.strictObject({ type: z.literal('close-requirement'), requirementId: requirementIdSchema });

export const recordPartSchema = z.strictObject({
  part: partTypeSchema,
  /** Of the label. */
  version: z.int().min(1).max(0xffff_ffff),
  /** c1 and c2 of docs/scheme.md, section 5, as @medveil/pre encodes them. */
  capsule: bytes({ max: 128 }),
  /** SHA-256 of the encrypted body, its address in the object store. */
  bodyDigest: bytes32Schema,
  bodyBytes: z.int().min(1).max(1_099_511_627_776),
});
export type RecordPart = z.infer<typeof recordPartSchema>;

/** Patient: a commitment and where its ciphertexts are. */
export const registerRecordSchema = z.strictObject({
  type: z.literal('register-record'),
  /** h. */
  record: fieldElementSchema,
  parts: z.array(recordPartSchema).min(1).max(PART_TYPES.length)
    .refine((parts) => inPartOrder(parts.map(({ part }) => part)), { error: 'part types must be distinct and in the order of PART_TYPES' }),
});

/** Patient: the acceptance of an offer. */
export const submitClaimSchema = z.strictObject({
  type: z.literal('submit-claim'),
  requirementId: requirementIdSchema,
  record: fieldElementSchema,
  policyHash: fieldElementSchema,
  /** R. */
  result: z.int().min(0).max(1),
  ...proofShape,
});

export const deliveredPartSchema = z.strictObject({
  part: partTypeSchema,
  /** c1′ (and c2) as @medveil/pre encodes the transformed capsule. */
  transformed: bytes({ max: 1024 }),
  proof: bytes({ max: 2048 }),
});

/** Proxy, or the claim's patient where the proxy stalls: every part asked for, re-encrypted, with proofs. */
export const recordDeliverySchema = z.strictObject({
  type: z.literal('record-delivery'),
  claimId: claimIdSchema,
  /** In the order of the terms' parts. */
  parts: z.array(deliveredPartSchema).min(1).max(PART_TYPES.length),
});

/** Institution: what it decrypted is what was proved. */
export const confirmDeliverySchema = z.strictObject({ type: z.literal('confirm-delivery'), claimId: claimIdSchema });

/** Institution: it is not; against a bond. */
export const openDisputeSchema = z.strictObject({
  type: z.literal('open-dispute'),
  claimId: claimIdSchema,
  /** Of the evidence sealed to the auditors. */
  evidenceHash: bytes32Schema,
});

/** Auditor: a vote; more than half of the auditors decide. */
export const ruleDisputeSchema = z.strictObject({ type: z.literal('rule-dispute'), claimId: claimIdSchema, outcome: disputeOutcomeSchema });

/** Auditor: asks that a pseudonym be opened, which is this auditor's own approval too. */
export const requestOpeningSchema = z.strictObject({
  type: z.literal('request-opening'),
  account: accountIdSchema,
  reason: openingReasonSchema,
  /** The agreement that is the evidence, signed by both; null where it is none. */
  claimId: claimIdSchema.nullable(),
  /** Of what else it rests on: the other auditors ask for that before they approve. */
  evidenceHash: bytes32Schema,
});

/** Auditor: more than half of the auditors let it be opened. */
export const approveOpeningSchema = z.strictObject({ type: z.literal('approve-opening'), openingId: openingIdSchema });

/** Patient: withdraws the grant. Before delivery this ends the claim; after it, access that has not happened yet. */
export const revokeGrantSchema = z.strictObject({ type: z.literal('revoke-grant'), claimId: claimIdSchema });

/** Proxy: its signed statement that it destroyed the re-encryption keys of a revoked grant. */
export const recordRevocationReceiptSchema = z.strictObject({
  type: z.literal('record-revocation-receipt'),
  claimId: claimIdSchema,
  statementHash: bytes32Schema,
});

/** Institution: its signed statement that it deleted what it received under the claim. */
export const recordDeletionSchema = z.strictObject({ type: z.literal('record-deletion'), claimId: claimIdSchema, statementHash: bytes32Schema });

export const bodySchema = z.discriminatedUnion('type', [
  mintSchema, redeemSchema, requestVouchersSchema, issueVouchersSchema, spendVouchersSchema, voteSchema, updateIssuersSchema, revokeSchema, releaseRequirementSchema, closeRequirementSchema,
  registerRecordSchema, submitClaimSchema, recordDeliverySchema, confirmDeliverySchema, openDisputeSchema, ruleDisputeSchema, requestOpeningSchema, approveOpeningSchema,
  revokeGrantSchema, recordRevocationReceiptSchema, recordDeletionSchema, reportEvidenceSchema, postBondSchema, withdrawBondSchema,
]);
export type Body = z.infer<typeof bodySchema>;
export type BodyType = Body['type'];
export type BodyOf<Type extends BodyType> = Extract<Body, { type: Type }>;
