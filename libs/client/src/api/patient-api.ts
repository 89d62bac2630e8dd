/** HTTP API of the patient's (or hospital's) agent, inside their own trust domain. Keys and plaintext never leave it. */
import { z } from 'zod';
import { amountSchema, hexSchema, idSchema, timeMsSchema } from '@medveil/encoding';
import { accountIdSchema, claimIdSchema, exchangeIdSchema, pageSchema, patientIdSchema, requirementIdSchema } from './common.js';

export * from './patient-consent.js';
export * from './patient-trail.js';
export * from './patient-vouchers.js';

export const localRecordIdSchema = idSchema('rec');

/** POST /v1/patients: makes a seed, enrols it with the PKG and draws a first batch of T-Certs. */
export const createPatientSchema = z.strictObject({ label: z.string().min(1).max(100) });
export const patientSchema = z.object({
  patientId: patientIdSchema,
  label: z.string(),
  enrolmentId: z.string(),
  unusedPseudonyms: z.int(),
  /** the patient's trail is being recovered from the ledger: no exchange begins until then */
  isRestoring: z.boolean(),
  createdAtMs: timeMsSchema,
});
export type Patient = z.infer<typeof patientSchema>;
export const patientsPageSchema = pageSchema(patientSchema);

/**
 * POST /v1/patients/:id/records (application/fhir+json): a FHIR R4 bundle of one patient. The answer says what became of it, in
 * counts: what was removed or changed by the rule set, which resources are not shared, which codes were not understood.
 */
export const importedRecordSchema = z.object({
  recordId: localRecordIdSchema,
  ruleSet: z.string(),
  observations: z.int(),
  understood: z.int(),
  notUnderstood: z.array(z.object({ system: z.string(), code: z.string(), reason: z.string(), count: z.int() })),
  removed: z.array(z.object({ path: z.string(), count: z.int() })),
  changed: z.array(z.object({ path: z.string(), change: z.string(), count: z.int() })),
  notShared: z.array(z.object({ resourceType: z.string(), reason: z.string(), count: z.int() })),
  parts: z.array(z.object({ part: z.string(), resources: z.int(), bytes: z.int(), observations: z.int() })),
  /** how many of the agent's patients look the same by what the rule set keeps of birth date, sex and place; a warning below k */
  anonymity: z.object({ k: z.int(), alike: z.int(), warning: z.boolean() }),
});
export type ImportedRecord = z.infer<typeof importedRecordSchema>;

/** GET /v1/population/anonymity?k=: all patients of the agent, each by the newest record. */
export const anonymityQuerySchema = z.strictObject({ k: z.coerce.number().int().min(1).max(1_000).default(5) });
export const anonymitySchema = z.object({
  k: z.int(),
  people: z.int(),
  groups: z.int(),
  /** the population is so-many-anonymous */
  smallestGroup: z.int(),
  /** people in groups smaller than k */
  peopleBelow: z.int(),
  warning: z.boolean(),
});

/** GET /v1/population/screening/:requirementId: a policy on every record of the agent, without proofs; nothing leaves it. */
export const screeningSchema = z.object({
  requirementId: requirementIdSchema,
  records: z.int(),
  matchingRecords: z.int(),
  matchingPatients: z.int(),
  /** the first thousand of them, by the age of their record */
  patients: z.array(patientIdSchema),
});

/**
 * POST /v1/imports (application/fhir+ndjson): one FHIR bundle of one patient a line. The answer is NDJSON, one report a line as it
 * is done; after `stopped` the same file is sent again. A refused line names its code; nothing of it is kept.
 */
export const bulkLineSchema = z.object({
  line: z.int(),
  status: z.enum(['imported', 'known', 'refused', 'stopped']),
  patientId: patientIdSchema.nullable(),
  recordId: localRecordIdSchema.nullable(),
  code: z.string().nullable(),
});
export type BulkLine = z.infer<typeof bulkLineSchema>;

/** What the agent knows to stand against an exchange; `code` is that of the ledger's refusal. */
export const conflictSchema = z.object({ code: z.string(), reason: z.string(), exchangeId: exchangeIdSchema });
export type Conflict = z.infer<typeof conflictSchema>;

/**
 * GET /v1/patients/:id/matches: every open requirement whose policy is held, against every record, evaluated here; nothing
 * about it leaves the agent.
 */
export const matchSchema = z.object({
  requirementId: requirementIdSchema,
  title: z.string(),
  recordId: localRecordIdSchema,
  matches: z.boolean(),
  reward: amountSchema,
  institution: accountIdSchema,
  parts: z.array(z.string()),
  licence: z.string(),
  expiresAtMs: timeMsSchema,
  /** of the attestation: accepted, too-old, self-attested-not-accepted */
  attestation: z.string(),
  conflicts: z.array(conflictSchema),
  /** clause by clause, for the patient's eyes */
  clauses: z.array(z.object({ group: z.int(), clause: z.string(), matched: z.boolean(), reason: z.string() })),
});
export type Match = z.infer<typeof matchSchema>;
export const matchesSchema = z.object({ items: z.array(matchSchema) });

/**
 * POST /v1/patients/:id/exchanges: consent to one exchange. 422 `patient-api/does-not-match` where the record does not match:
 * nothing has left the agent then. 409 `patient-api/conflict`: the agent refuses what it knows the ledger will refuse
 * (claimed already, an exclusive licence in force) unless `acknowledgeConflicts` is set; then the ledger decides.
 */
export const startExchangeSchema = z.strictObject({
  requirementId: requirementIdSchema,
  recordId: localRecordIdSchema,
  acknowledgeConflicts: z.boolean().default(false),
});
export const exchangePhaseSchema = z.enum([
  'prepared', 'uploaded', 'registered', 'proved', 'claimed', 'granted', 'delivered', 'settled', 'rejected', 'lapsed', 'withdrawn', 'disputed', 'refunded', 'failed',
]);
export type ExchangePhase = z.infer<typeof exchangePhaseSchema>;
export const exchangeSchema = z.object({
  exchangeId: exchangeIdSchema,
  patientId: patientIdSchema,
  requirementId: requirementIdSchema,
  phase: exchangePhaseSchema,
  /** where the phase is `rejected` or `failed`: the code of the refusal */
  code: z.string().nullable(),
  reason: z.string().nullable(),
  nextStep: z.string().nullable(),
  record: hexSchema(32).nullable(),
  claimId: claimIdSchema.nullable(),
  reward: amountSchema,
  /** credits that were paid to the pseudonym, once settled */
  paid: amountSchema.nullable(),
  /** when the grant was withdrawn on the ledger; what the institution has read it can keep */
  revokedAtMs: timeMsSchema.nullable(),
  startedAtMs: timeMsSchema,
  updatedAtMs: timeMsSchema,
  /** when each phase was reached */
  phases: z.record(z.string(), timeMsSchema),
});
export type Exchange = z.infer<typeof exchangeSchema>;
export const exchangesPageSchema = pageSchema(exchangeSchema);

/**
 * POST /v1/exchanges/:id/revocation. After the delivery and before it is settled, a withdrawal puts the reward at risk: an institution that
 * disputes then gets it back (docs/contract.md). `once-settled`, of what was delivered only: when it is paid, which takes until the institution's time is over at
 * the longest, or the dispute's. A later `now` goes before it.
 */
export const revocationWhenSchema = z.enum(['now', 'once-settled']);
export type RevocationWhen = z.infer<typeof revocationWhenSchema>;
export const revokeExchangeSchema = z.strictObject({ when: revocationWhenSchema.default('now') }).prefault({});

/**
 * GET /v1/exchanges/:id?waitMs=: answers when the exchange has changed after `sinceMs` (default: its present state, so that a
 * wait is one for news), when it is over, or when the wait is.
 */
export const exchangeQuerySchema = z.strictObject({
  waitMs: z.coerce.number().int().min(0).max(30_000).default(0),
  sinceMs: z.coerce.number().int().min(0).optional(),
});

/** GET /v1/patients/:id/earnings: the sum over the patient's pseudonyms, read from the ledger with proofs. */
export const earningsSchema = z.object({ patientId: patientIdSchema, credits: amountSchema });
