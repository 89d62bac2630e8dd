import type { ReportBuilder } from './de-identification-report.js';
import { type Json, type JsonObject, isObject, objectOf, own } from './json.js';
import { UCUM, isShareableCode } from './terminology.js';
import { readUnitText } from './unit-text.js';

/**
 * A CodeableConcept down to its shareable codes. Displays and texts are typed by people and are dropped: the code
 * system says what a code means.
 */
export function redactConcept(concept: JsonObject, path: string, report: ReportBuilder): JsonObject | undefined {
  const codings = own(concept, 'coding');
  const kept = new Map<string, JsonObject>();
  for (const coding of Array.isArray(codings) ? (codings as readonly Json[]) : []) {
    const system = isObject(coding) ? own(coding, 'system') : undefined;
    const code = isObject(coding) ? own(coding, 'code') : undefined;
    if (typeof system === 'string' && typeof code === 'string' && isShareableCode(system, code)) {
      kept.set(`${system} ${code}`, objectOf([['system', system], ['code', code]]));
      reportOthers(coding as JsonObject, ['system', 'code'], `${path}.coding`, report);
    } else report.removed(`${path}.coding`);
  }
  reportOthers(concept, ['coding'], path, report);
  return kept.size > 0 ? objectOf([['coding', [...kept.values()]]]) : undefined;
}

const COMPARATORS: ReadonlySet<Json> = new Set(['<', '<=', '>=', '>']);
/** UCUM expressions have no spaces; annotations in braces are words of the unit's own (`{score}`), kept short. */
const UCUM_SHAPE = /^(?:[A-Za-z0-9%*/.^'"[\]()_+-]|\{[A-Za-z0-9#%_./]{1,16}\}){1,40}$/;

/** A Quantity down to number, comparator and UCUM code. */
export function redactQuantity(quantity: JsonObject, path: string, report: ReportBuilder): JsonObject | undefined {
  const value = own(quantity, 'value');
  const comparator = own(quantity, 'comparator');
  if (typeof value !== 'number') return undefined;
  const kept: [string, Json][] = [['value', value]];
  const names = ['value'];
  if (comparator !== undefined && COMPARATORS.has(comparator)) {
    kept.push(['comparator', comparator]);
    names.push('comparator');
  }
  const unit = ucumCode(quantity, path, report);
  if (unit !== undefined) {
    kept.push(['system', UCUM], ['code', unit]);
    names.push('system', 'code');
  }
  reportOthers(quantity, names, path, report);
  return objectOf(kept);
}

function ucumCode(quantity: JsonObject, path: string, report: ReportBuilder): string | undefined {
  const code = own(quantity, 'code');
  if (typeof code === 'string') {
    return own(quantity, 'system') === UCUM && UCUM_SHAPE.test(code) ? code : undefined;
  }
  const unit = own(quantity, 'unit');
  const read = typeof unit === 'string' ? readUnitText(unit) : undefined;
  if (read !== undefined) report.changed(`${path}.unit`, 'unit-read-as-ucum');
  return read;
}

function reportOthers(object: JsonObject, kept: readonly string[], path: string, report: ReportBuilder): void {
  for (const key of Object.keys(object)) {
    if (!kept.includes(key)) report.removed(`${path}.${/^_?[a-z][A-Za-z]{0,39}$/.test(key) ? key : '(unnamed)'}`);
  }
}
