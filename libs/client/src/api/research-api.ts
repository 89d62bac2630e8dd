/** HTTP API of the research institution's agent. */
import { z } from 'zod';
import { amountSchema, hexSchema, timeMsSchema } from '@medveil/encoding';
import { accountIdSchema, claimIdSchema, institutionIdSchema, pageSchema, requirementIdSchema } from './common.js';

/** POST /v1/institutions: makes keys, enrols with the PKG, waits for the consortium's vote to pin them on the ledger. */
export const createInstitutionSchema = z.strictObject({ name: z.string().min(1).max(200) });
export const institutionSchema = z.object({
  institutionId: institutionIdSchema,
  name: z.string(),
  enrolmentId: z.string(),
  account: accountIdSchema,
  /** pinned on the ledger by the consortium's vote */
  pinned: z.boolean(),
  balance: amountSchema,
});
export type Institution = z.infer<typeof institutionSchema>;

/** The licence of libs/agreements, with defaults. */
export const licenceRequestSchema = z.strictObject({
  kind: z.enum(['exclusive', 'non-exclusive']),
  /** GA4GH Data Use Ontology, for example DUO:0000007 */
  purposes: z.array(z.string().regex(/^DUO:\d{7}$/)).min(1).max(16),
  purposeNote: z.string().max(1_000).default(''),
  untilMs: timeMsSchema,
  noOnwardSharing: z.boolean().default(true),
  territory: z.array(z.string().regex(/^[A-Z]{2}$/)).max(64).default([]),
  deleteByMs: timeMsSchema.nullable().default(null),
});

/** POST /v1/institutions/:id/requirements: a study as a person writes it. `policy` is the form documented in docs/eligibility.md. */
export const createRequirementSchema = z.strictObject({
  title: z.string().min(1).max(200),
  keywords: z.array(z.string().min(1).max(60)).max(20),
  policy: z.unknown(),
  parts: z.array(z.string()).min(1).max(10),
  /** what the data is wanted in: a FHIR profile, resource types, or both */
  format: z.strictObject({ profile: z.string().max(256).nullable().default(null), resourceTypes: z.array(z.string()).max(32).default([]) }),
  licence: licenceRequestSchema,
  reward: amountSchema,
  quantity: z.int().min(1).max(1_000_000),
  expiresAtMs: timeMsSchema,
  acceptsSelfAttested: z.boolean().default(false),
});
export type CreateRequirement = z.input<typeof createRequirementSchema>;

export const requirementStatusSchema = z.object({
  requirementId: requirementIdSchema.nullable(),
  jobId: z.string(),
  title: z.string(),
  status: z.enum(['preparing', 'proving', 'submitted', 'open', 'expired', 'closed', 'refused']),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  policyHash: hexSchema(32).nullable(),
  taken: z.int(),
  settled: z.int(),
});
export type RequirementStatus = z.infer<typeof requirementStatusSchema>;

/** GET /v1/institutions/:id/deliveries: what was claimed, delivered, checked, paid. */
export const deliverySchema = z.object({
  claimId: claimIdSchema,
  requirementId: requirementIdSchema,
  record: hexSchema(32),
  status: z.enum(['accepted', 'delivered', 'verified', 'settled', 'failed', 'disputed', 'lapsed', 'withdrawn', 'refunded']),
  /** of the check of what was delivered against what was proved */
  checks: z.array(z.object({ check: z.string(), ok: z.boolean(), detail: z.string() })),
  parts: z.array(z.object({ part: z.string(), bytes: z.int(), sha256: hexSchema(32), observations: z.int() })),
  code: z.string().nullable(),
  updatedAtMs: timeMsSchema,
});
export type Delivery = z.infer<typeof deliverySchema>;
export const deliveriesPageSchema = pageSchema(deliverySchema);
/** GET /v1/institutions/:id/deliveries/:claimId/parts/:part answers application/fhir+json: the decrypted part. */
