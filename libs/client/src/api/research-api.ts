/** HTTP API of the research institution's agent. */
import { z } from 'zod';
import { amountSchema, base64UrlSchema, hexSchema, idSchema, timeMsSchema } from '@medveil/encoding';
import { enrolmentIdSchema } from '@medveil/identity';
import { accountIdSchema, claimIdSchema, institutionIdSchema, pageSchema, requirementIdSchema } from './common.js';

/**
 * POST /v1/institutions: 202. Makes keys, enrols with the PKG, waits for the consortium's vote to pin them on the ledger.
 * One institution per enrolment id: the same again answers how it stands; after a refusal, with a new token, it is tried again.
 */
export const createInstitutionSchema = z.strictObject({
  name: z.string().min(1).max(128),
  /** Which the PKG's operator gave out for it (POST /v1/enrolment-tokens, role `institution`). */
  enrolment: z.strictObject({ enrolmentId: enrolmentIdSchema, token: base64UrlSchema(32) }),
});
export type CreateInstitution = z.input<typeof createInstitutionSchema>;
export const institutionSchema = z.object({
  institutionId: institutionIdSchema,
  name: z.string(),
  enrolmentId: z.string(),
  account: accountIdSchema,
  /** `waiting`: enrolled, not yet pinned by the consortium's vote. `refused`: `code` says why. */
  status: z.enum(['enrolling', 'waiting', 'pinned', 'unpinned', 'refused']),
  code: z.string().nullable(),
  /** pinned on the ledger by the consortium's vote */
  pinned: z.boolean(),
  /** proved by the ledger's state; 0 while there is no account */
  balance: amountSchema,
});
export type Institution = z.infer<typeof institutionSchema>;
/** GET /v1/institutions */
export const institutionsPageSchema = pageSchema(institutionSchema);
/** GET of an institution, a requirement or a delivery: `?waitMs=` answers when it changes, or after that time. */
export const waitQuerySchema = z.strictObject({ waitMs: z.coerce.number().int().min(0).max(30_000).default(0) });

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

/**
 * POST /v1/institutions/:id/requirements: 202, a study as a person writes it. `policy` is the form documented in
 * docs/eligibility.md (text or JSON), or a FHIR R4 ResearchStudy, Group or Bundle of both; what is wrong with it is refused at once (422, `details.path`), and so is one that no record can
 * meet. `acceptsSelfAttested` has to say what the policy says.
 */
export const createRequirementSchema = z.strictObject({
  title: z.string().min(1).max(200),
  keywords: z.array(z.string().min(1).max(64)).max(16),
  policy: z.unknown(),
  /** part types in any order */
  parts: z.array(z.string()).min(1).max(10),
  /** what the data is wanted in: a FHIR profile, resource types, or both */
  format: z.strictObject({ profile: z.string().max(256).nullable().default(null), resourceTypes: z.array(z.string()).max(32).default([]) }),
  licence: licenceRequestSchema,
  reward: amountSchema,
  quantity: z.int().min(1).max(1_000_000),
  expiresAtMs: timeMsSchema,
  acceptsSelfAttested: z.boolean().default(false),
  /** a circuit instance by name; default: the smallest for policies of this size whose parts are large enough (a setting) */
  circuit: z.string().max(40).optional(),
});
export type CreateRequirement = z.input<typeof createRequirementSchema>;

export const requirementStatusSchema = z.object({
  requirementId: requirementIdSchema.nullable(),
  jobId: z.string(),
  title: z.string(),
  /** `submitted` until the ledger has it and the contract keeps the policy; then `open`. */
  status: z.enum(['preparing', 'proving', 'submitted', 'open', 'expired', 'closed', 'refused']),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  policyHash: hexSchema(32).nullable(),
  taken: z.int(),
  settled: z.int(),
  createdAtMs: timeMsSchema,
});
export type RequirementStatus = z.infer<typeof requirementStatusSchema>;
/** GET /v1/institutions/:id/requirements */
export const requirementStatusesPageSchema = pageSchema(requirementStatusSchema);

/** GET /v1/institutions/:id/requirements/:jobId/cohort: what a requirement has brought so far, and what it cost. */
export const cohortQuerySchema = z.strictObject({ k: z.coerce.number().int().min(1).max(1_000).default(5) });
export const cohortSchema = z.object({
  requirementId: requirementIdSchema,
  title: z.string(),
  wanted: z.int(),
  /** claims by their present status */
  counts: z.record(z.string(), z.int()),
  /** deliveries recorded, and those that were checked and hold what was proved */
  delivered: z.int(),
  verified: z.int(),
  /** credits: paid to patients, fees to the consortium, held for claims under way, reserved for places that are free */
  spend: z.object({ paid: amountSchema, fees: amountSchema, held: amountSchema, reserved: amountSchema }),
  /** over birth date, sex and place as delivered; null where no demographics were asked for */
  anonymity: z.object({ k: z.int(), people: z.int(), groups: z.int(), smallestGroup: z.int(), peopleBelow: z.int(), warning: z.boolean() }).nullable(),
});
export type Cohort = z.infer<typeof cohortSchema>;

/**
 * GET …/cohort/records.ndjson, …/observations.csv, …/manifest: what was verified up to `asOfMs` (default: now; the manifest says it).
 * NDJSON: one FHIR resource a line, unchanged. The manifest lets somebody else check it: docs/trail.md.
 */
export const exportQuerySchema = z.strictObject({ asOfMs: z.coerce.number().int().min(0).optional() });
export const cohortManifestSchema = z.object({
  version: z.literal(1),
  chainId: z.string(),
  requirementId: requirementIdSchema,
  policyHash: hexSchema(32),
  /** canonical, base64url: hashes to `policyHash` */
  policy: z.string(),
  /** canonical `Terms`, base64url: with chain and institution they hash to `requirementId` */
  terms: z.string(),
  asOfMs: timeMsSchema,
  ndjson: z.object({ lines: z.int(), sha256: hexSchema(32) }),
  claims: z.array(z.object({
    claimId: claimIdSchema,
    /** h, as the receipt of `claim-accepted` proves it */
    record: hexSchema(32),
    /** canonical `ReceiptProof`, base64url */
    receipts: z.array(z.object({ type: z.string(), height: z.int(), proof: z.string() })),
    parts: z.array(z.object({
      part: z.string(),
      /** of the part's bytes, which its lines give again */
      sha256: hexSchema(32),
      firstLine: z.int(),
      lines: z.int(),
      /** canonical `DeliveryOpening`, base64url: what binds the part to h */
      opening: z.string().nullable(),
    })),
  })),
});
export type CohortManifest = z.infer<typeof cohortManifestSchema>;

/**
 * POST /v1/institutions/:id/webhooks: events of the ledger are told to a URL, each with its place and no data. Signed as Standard
 * Webhooks: headers `webhook-id`, `webhook-timestamp` (seconds), `webhook-signature` (`v1,` and the base64 HMAC-SHA256 of
 * `id.timestamp.body` under the secret). The secret is in the answer and never again.
 */
export const webhookEventSchema = z.enum([
  'claim-accepted', 'claim-lapsed', 'claim-withdrawn', 'delivery-recorded', 'settled', 'disputed', 'ruled', 'refunded', 'grant-revoked', 'requirement-released', 'requirement-closed',
]);
export const createWebhookSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  events: z.array(webhookEventSchema).min(1).max(20).refine((events) => new Set(events).size === events.length, { error: 'events must be distinct' }),
});
export const webhookSchema = z.object({
  webhookId: idSchema('whk'),
  url: z.string(),
  events: z.array(z.string()),
  createdAtMs: timeMsSchema,
  lastError: z.string().nullable(),
  deliveredAtMs: timeMsSchema.nullable(),
});
export type Webhook = z.infer<typeof webhookSchema>;
export const newWebhookSchema = webhookSchema.extend({ secret: base64UrlSchema(32) });
export type NewWebhook = z.infer<typeof newWebhookSchema>;
export const webhooksSchema = z.object({ items: z.array(webhookSchema) });

/** GET /v1/institutions/:id/deliveries and …/:claimId: what was claimed, delivered, checked, paid. */
export const deliverySchema = z.object({
  claimId: claimIdSchema,
  requirementId: requirementIdSchema,
  record: hexSchema(32),
  status: z.enum(['accepted', 'delivered', 'verified', 'settled', 'failed', 'disputed', 'lapsed', 'withdrawn', 'refunded']),
  /** of the check of what was delivered against what was proved, in the order they were made */
  checks: z.array(z.object({ check: z.string(), ok: z.boolean(), detail: z.string() })),
  parts: z.array(z.object({ part: z.string(), bytes: z.int(), sha256: hexSchema(32), observations: z.int() })),
  /** why the check failed */
  code: z.string().nullable(),
  /** what the ledger said where a dispute could not be opened */
  disputeCode: z.string().nullable(),
  updatedAtMs: timeMsSchema,
});
export type Delivery = z.infer<typeof deliverySchema>;
export const deliveriesPageSchema = pageSchema(deliverySchema);
/** GET /v1/institutions/:id/deliveries/:claimId/parts/:part answers application/fhir+json: the decrypted part. */
