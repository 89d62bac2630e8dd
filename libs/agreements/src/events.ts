import { z } from 'zod';
import { memberSchema, parametersSchema, verificationKeysSchema, voucherKeysSchema } from './parameters.js';
import { contradictionKindSchema } from './transactions.js';
import {
  accountIdSchema, amountSchema, blindedSchema, bytes, bytes32Schema, claimIdSchema, disputeOutcomeSchema, domainIdSchema, domainRegistrySchema, fieldElementSchema,
  openingIdSchema, openingReasonSchema, partTypeSchema, proposalIdSchema, recordIdSchema, requirementIdSchema, roleSchema, serialSchema, termsSchema, timeMsSchema,
  voucherRequestIdSchema,
} from './vocabulary.js';

/**
 * What the contract tells the world. Events stand in receipts, which the next block's header proves; they hold
 * public data only, and enough of it that a read model needs no second look into the state.
 */
const event = <const Type extends string, const Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), data: z.strictObject(shape) });

const claimEvent = { claimId: claimIdSchema, requirementId: requirementIdSchema };

export const eventSchema = z.discriminatedUnion('type', [
  event('account-registered', { account: accountIdSchema, role: roleSchema, notAfterMs: timeMsSchema }),
  event('credits-minted', { account: accountIdSchema, amount: amountSchema, reference: bytes32Schema }),
  event('credits-redeemed', { account: accountIdSchema, amount: amountSchema, reference: bytes32Schema }),
  event('vouchers-requested', { requestId: voucherRequestIdSchema, account: accountIdSchema, amount: amountSchema, issueByMs: timeMsSchema }),
  event('vouchers-issued', { requestId: voucherRequestIdSchema, account: accountIdSchema, signatures: z.array(blindedSchema) }),
  event('voucher-request-lapsed', { requestId: voucherRequestIdSchema, account: accountIdSchema, amount: amountSchema }),
  event('vouchers-spent', { account: accountIdSchema, serials: z.array(bytes32Schema), amount: amountSchema }),

  event('proposal-voted', { proposalId: proposalIdSchema, voter: accountIdSchema, votes: z.int(), needed: z.int() }),
  event('member-pinned', { account: accountIdSchema, member: memberSchema }),
  event('member-unpinned', { account: accountIdSchema }),
  event('parameters-set', { parameters: parametersSchema }),
  event('registry-set', { registry: domainRegistrySchema }),
  event('verification-keys-set', { verificationKeys: verificationKeysSchema }),
  event('voucher-keys-set', { voucherKeys: voucherKeysSchema }),
  /** `fromHeight`: the first block that these replicas agree on. */
  event('replica-set-changed', { replicas: z.array(z.string()), fromHeight: z.int() }),
  event('evidence-recorded', {
    replica: z.string(),
    publicKey: bytes32Schema,
    kind: contradictionKindSchema,
    epoch: z.int(),
    view: z.int(),
    sequence: z.int(),
    penalty: amountSchema,
    reporter: accountIdSchema,
  }),
  event('bond-posted', { replica: z.string(), account: accountIdSchema, amount: amountSchema }),
  event('bond-withdrawn', { replica: z.string(), account: accountIdSchema, amount: amountSchema }),
  event('rules-scheduled', { version: z.int(), height: z.int() }),
  event('issuers-updated', { root: fieldElementSchema, immediate: z.boolean() }),
  event('revoked', { accounts: z.array(accountIdSchema), serials: z.array(serialSchema) }),

  event('requirement-released', {
    requirementId: requirementIdSchema,
    institution: accountIdSchema,
    terms: termsSchema,
    /** In the order of the circuit's slots. */
    domains: z.array(domainIdSchema),
    feePerRecord: amountSchema,
  }),
  event('requirement-closed', { requirementId: requirementIdSchema, how: z.enum(['closed', 'expired']), refunded: amountSchema }),
  event('record-registered', {
    recordId: recordIdSchema,
    record: fieldElementSchema,
    account: accountIdSchema,
    parts: z.array(partTypeSchema),
  }),

  event('claim-accepted', {
    ...claimEvent,
    recordId: recordIdSchema,
    record: fieldElementSchema,
    patient: accountIdSchema,
    institution: accountIdSchema,
    parts: z.array(z.strictObject({ part: partTypeSchema, version: z.int() })),
    reward: amountSchema,
    deliverByMs: timeMsSchema,
  }),
  /** T1 passed. `retryable`: the person may claim for the requirement again. */
  event('claim-lapsed', { ...claimEvent, retryable: z.boolean() }),
  event('claim-withdrawn', { ...claimEvent, retryable: z.boolean() }),
  event('delivery-recorded', {
    ...claimEvent,
    by: accountIdSchema,
    institution: accountIdSchema,
    patient: accountIdSchema,
    parts: z.array(z.strictObject({ part: partTypeSchema, transformed: bytes({ max: 1024 }) })),
    settleByMs: timeMsSchema,
  }),
  event('settled', {
    ...claimEvent,
    /** confirmed by the institution; its silence; a ruling against it; the auditors' silence. */
    how: z.enum(['confirmed', 'silence', 'ruled', 'unruled']),
    patient: accountIdSchema,
    institution: accountIdSchema,
    paid: amountSchema,
    fee: amountSchema,
  }),
  event('disputed', { ...claimEvent, institution: accountIdSchema, evidenceHash: bytes32Schema, bond: amountSchema, ruleByMs: timeMsSchema }),
  event('ruling-voted', { claimId: claimIdSchema, auditor: accountIdSchema, outcome: disputeOutcomeSchema }),
  event('ruled', { ...claimEvent, outcome: disputeOutcomeSchema }),
  event('opening-requested', {
    openingId: openingIdSchema, account: accountIdSchema, reason: openingReasonSchema, claimId: claimIdSchema.nullable(), evidenceHash: bytes32Schema, auditor: accountIdSchema,
    approveUntilMs: timeMsSchema,
  }),
  /** `approved`: with this approval the shares may be given. */
  event('opening-approved', { openingId: openingIdSchema, account: accountIdSchema, auditor: accountIdSchema, approvals: z.int(), approved: z.boolean() }),
  /** A claim's hold went back: into the requirement's escrow while it is open, else to the institution. */
  event('refunded', { ...claimEvent, amount: amountSchema, to: z.enum(['escrow', 'institution']) }),
  event('grant-revoked', { ...claimEvent, recordId: recordIdSchema, patient: accountIdSchema }),
  event('revocation-recorded', { claimId: claimIdSchema, proxy: accountIdSchema, statementHash: bytes32Schema }),
  event('deletion-recorded', { claimId: claimIdSchema, institution: accountIdSchema, statementHash: bytes32Schema }),
]);
export type AgreementEvent = z.infer<typeof eventSchema>;
export type EventType = AgreementEvent['type'];
/** The data of one type of event. */
export type EventData<Type extends EventType> = Extract<AgreementEvent, { type: Type }>['data'];
