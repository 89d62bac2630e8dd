/** HTTP API of the audit trail and of recovery in the patient's agent (docs/trail.md). */
import { idSchema, timeMsSchema } from '@medveil/encoding';
import { z } from 'zod';
import { accountIdSchema, claimIdSchema, pageSchema, patientIdSchema, transactionIdSchema } from './common.js';

/** GET …/trail: what on the ledger concerned the owner, oldest first, by the patient over all pseudonyms, by an institution its own. */
export const trailEntrySchema = z.object({
  height: z.int(),
  /** of the receipt in its block; -1: the block's own, for what a deadline did */
  receiptIndex: z.int(),
  eventIndex: z.int(),
  atMs: timeMsSchema,
  type: z.string(),
  /** the account of the owner's that it concerns */
  account: accountIdSchema,
  transactionId: transactionIdSchema.nullable(),
  claimId: claimIdSchema.nullable(),
  /** the event's data, byte strings in hexadecimal */
  data: z.record(z.string(), z.unknown()),
  /** canonical `ReceiptProof`, base64url: `LightClient.verifyReceipt` of @medveil/ledger checks it from the genesis document */
  proof: z.string(),
});
export type TrailEntry = z.infer<typeof trailEntrySchema>;
export const trailPageSchema = pageSchema(trailEntrySchema);

/** GET /v1/patients/:id/view: the patient's accounts, sealed under the view key; for `openView` of @medveil/identity. */
export const viewSchema = z.object({ view: z.string() });

/** POST /v1/patients/:id/backup: the seed under a passphrase (scrypt, AES-256-GCM). It is all that is needed to restore. */
export const backupRequestSchema = z.strictObject({ passphrase: z.string().min(12).max(1_000) });
export const backupSchema = z.object({ patientId: patientIdSchema, backup: z.string() });

/**
 * POST /v1/restorations: a patient whom this agent does not know (any more), from the backup; without one, from the seed that
 * the vault still holds. Answers at once; `isRestoring` until the ledger was read.
 */
export const restorationSchema = z.strictObject({
  patientId: idSchema('pat'),
  label: z.string().min(1).max(100),
  backup: backupRequestSchema.extend({ backup: z.string().max(2_000) }).optional(),
});
