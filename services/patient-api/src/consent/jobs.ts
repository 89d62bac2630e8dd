import { defineJob } from '@medveil/database';
import { idSchema } from '@medveil/encoding';
import { z } from 'zod';

const backoffMs = { first: 1_000, longest: 60_000 };

/** Standing rules of all patients against one requirement, once its policy is held. Key: the requirement. */
export const REQUIREMENT_CONSENT = defineJob({
  name: 'consent-requirement', payload: z.strictObject({ requirementId: idSchema('req') }), maxAttempts: 200, backoffMs,
});
/** One patient's standing rules against all open requirements, when a rule or a record is new. Key: the patient and what is new. */
export const PATIENT_CONSENT = defineJob({
  name: 'consent-patient', payload: z.strictObject({ patientId: idSchema('pat') }), maxAttempts: 200, backoffMs,
});
