import { eligibilityError } from './errors.js';
import { type Coding, type ObservationValue, QUANTITY_LIMIT } from './observation.js';
import { type PartType } from './parts.js';
import { CODE_TABLE, FALLBACK_UNITS, type CodeEntry } from './code-table.js';
import { assertUnit, convertUnit, parseDecimal, scaleDecimal } from './units.js';

export const LOINC = 'http://loinc.org';
export const SNOMED = 'http://snomed.info/sct';
export const ICD10_CM = 'http://hl7.org/fhir/sid/icd-10-cm';
export const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
export const CVX = 'http://hl7.org/fhir/sid/cvx';
export const ADMINISTRATIVE_GENDER = 'http://hl7.org/fhir/administrative-gender';

/** The birth date: an observation of kind `present` in demographics whose *time* is the day of birth. Ages derive from it. */
export const BIRTH_DATE: Coding = { system: LOINC, code: '21112-8' };
/** Administrative gender: a coded value of `ADMINISTRATIVE_GENDER` in demographics, its time the day of birth. */
export const GENDER: Coding = { system: LOINC, code: '46098-0' };

/** Digits after the point that are kept for a quantity whose code is not in the table. */
export const FALLBACK_SCALE_DIGITS = 6;

const byCode = new Map(CODE_TABLE.map((entry) => [entry.loinc, entry]));

/** What the table fixes for a code: its part, and for quantities the UCUM unit and the digits kept; undefined if not listed. */
export const codeEntry = (code: Coding): CodeEntry | undefined => (code.system === LOINC ? byCode.get(code.code) : undefined);

/** The part that a LOINC code of the table belongs to. */
export const partOfCode = (code: Coding): PartType | undefined => codeEntry(code)?.part;

/**
 * The one way from a measured quantity to the integer of an observation; records and policies both go through it.
 *
 * A code of the table has its fixed UCUM unit and decimal digits there (4548-4: %, 2 digits, so 6.5 % is 650).
 * Any other code takes the first unit of `FALLBACK_UNITS` that the given one converts to, with six digits
 * (for example mg/dL becomes mg/L). The unit is hashed into the leaf beside the number, so that numbers in
 * different units never compare. Rounding is half away from zero, arithmetic exact.
 *
 * @param value a FHIR decimal; a string keeps every digit
 * @param unit a UCUM code
 * @throws CodedError `eligibility/unknown-unit`, `eligibility/incommensurable-unit`, `eligibility/quantity-out-of-range`
 */
export function toQuantity(code: Coding, value: number | string, unit: string): ObservationValue & { kind: 'quantity' } {
  const entry = codeEntry(code);
  const digits = entry?.unit === undefined ? FALLBACK_SCALE_DIGITS : entry.digits;
  const canonical = canonicalUnit(code, unit);
  const converted = convertUnit(parseDecimal(value), unit, canonical, entry?.molarMass);
  if (converted === undefined) throw incommensurable(code, unit, canonical);
  const scaled = scaleDecimal(converted, digits);
  if (scaled <= -QUANTITY_LIMIT || scaled >= QUANTITY_LIMIT) {
    throw eligibilityError('eligibility/quantity-out-of-range', 'the quantity is too large for its unit', { code: code.code, unit: canonical });
  }
  return { kind: 'quantity', scaled, unit: canonical };
}

/** The integer of `toQuantity`. */
export const canonicalQuantity = (code: Coding, value: number | string, unit: string): bigint => toQuantity(code, value, unit).scaled;

/** The unit of `toQuantity`. */
export function canonicalUnit(code: Coding, unit: string): string {
  const fixed = codeEntry(code)?.unit;
  if (fixed !== undefined) return fixed;
  assertUnit(unit);
  const found = FALLBACK_UNITS.find((candidate) => candidate === unit || convertUnit({ numerator: 1n, decimals: 0 }, unit, candidate) !== undefined);
  if (found === undefined) throw incommensurable(code, unit, null);
  return found;
}

const incommensurable = (code: Coding, unit: string, canonical: string | null) =>
  eligibilityError('eligibility/incommensurable-unit', 'the unit does not convert to the one fixed for the code', {
    code: code.code,
    unit,
    canonical,
  });
