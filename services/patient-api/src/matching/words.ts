import type { Licence } from '@medveil/agreements';
import { BIRTH_DATE, type ClauseReason, codeEntry, type Coding, type CompiledClause, type ValueTest } from '@medveil/eligibility';

/** Digits that quantities keep whose code is not in the table (docs/eligibility.md). */
const FALLBACK_DIGITS = 6;
/** Windows as wide as this are none. */
const UNBOUNDED_FROM_MS = Date.UTC(1801, 0, 1);
const UNBOUNDED_TO_MS = Date.UTC(2299, 0, 1);

/** A clause as a person reads it; it says what a study asks for, nothing of the record. */
export function describeClause(clause: CompiledClause): string {
  if (clause.code.system === BIRTH_DATE.system && clause.code.code === BIRTH_DATE.code) return `born${windowOf(clause)}`;
  const what = `${nameOf(clause.code)}${valueOf(clause.code, clause.value)}${windowOf(clause)}`;
  switch (clause.kind) {
    case 'absent':
      return `no ${what}`;
    case 'latest':
      return `latest ${what}`;
    case 'present':
      return clause.times > 1 ? `at least ${clause.times} times ${what}` : what;
    default:
      return clause.kind satisfies never;
  }
}

function nameOf(code: Coding): string {
  const entry = codeEntry(code);
  return entry === undefined ? `${code.code} (${code.system})` : `${entry.name} (LOINC ${code.code})`;
}

function valueOf(code: Coding, value: ValueTest): string {
  switch (value.kind) {
    case 'any':
      return '';
    case 'set':
      return ` being ${value.values.map((one) => one.code).join(' or ')}`;
    case 'range': {
      const entry = codeEntry(code);
      const digits = entry?.unit === undefined ? FALLBACK_DIGITS : entry.digits;
      const limit = (1n << 62n) - 1n;
      const least = value.min <= -limit ? null : decimal(value.min, digits);
      const most = value.max >= limit ? null : decimal(value.max, digits);
      const unit = value.unit === '1' ? '' : ` ${value.unit}`;
      if (least === null) return ` at most ${most ?? ''}${unit}`;
      return most === null ? ` at least ${least}${unit}` : ` between ${least} and ${most}${unit}`;
    }
    default:
      return value satisfies never;
  }
}

function decimal(scaled: bigint, digits: number): string {
  const size = (scaled < 0n ? -scaled : scaled).toString().padStart(digits + 1, '0');
  const fraction = digits === 0 ? '' : size.slice(-digits).replace(/0+$/, '');
  return `${scaled < 0n ? '-' : ''}${digits === 0 ? size : size.slice(0, -digits)}${fraction === '' ? '' : `.${fraction}`}`;
}

const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

const windowOf = ({ fromMs, toMs }: CompiledClause): string =>
  `${fromMs < UNBOUNDED_FROM_MS ? '' : ` from ${dayOf(fromMs)}`}${toMs > UNBOUNDED_TO_MS ? '' : ` to ${dayOf(toMs)}`}`;

const REASONS: Readonly<Record<ClauseReason, string>> = {
  matched: 'the record shows it',
  'code-not-in-record': 'the record holds nothing of the kind',
  'none-in-window': 'nothing of the kind in this time',
  'value-does-not-match': 'the value is another',
  'too-few': 'not often enough',
  'present-in-window': 'the record shows it, and it must not',
  'not-provable-when-self-attested': 'cannot be proved on a record without a hospital’s attestation',
  'window-finer-than-dates': 'the record’s dates were cut and are too coarse for this window',
};
export const describeReason = (reason: ClauseReason): string => REASONS[reason];

export function describeLicence(licence: Licence): string {
  const where = licence.territory.length === 0 ? 'anywhere' : `in ${licence.territory.join(', ')}`;
  const parts = [
    `${licence.kind}, for ${licence.purposes.join(', ')}`,
    `until ${dayOf(licence.untilMs)}`,
    where,
    licence.noOnwardSharing ? 'no onward sharing' : 'onward sharing allowed',
    ...(licence.deleteByMs === null ? [] : [`to be deleted by ${dayOf(licence.deleteByMs)}`]),
    'if the institution disputes the delivery, auditors may see the disputed part',
  ];
  return parts.join('; ');
}
