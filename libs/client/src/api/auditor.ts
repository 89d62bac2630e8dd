/** HTTP API of an auditor's agent: disputes, what it found, and the word that lets it vote. */
import { z } from 'zod';
import { accountIdSchema, claimIdSchema, pageSchema, requirementIdSchema, timeMsSchema } from './common.js';

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
