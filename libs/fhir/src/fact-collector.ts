import {
  type Coding, type Observation, type ObservationValue, type PartType, toQuantity,
} from '@medveil/eligibility';
import { isCodedError } from '@medveil/encoding';
import type { CodeableConcept, Quantity } from './resources.js';
import { Tally } from './tally.js';
import { isShareableCode } from './terminology.js';

/** Why something in a part gave no observation. */
export type NotUnderstoodReason =
  /** no code of a known system */
  | 'no-code'
  /** a measurement without a date */
  | 'no-time'
  /** neither a number, a coded value nor a truth value: text, or nothing, or a stated absence */
  | 'no-value'
  /** `< 5` and the like: a bound is not a number */
  | 'comparator'
  | 'no-unit'
  /** not a UCUM unit */
  | 'unknown-unit'
  /** a unit that does not measure what the code does */
  | 'incommensurable-unit'
  | 'quantity-out-of-range'
  /** preliminary, registered, cancelled */
  | 'status-not-final'
  /** refuted, provisional, unconfirmed */
  | 'not-confirmed'
  /** planned, proposed, not done, not taken, not to be done */
  | 'not-done';

export interface NotUnderstood {
  /** Empty where the reason is `no-code`. */
  readonly system: string;
  readonly code: string;
  readonly reason: NotUnderstoodReason;
  readonly count: number;
}

const MAX_ROWS = 2000;

/** Gathers what a record says, and what of it was not understood. */
export class FactCollector {
  readonly observations: Observation[] = [];
  understood = 0;
  private readonly refused = new Tally<Omit<NotUnderstood, 'count'>>(
    (row) => `${row.system} ${row.code} ${row.reason}`, MAX_ROWS, { system: '', code: '(more)', reason: 'no-value' },
  );

  /** One fact under each of its codes: a diagnosis coded in SNOMED CT and ICD-10 meets a policy written in either. */
  add(part: PartType, codes: readonly Coding[], timeMs: number, value: ObservationValue): void {
    for (const code of codes) this.observations.push({ part, code, timeMs, value });
    this.understood += 1;
  }

  /** As `add`, the number brought to the unit that is fixed for each code. */
  addQuantity(part: PartType, codes: readonly Coding[], timeMs: number, { value, comparator, code: unit }: Quantity): void {
    if (value === undefined) return this.refuse(codes, 'no-value');
    if (comparator !== undefined) return this.refuse(codes, 'comparator');
    if (unit === undefined) return this.refuse(codes, 'no-unit');
    try {
      const converted = codes.map((code) => ({ part, code, timeMs, value: toQuantity(code, value, unit) }));
      this.observations.push(...converted);
      this.understood += 1;
    } catch (error) {
      this.refuse(codes, unitReason(error));
    }
  }

  refuse(codes: readonly Coding[], reason: NotUnderstoodReason): void {
    this.refused.add({ system: codes[0]?.system ?? '', code: codes[0]?.code ?? '', reason });
  }

  notUnderstood(): readonly NotUnderstood[] {
    return this.refused.counted();
  }
}

function unitReason(error: unknown): NotUnderstoodReason {
  const code = isCodedError(error) ? error.code.replace('eligibility/', '') : '';
  if (code === 'unknown-unit' || code === 'incommensurable-unit' || code === 'quantity-out-of-range') return code;
  throw error;
}

/** The codes of known systems, each once. */
export function codesOf(concept: CodeableConcept | undefined): readonly Coding[] {
  const codes = new Map<string, Coding>();
  for (const { system, code } of concept?.coding ?? []) {
    if (system !== undefined && code !== undefined && isShareableCode(system, code)) {
      codes.set(`${system} ${code}`, { system, code });
    }
  }
  return [...codes.values()];
}
