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

export const licenceSchema = z.strictObject({
  kind: z.enum(['exclusive', 'non-exclusive']),
  /** GA4GH Data Use Ontology codes */
  purposes: z.array(z.string().max(40)).min(1).max(10),
  purposeText: z.string().max(500).default(''),
  untilMs: timeMsSchema,
  territory: z.string().max(100).default('worldwide'),
  onwardSharing: z.literal(false).default(false),
});

/** POST /v1/institutions/:id/requirements: a study as a person writes it. `policy` is the form documented in docs/eligibility.md. */
export const createRequirementSchema = z.strictObject({
  title: z.string().min(1).max(200),
  keywords: z.array(z.string().min(1).max(60)).max(20),
  policy: z.unknown(),
  parts: z.array(z.string()).min(1).max(10),
  format: z.string().min(1).max(300),
  licence: licenceSchema,
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
  status: z.enum(['preparing', 'proving', 'submitted', 'open', 'filled', 'expired', 'closed', 'refused']),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  policyHash: hexSchema(32).nullable(),
  accepted: z.int(),
  settled: z.int(),
});
export type RequirementStatus = z.infer<typeof requirementStatusSchema>;

/** GET /v1/institutions/:id/deliveries: what was claimed, delivered, checked, paid. */
export const deliverySchema = z.object({
  claimId: claimIdSchema,
  requirementId: requirementIdSchema,
  record: hexSchema(32),
  status: z.enum(['accepted', 'delivered', 'verified', 'settled', 'failed', 'disputed', 'lapsed', 'ruled']),
  /** of the check of what was delivered against what was proved */
  checks: z.array(z.object({ check: z.string(), ok: z.boolean(), detail: z.string() })),
  parts: z.array(z.object({ part: z.string(), bytes: z.int(), sha256: hexSchema(32), observations: z.int() })),
  code: z.string().nullable(),
  updatedAtMs: timeMsSchema,
});
export type Delivery = z.infer<typeof deliverySchema>;
export const deliveriesPageSchema = pageSchema(deliverySchema);
/** GET /v1/institutions/:id/deliveries/:claimId/parts/:part answers application/fhir+json: the decrypted part. */
