/** HTTP API of an auditor's agent: disputes, what it found, the word that lets it vote; openings of pseudonyms. */
import { z } from 'zod';
import { hexSchema, idSchema } from '@medveil/encoding';
import { accountIdSchema, canonicalSchema, claimIdSchema, pageSchema, requirementIdSchema, timeMsSchema } from './common.js';

const outcomeSchema = z.enum(['patient-at-fault', 'body-unavailable', 'institution-at-fault']);

/** GET /v1/disputes and …/:claimId */
export const disputeSchema = z.object({
  claimId: claimIdSchema,
  requirementId: requirementIdSchema,
  institution: accountIdSchema,
  /** `open`: being looked into, or waiting (see `code`); `found`: not voted yet; `abstains`: this auditor cannot say. */
  status: z.enum(['open', 'found', 'voted', 'abstains', 'ended']),
  openedAtMs: timeMsSchema,
  ruleByMs: timeMsSchema,
  /** this auditor's own */
  finding: z.object({
    outcome: outcomeSchema,
    reason: z.string(),
    part: z.string().nullable(),
    checks: z.array(z.object({ check: z.string(), ok: z.boolean(), detail: z.string() })),
  }).nullable(),
  /** what is waited for, or why there is no finding */
  code: z.string().nullable(),
  /** what the majority decided; null: nothing (yet) */
  ruled: outcomeSchema.nullable(),
});
export type Dispute = z.infer<typeof disputeSchema>;
export const disputesPageSchema = pageSchema(disputeSchema);

/** POST /v1/disputes/:claimId/approval: lets the auditor vote as it found, which is said again. */
export const approvalSchema = z.strictObject({ outcome: outcomeSchema });

/** POST /v1/openings: asks, on the ledger, that a pseudonym be opened. */
export const requestOpeningSchema = z.strictObject({
  account: accountIdSchema,
  reason: z.enum(['licence-breach', 'false-data', 'court-order']),
  claimId: claimIdSchema.nullable(),
  evidenceHash: hexSchema(32),
});
/** GET /v1/openings/:id, as the ledger has it; `certificate`: the T-Cert of the pseudonym, which holders of shares need. */
export const openingSchema = z.object({
  openingId: idSchema('opn'),
  account: accountIdSchema,
  reason: z.string(),
  claimId: claimIdSchema.nullable(),
  evidenceHash: hexSchema(32),
  requestedBy: accountIdSchema,
  approvals: z.array(accountIdSchema),
  approveUntilMs: timeMsSchema,
  approvedAtMs: timeMsSchema.nullable(),
  certificate: canonicalSchema.nullable(),
});
export type Opening = z.infer<typeof openingSchema>;
/** POST /v1/openings/:id/approval: this auditor's approval, on the ledger. POST /v1/openings/:id/share: its share, as a replica's. */
export const sealedShareSchema = z.object({ sealed: canonicalSchema });
/** POST /v1/openings/:id/identity: puts the shares together that were sealed to this auditor. The answer is kept nowhere. */
export const combineSchema = z.strictObject({ shares: z.array(canonicalSchema).max(128) });
export const identitySchema = z.object({ enrolmentId: z.string() });
