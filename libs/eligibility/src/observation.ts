import { digest } from '@medveil/encoding';
import { eligibilityError } from './errors.js';
import { bytesToInteger } from './field.js';
import { type PartType } from './parts.js';

/** A code in a code system, for example LOINC 94500-6. `system` is the FHIR URI. */
export interface Coding {
  readonly system: string;
  readonly code: string;
}

/**
 * `quantity`: an integer in the fixed unit of its code, as `canonicalQuantity` gives it (|scaled| < 2^62).
 * `coded`: a value from a code system. `present`: the code itself says all (a diagnosis, a procedure, a birth date).
 */
export type ObservationValue =
  | { readonly kind: 'quantity'; readonly scaled: bigint; readonly unit: string }
  | ({ readonly kind: 'coded' } & Coding)
  | { readonly kind: 'present' };

/**
 * One fact of a de-identified record.
 * `timeMs`: UTC midnight of its day (negative before 1970; a birth date is the time of `BIRTH_DATE`).
 */
export interface Observation {
  readonly part: PartType;
  readonly code: Coding;
  readonly timeMs: number;
  readonly value: ObservationValue;
}

export const DAY_MS = 86_400_000;

/** UTC midnight of the day `timeMs` falls in. */
export const startOfDayMs = (timeMs: number): number => Math.floor(timeMs / DAY_MS) * DAY_MS;

/** Days since 1970-01-01, as in an attestation's T. */
export const dayOf = (timeMs: number): number => Math.floor(timeMs / DAY_MS);

/** Keys are code (128 bits) ‖ day (24 bits) ‖ number within the day (16 bits). */
const NUMBER_BITS = 16n;
export const TIME_BITS = 24n + NUMBER_BITS;
export const KEY_BITS = 128n + TIME_BITS;
export const KEY_BYTES = Number(KEY_BITS / 8n);

/** Sentinels that close the sorted list of keys: no observation has them. */
export const LOW_KEY = 0n;
export const HIGH_KEY = (1n << KEY_BITS) - 1n;

/** Quantities lie in (-2^62, 2^62) and are shifted by 2^62 into the positive. */
export const QUANTITY_LIMIT = 1n << 62n;

/** 128-bit hash of system and code: the first 16 bytes of their digest under `medveil/code/1`. */
export const codeHash = (code: Coding): bigint =>
  bytesToInteger(digest('medveil/code/1', [code.system, code.code]).subarray(0, 16));

/** Days of observations lie within 2^23 of 1970-01-01: 22,967 years. */
export const DAY_LIMIT = 1 << 23;

const firstOfDay = (timeMs: number): bigint => BigInt(dayOf(timeMs) + DAY_LIMIT) << NUMBER_BITS;

/**
 * Key of an observation: days are shifted by 2^23, so that those before 1970 sort first; the number tells observations of
 * one code on one day apart. As many as a part may hold have a number each.
 */
export const observationKey = (code: bigint, timeMs: number, number: number): bigint =>
  (code << TIME_BITS) | (firstOfDay(timeMs) + BigInt(number));

/** Greatest key that an observation of the code on this day can have; the least is that with number 0. */
export const lastKeyOfDay = (code: bigint, timeMs: number): bigint => observationKey(code, timeMs, (1 << Number(NUMBER_BITS)) - 1);

/** Values have 126 bits: 2^125 and a hash for a coded one, below 2^125 for a quantity, so that neither passes for the other. */
const VALUE_KIND = 1n << 125n;

/** The hash that stands for a coded value: 125 bits of its digest under `medveil/coded-value/1`, above 2^125. */
export const codedValue = (value: Coding): bigint =>
  VALUE_KIND | (bytesToInteger(digest('medveil/coded-value/1', [value.system, value.code]).subarray(0, 16)) >> 3n);

/** The integer that stands for a value: see `quantityElement`, the hash of a coded value, or 0 for `present`. */
export function encodeValue(value: ObservationValue): bigint {
  if (value.kind === 'quantity') return quantityElement(value.scaled, value.unit);
  return value.kind === 'coded' ? codedValue(value) : 0n;
}

/**
 * (61-bit hash of the unit ‖ scaled + 2^62 in 64 bits), so that a range in one unit never matches a number in another:
 * two bounds of one unit lie within 2^63 of each other, and of nothing else.
 * @throws CodedError `eligibility/quantity-out-of-range`
 */
export function quantityElement(scaled: bigint, unit: string): bigint {
  if (scaled <= -QUANTITY_LIMIT || scaled >= QUANTITY_LIMIT) {
    throw eligibilityError('eligibility/quantity-out-of-range', 'a quantity is an integer below 2^62 in size');
  }
  return (unitHash(unit) << 64n) | (scaled + QUANTITY_LIMIT);
}

const unitHash = (unit: string): bigint => bytesToInteger(digest('medveil/unit/1', unit).subarray(0, 8)) >> 3n;
