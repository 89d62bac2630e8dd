import ucum from '@lhncbc/ucum-lhc';
import { eligibilityError } from './errors.js';

/** An exact number: numerator / 10^decimals. */
export interface Decimal {
  readonly numerator: bigint;
  readonly decimals: number;
}

const MAX_DIGITS = 40;
const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,2}))?$/;

/**
 * Reads a decimal as it was written (FHIR decimals carry their precision): no binary floating point in between.
 * @throws CodedError `eligibility/quantity-out-of-range`
 */
export function parseDecimal(value: number | string): Decimal {
  const match = DECIMAL.exec(String(value));
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (match === null || whole.length + fraction.length > MAX_DIGITS) {
    throw eligibilityError('eligibility/quantity-out-of-range', `not a decimal of at most ${MAX_DIGITS} digits`);
  }
  const digits = BigInt(whole + fraction) * (match[1] === '-' ? -1n : 1n);
  const decimals = fraction.length - Number(match[4] ?? 0);
  return decimals >= 0 ? { numerator: digits, decimals } : { numerator: digits * 10n ** BigInt(-decimals), decimals: 0 };
}

/** value · 10^scaleDigits, rounded half away from zero. */
export function scaleDecimal(value: Decimal, scaleDigits: number): bigint {
  const shift = scaleDigits - value.decimals;
  return shift >= 0 ? value.numerator * 10n ** BigInt(shift) : roundedQuotient(value.numerator, 10n ** BigInt(-shift));
}

function roundedQuotient(numerator: bigint, divisor: bigint): bigint {
  const size = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * size + divisor) / (2n * divisor);
  return numerator < 0n ? -rounded : rounded;
}

/** `converted = value · factor + offset`, both kept to 13 significant digits, beyond which UCUM's doubles are noise. */
interface Conversion {
  readonly factor: Decimal;
  readonly offset: Decimal;
}

const conversions = new Map<string, Conversion | undefined>();
const MAX_CACHED_CONVERSIONS = 10_000;

/**
 * Converts a decimal from one UCUM unit to another.
 * @param molarMass grams per mole, which takes mass to amount of substance
 * @returns undefined where the units do not measure the same thing
 * @throws CodedError `eligibility/unknown-unit` where `from` is no UCUM unit
 */
export function convertUnit(value: Decimal, from: string, to: string, molarMass?: number): Decimal | undefined {
  if (from === to) return value;
  const conversion = conversionBetween(from, to, molarMass);
  if (conversion === undefined) return undefined;
  const product = { numerator: value.numerator * conversion.factor.numerator, decimals: value.decimals + conversion.factor.decimals };
  return addDecimals(product, conversion.offset);
}

function conversionBetween(from: string, to: string, molarMass?: number): Conversion | undefined {
  const key = JSON.stringify([from, to, molarMass ?? null]);
  if (conversions.has(key)) return conversions.get(key);
  const atZero = convertNumber(0, from, to, molarMass);
  const atOne = convertNumber(1, from, to, molarMass);
  const conversion =
    atZero === undefined || atOne === undefined
      ? undefined
      : { factor: parseDecimal((atOne - atZero).toPrecision(13)), offset: parseDecimal(atZero.toPrecision(13)) };
  if (conversions.size < MAX_CACHED_CONVERSIONS) conversions.set(key, conversion);
  return conversion;
}

function convertNumber(value: number, from: string, to: string, molarMass?: number): number | undefined {
  assertUnit(from);
  const result = ucum.UcumLhcUtils.getInstance().convertUnitTo(from, value, to, molarMass === undefined ? {} : { molecularWeight: molarMass });
  return result.status === 'succeeded' && result.toVal !== null ? result.toVal : undefined;
}

const MAX_UNIT_LENGTH = 64;
const knownUnits = new Map<string, boolean>();

/** @throws CodedError `eligibility/unknown-unit` where the text is no valid UCUM expression; no guessing of what was meant */
export function assertUnit(unit: string): void {
  let known = knownUnits.get(unit);
  if (known === undefined) {
    known = unit.length <= MAX_UNIT_LENGTH && ucum.UcumLhcUtils.getInstance().validateUnitString(unit, false).status === 'valid';
    if (knownUnits.size < MAX_CACHED_CONVERSIONS) knownUnits.set(unit, known);
  }
  if (!known) {
    throw eligibilityError('eligibility/unknown-unit', 'not a UCUM unit', { unit: unit.slice(0, MAX_UNIT_LENGTH) });
  }
}

function addDecimals(a: Decimal, b: Decimal): Decimal {
  const decimals = Math.max(a.decimals, b.decimals);
  const lift = (x: Decimal) => x.numerator * 10n ** BigInt(decimals - x.decimals);
  return { numerator: lift(a) + lift(b), decimals };
}
