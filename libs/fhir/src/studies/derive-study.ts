/** A study made for the patients at hand: at least one meets it and at least one does not. */
import { CODE_TABLE, type Coding, type Observation, type PartType, codeEntry, partOfCode } from '@medveil/eligibility';
import { FhirError } from '../errors.js';
import type { Study } from './study.js';

export interface DerivedStudy {
  readonly study: Study;
  /** Indices into the given records, each once, in one list or the other. */
  readonly meets: readonly number[];
  readonly doesNotMeet: readonly number[];
  /** For the person at the keyboard, in whose domain the records are: it tells what was found in them. */
  readonly explanation: string;
}

/** A split of the patients by one clause. */
interface Split {
  readonly clause: object;
  readonly code: Coding;
  readonly part: PartType;
  readonly meets: readonly number[];
  /** Records that hold the code at all: the more, the more a study of it says. */
  readonly holders: number;
  readonly explanation: string;
}

/** Measured values make the better studies; demographics are not worth handing over for their own sake. */
const QUANTITY_PARTS: ReadonlySet<PartType> = new Set(['laboratory', 'vital-signs']);
const PRESENCE_PARTS: ReadonlySet<PartType> = new Set([
  'conditions', 'medications', 'procedures', 'immunizations', 'allergies', 'social-history', 'laboratory', 'vital-signs', 'other',
]);

/**
 * Looks for one clause that parts the records: a threshold on a measurement that most of them hold, else a code that
 * some hold and some do not. No window: it works on records of any age and date precision.
 * @throws FhirError `fhir/no-separating-study` for fewer than two records, or records that say the same
 */
export function deriveStudy(records: readonly { readonly observations: readonly Observation[] }[]): DerivedStudy {
  const best = bestOf(records.length, thresholds(records)) ?? bestOf(records.length, presences(records));
  if (best === undefined) {
    throw new FhirError('fhir/no-separating-study', 'no code or threshold tells the given records apart', {
      records: records.length,
    });
  }
  const doesNotMeet = records.map((_, index) => index).filter((index) => !best.meets.includes(index));
  return { study: studyOf(best), meets: best.meets, doesNotMeet, explanation: best.explanation };
}

/**
 * The clause that most records hold, then the most even split, then the code that the table lists first (its order
 * is from the familiar to the special), then the first by code: the same for the same records.
 */
function bestOf(records: number, splits: readonly Split[]): Split | undefined {
  const unevenness = ({ meets }: Split) => Math.abs(2 * meets.length - records);
  return splits
    .filter(({ meets }) => meets.length > 0 && meets.length < records)
    .toSorted((a, b) =>
      b.holders - a.holders || unevenness(a) - unevenness(b) || rank(a) - rank(b) || (a.code.code < b.code.code ? -1 : 1))[0];
}

const RANKS: ReadonlyMap<string, number> = new Map(CODE_TABLE.map(({ loinc }, index) => [loinc, index]));
const rank = ({ code }: Split): number => RANKS.get(code.code) ?? CODE_TABLE.length;

/** Each record's greatest value of each code of the table, and the middle of the widest-balanced gap between them. */
function thresholds(records: readonly { readonly observations: readonly Observation[] }[]): Split[] {
  const greatest = new Map<string, { code: Coding; part: PartType; unit: string; values: Map<number, bigint> }>();
  for (const [index, { observations }] of records.entries()) {
    for (const { code, part, value } of observations) {
      if (value.kind !== 'quantity' || !QUANTITY_PARTS.has(part) || partOfCode(code) !== part) continue;
      const entry = greatest.get(code.code) ?? { code, part, unit: value.unit, values: new Map<number, bigint>() };
      const known = entry.values.get(index);
      if (known === undefined || value.scaled > known) entry.values.set(index, value.scaled);
      greatest.set(code.code, entry);
    }
  }
  return [...greatest.values()].flatMap(({ code, part, unit, values }) => {
    const bound = balancedBound([...values.values()], records.length);
    if (bound === undefined) return [];
    const meets = [...values].filter(([, scaled]) => scaled >= bound).map(([index]) => index).toSorted((a, b) => a - b);
    const atLeast = decimalText(bound, codeEntry(code)?.digits ?? 0);
    return [{
      clause: { has: { code, value: { atLeast, unit } } },
      code, part, meets, holders: values.size,
      explanation: `${codeEntry(code)?.name ?? code.code} (LOINC ${code.code}) was at least ${atLeast} ${unit} at some time`,
    }];
  });
}

/** A bound between two neighbouring values, such that about half of the records lie above it. */
function balancedBound(values: readonly bigint[], records: number): bigint | undefined {
  const distinct = [...new Set(values)].toSorted((a, b) => (a < b ? -1 : 1));
  const bounds = distinct.slice(1).map((value, i) => (value + (distinct[i] ?? value) + 1n) / 2n);
  const distance = (bound: bigint) => Math.abs(2 * values.filter((value) => value >= bound).length - records);
  return bounds.toSorted((a, b) => distance(a) - distance(b))[0];
}

/** Codes that some records hold and some do not, whatever the value. */
function presences(records: readonly { readonly observations: readonly Observation[] }[]): Split[] {
  const holders = new Map<string, { code: Coding; part: PartType; records: Set<number> }>();
  for (const [index, { observations }] of records.entries()) {
    for (const { code, part } of observations) {
      if (!PRESENCE_PARTS.has(part) || (partOfCode(code) ?? part) !== part) continue;
      const key = `${part} ${code.system} ${code.code}`;
      const entry = holders.get(key) ?? { code, part, records: new Set<number>() };
      entry.records.add(index);
      holders.set(key, entry);
    }
  }
  return [...holders.values()].map(({ code, part, records: held }) => ({
    clause: { has: { code, part } },
    code, part, meets: [...held].toSorted((a, b) => a - b), holders: held.size,
    explanation: `${part}: the record holds the code ${code.code} of ${code.system}`,
  }));
}

const studyOf = ({ clause, part, code }: Split): Study => ({
  id: `derived-${part}-${code.code}`,
  title: `Derived from the records given: ${part}, code ${code.code}`,
  keywords: ['derived', part],
  policy: { version: 1, all: [clause as Study['policy']['all'][number]] },
  parts: [part],
  format: { profile: null, resourceTypes: [] },
  licence: { kind: 'non-exclusive', purposes: ['DUO:0000042'], purposeNote: 'Made to show one record that meets it and one that does not' },
});

/** An integer with its last `digits` behind the point, as a policy writes a decimal. */
function decimalText(scaled: bigint, digits: number): string {
  const sign = scaled < 0n ? '-' : '';
  const text = (scaled < 0n ? -scaled : scaled).toString().padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  const fraction = text.slice(text.length - digits).replace(/0+$/, '');
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}
