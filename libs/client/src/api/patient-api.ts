/** HTTP API of the patient's (or hospital's) agent, inside their own trust domain. Keys and plaintext never leave it. */
import { z } from 'zod';
import { amountSchema, hexSchema, idSchema, timeMsSchema } from '@medveil/encoding';
import { claimIdSchema, exchangeIdSchema, pageSchema, patientIdSchema, requirementIdSchema } from './common.js';

export const localRecordIdSchema = idSchema('rec');

/** POST /v1/patients: makes a seed, enrols it with the PKG and draws a first batch of T-Certs. */
export const createPatientSchema = z.strictObject({ label: z.string().min(1).max(100) });
export const patientSchema = z.object({
  patientId: patientIdSchema,
  label: z.string(),
  enrolmentId: z.string(),
  unusedPseudonyms: z.int(),
  createdAtMs: timeMsSchema,
});
export type Patient = z.infer<typeof patientSchema>;
export const patientsPageSchema = pageSchema(patientSchema);

/** POST /v1/patients/:id/records: a FHIR R4 bundle (application/fhir+json or application/json). */
export const importedRecordSchema = z.object({
  recordId: localRecordIdSchema,
  ruleSet: z.string(),
  observations: z.int(),
  understood: z.int(),
  notUnderstood: z.array(z.object({ system: z.string(), code: z.string(), reason: z.string(), count: z.int() })),
  removed: z.array(z.object({ path: z.string(), count: z.int() })),
  parts: z.array(z.object({ part: z.string(), resources: z.int(), bytes: z.int(), observations: z.int() })),
});
export type ImportedRecord = z.infer<typeof importedRecordSchema>;

/** GET /v1/patients/:id/matches: every open requirement, evaluated here; nothing about it leaves the agent. */
export const matchSchema = z.object({
  requirementId: requirementIdSchema,
  title: z.string(),
  recordId: localRecordIdSchema,
  matches: z.boolean(),
  reward: amountSchema,
  parts: z.array(z.string()),
  licence: z.string(),
  /** clause by clause, for the patient's eyes */
  clauses: z.array(z.object({ group: z.int(), clause: z.string(), matched: z.boolean(), reason: z.string() })),
});
export type Match = z.infer<typeof matchSchema>;
export const matchesSchema = z.object({ items: z.array(matchSchema) });

/**
 * POST /v1/patients/:id/exchanges: consent to one exchange. The agent refuses what it knows the ledger will refuse
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
  startedAtMs: timeMsSchema,
  updatedAtMs: timeMsSchema,
  /** when each phase was reached */
  phases: z.record(z.string(), timeMsSchema),
});
export type Exchange = z.infer<typeof exchangeSchema>;
export const exchangesPageSchema = pageSchema(exchangeSchema);

/** GET /v1/patients/:id/earnings: the sum over the patient's pseudonyms, read from the ledger with proofs. */
export const earningsSchema = z.object({ patientId: patientIdSchema, credits: amountSchema });
