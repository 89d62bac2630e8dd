import { type CborValue, decodeCanonical, encodeCanonical } from '@medveil/encoding';
import { type Attestation, decodeAttestation, encodeAttestation, encodeObservationValue, observationValueSchema, type Observation, PART_TYPES, type PartType } from '@medveil/eligibility';
import { z } from 'zod';
import { PatientApiError } from '../errors.js';

export interface StoredPart {
  readonly part: PartType;
  /** the de-identified FHIR bundle of this part: what is encrypted, delivered and digested */
  readonly content: Uint8Array;
  readonly observations: readonly Observation[];
}

/** Everything of a record that its instances are made of. The observations are kept, not made anew: they are what was attested. */
export interface StoredRecord {
  /** derivation index of the record secret, from which the salts come */
  readonly secretIndex: number;
  readonly datePrecision: 'day' | 'year';
  readonly attestation: Attestation;
  /** one for each part type */
  readonly parts: readonly StoredPart[];
}

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const recordSchema = z.strictObject({
  version: z.literal(1),
  secretIndex: z.int().min(0),
  datePrecision: z.enum(['day', 'year']),
  attestation: bytes,
  parts: z.array(z.strictObject({
    part: z.enum(PART_TYPES),
    content: bytes,
    observations: z.array(z.strictObject({ system: z.string(), code: z.string(), timeMs: z.int(), value: observationValueSchema })),
  })).length(PART_TYPES.length),
});

export const encodeRecord = (record: StoredRecord): Uint8Array =>
  encodeCanonical({
    version: 1,
    secretIndex: record.secretIndex,
    datePrecision: record.datePrecision,
    attestation: encodeAttestation(record.attestation),
    parts: record.parts.map(({ part, content, observations }) => ({
      part,
      content,
      observations: observations.map(({ code, timeMs, value: said }): CborValue => ({ system: code.system, code: code.code, timeMs, value: encodeObservationValue(said) })),
    })),
  });

/** @throws PatientApiError `patient-api/record-unreadable` */
export function decodeRecord(encoded: Uint8Array): StoredRecord {
  const parsed = recordSchema.safeParse(decodeCanonical(encoded));
  if (!parsed.success) throw new PatientApiError('patient-api/record-unreadable', 'a stored record does not have its form');
  const { secretIndex, datePrecision, attestation, parts } = parsed.data;
  return {
    secretIndex,
    datePrecision,
    attestation: decodeAttestation(attestation),
    parts: parts.map(({ part, content, observations }) => ({
      part,
      content,
      observations: observations.map(({ system, code, timeMs, value: said }) => ({ part, code: { system, code }, timeMs, value: said })),
    })),
  };
}
