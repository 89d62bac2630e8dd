import type { CborValue } from '@medveil/encoding';
import { z } from 'zod';
import { type ObservationValue, QUANTITY_LIMIT } from './observation.js';

const BYTES = 8;

/**
 * A scaled quantity in canonical documents, whose integers end at 2^53: eight bytes, big-endian, counted from -2^62 as in the circuit.
 * @param scaled less than 2^62 in size
 */
export function encodeScaled(scaled: bigint): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  new DataView(bytes.buffer).setBigUint64(0, scaled + QUANTITY_LIMIT);
  return bytes;
}

/** Reads what `encodeScaled` has written. */
export const scaledSchema = z
  .instanceof(Uint8Array)
  .refine(({ length }) => length === BYTES, { error: `must be ${BYTES} bytes`, abort: true })
  .transform((bytes) => new DataView(bytes.buffer, bytes.byteOffset, BYTES).getBigUint64(0) - QUANTITY_LIMIT)
  .refine((scaled) => scaled > -QUANTITY_LIMIT && scaled < QUANTITY_LIMIT, { error: 'must be below 2^62 in size' });

const text = z.string().min(1).max(200);

/** What an observation says, in canonical documents. */
export const observationValueSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('quantity'), scaled: scaledSchema, unit: z.string().min(1).max(64) }),
  z.strictObject({ kind: z.literal('coded'), system: text, code: text }),
  z.strictObject({ kind: z.literal('present') }),
]);

/** As `observationValueSchema` reads it. */
export function encodeObservationValue(value: ObservationValue): CborValue {
  if (value.kind === 'quantity') return { kind: value.kind, scaled: encodeScaled(value.scaled), unit: value.unit };
  return value.kind === 'coded' ? { kind: value.kind, system: value.system, code: value.code } : { kind: value.kind };
}
