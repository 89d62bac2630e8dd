/** Observations: numbers, coded values and truth values, a panel's components each in its own right. */
import type { Coding, PartType } from '@medveil/eligibility';
import { type FactCollector, codesOf } from './fact-collector.js';
import type { ObservationValue, ResourceOf } from './resources.js';
import { LOINC, SNOMED_CT, UCUM_UNITY, YES_NO } from './terminology.js';
import { timeOf } from './times.js';

const FINAL: ReadonlySet<string> = new Set(['final', 'amended', 'corrected']);

/** A panel without a value of its own is understood by its components or members and not counted as a failure. */
export function collectMeasurements(part: PartType, observation: ResourceOf<'Observation'>, facts: FactCollector): void {
  const components = observation.component ?? [];
  const timeMs = timeOf(observation.effectiveDateTime, observation.effectiveInstant, observation.effectivePeriod?.start);
  const isPanel = components.length > 0 || (observation.hasMember ?? []).length > 0;
  const measured = isPanel && !hasValue(observation) ? components : [observation, ...components];
  for (const item of measured) {
    const codes = codesOf(item.code);
    if (codes.length === 0) facts.refuse([], 'no-code');
    else if (!FINAL.has(observation.status)) facts.refuse(codes, 'status-not-final');
    else if (timeMs === undefined) facts.refuse(codes, 'no-time');
    else collectValue(part, codes, timeMs, item, facts);
  }
}

const hasValue = (value: ObservationValue): boolean =>
  value.valueQuantity !== undefined || value.valueCodeableConcept !== undefined || value.valueBoolean !== undefined
  || value.valueInteger !== undefined;

function collectValue(
  part: PartType, codes: readonly Coding[], timeMs: number, value: ObservationValue, facts: FactCollector,
): void {
  if (value.valueQuantity !== undefined) return facts.addQuantity(part, codes, timeMs, value.valueQuantity);
  if (value.valueInteger !== undefined) {
    return facts.addQuantity(part, codes, timeMs, { value: value.valueInteger, code: UCUM_UNITY });
  }
  const coded = value.valueBoolean === undefined
    ? preferred(codesOf(value.valueCodeableConcept))
    : { system: YES_NO, code: value.valueBoolean ? 'Y' : 'N' };
  if (coded === undefined) return facts.refuse(codes, 'no-value');
  return facts.add(part, codes, timeMs, { kind: 'coded', ...coded });
}

/** One value, however many systems say it: SNOMED CT first, then LOINC answers, then the first that is given. */
const preferred = (codings: readonly Coding[]): Coding | undefined =>
  codings.find(({ system }) => system === SNOMED_CT) ?? codings.find(({ system }) => system === LOINC) ?? codings[0];
