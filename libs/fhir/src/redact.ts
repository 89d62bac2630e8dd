/** Applies the allow-list of a rule set to one resource: what no rule names is removed and counted. */
import { formatDate, parseDate } from './dates.js';
import type { ReportBuilder } from './de-identification-report.js';
import { type Json, type JsonObject, isObject, objectOf, own } from './json.js';
import { cutPostalCode } from './postal-code.js';
import { redactConcept, redactQuantity } from './redact-coded.js';
import type { FieldRule, FieldRules, RuleSet } from './rule-sets.js';

export interface RedactionContext {
  readonly ruleSet: RuleSet;
  readonly report: ReportBuilder;
  /** Set where the patient's age is pooled: no earlier year is shown. */
  readonly firstYear: number | undefined;
  /** `urn:uuid:` of the patient. */
  readonly patientUrl: string;
  /** The new `urn:uuid:` of a shared resource, by a reference of the bundle. */
  newUrl(reference: string): string | undefined;
}

/** @param path FHIR path of the object, for the report */
export function redactFields(object: JsonObject, rules: FieldRules, path: string, context: RedactionContext): JsonObject {
  const kept: [string, Json][] = [];
  for (const key of Object.keys(object)) {
    if (key === 'resourceType' || (key === 'id' && !path.includes('.'))) continue;
    const fieldPath = `${path}.${reportable(key)}`;
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    const value = rule === undefined ? undefined : redactValue(own(object, key) as Json, rule, fieldPath, context);
    if (value !== undefined) kept.push([key, value]);
    // A rule that looks inside reports what it removed there; reporting the shell as well would count it twice.
    else if (rule === undefined || typeof rule === 'string' || 'oneOf' in rule) context.report.removed(fieldPath);
  }
  return objectOf(kept);
}

/** Names in a report are FHIR's: what a bundle makes up as a name may itself be a name. */
const reportable = (key: string): string => (/^_?[a-z][A-Za-z]{0,39}(?:\[x\])?$/.test(key) ? key : '(unnamed)');

function redactValue(value: Json, rule: FieldRule, path: string, context: RedactionContext): Json | undefined {
  if (!Array.isArray(value)) return redactOne(value, rule, path, context);
  const kept: Json[] = [];
  for (const item of value as readonly Json[]) {
    const redacted = Array.isArray(item) ? undefined : redactOne(item, rule, path, context);
    if (redacted !== undefined) kept.push(redacted);
    else if (value.length > 1) context.report.removed(path);
  }
  return kept.length > 0 ? kept : undefined;
}

function redactOne(value: Json, rule: FieldRule, path: string, context: RedactionContext): Json | undefined {
  if (typeof rule === 'string') return isObject(value) ? byObjectRule(value, rule, path, context) : byPrimitiveRule(value, rule, path, context);
  if ('oneOf' in rule) return typeof value === 'string' && rule.oneOf.includes(value) ? value : undefined;
  if (!isObject(value)) return undefined;
  return 'fields' in rule
    ? nonEmpty(redactFields(value, rule.fields, path, context))
    : redactExtension(value, rule.extensions, path, context);
}

type NamedRule = Extract<FieldRule, string>;

function byObjectRule(value: JsonObject, rule: NamedRule, path: string, context: RedactionContext): JsonObject | undefined {
  if (rule === 'concept') return redactConcept(value, path, context.report);
  if (rule === 'quantity') return redactQuantity(value, path, context.report);
  if (rule === 'patient') return rewrite(context.patientUrl, path, context);
  return rule === 'reference' ? rewrite(targetOf(value, context), path, context) : undefined;
}

function byPrimitiveRule(value: Json, rule: NamedRule, path: string, context: RedactionContext): Json | undefined {
  if (rule === 'boolean') return typeof value === 'boolean' ? value : undefined;
  if (rule === 'integer') return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  if (rule === 'date' || rule === 'birth-date') return cutDate(value, rule, path, context);
  if (rule === 'postal-code') return cutCode(value, path, context);
  if (rule === 'free-text') return keptText(value, path, context);
  if (rule === 'region-code') return /^[A-Z]{2,3}$/.test(value) ? value : undefined;
  return rule === 'profile' ? HL7_PROFILE.exec(value)?.[1] : undefined;
}

const MAX_FREE_TEXT = 4_000;

function keptText(value: string, path: string, { report }: RedactionContext): string | undefined {
  if (value.length > MAX_FREE_TEXT) return undefined;
  report.changed(path, 'free-text-kept');
  return value;
}

const HL7_PROFILE = /^(http:\/\/hl7\.org\/fhir\/(?:[a-z][a-z-]{0,30}\/){0,3}StructureDefinition\/[A-Za-z0-9-]{1,64})(?:\|.*)?$/;

const nonEmpty = (object: JsonObject): JsonObject | undefined =>
  Object.keys(object).length > 0 ? object : undefined;

/** A kept extension has its URL and one value, nothing else. */
function redactExtension(
  extension: JsonObject, allowed: Readonly<Record<string, FieldRule>>, path: string, context: RedactionContext,
): JsonObject | undefined {
  const url = own(extension, 'url');
  const rule = typeof url === 'string' && Object.hasOwn(allowed, url) ? allowed[url] : undefined;
  const [name, ...others] = Object.keys(extension).filter((key) => /^value[A-Z][A-Za-z]{1,30}$/.test(key));
  if (typeof url !== 'string' || rule === undefined || name === undefined || others.length > 0) return undefined;
  const value = redactOne(own(extension, name) as Json, rule, path, context);
  return value === undefined ? undefined : objectOf([['url', url], [name, value]]);
}

function cutDate(text: string, rule: 'date' | 'birth-date', path: string, context: RedactionContext): string | undefined {
  const date = parseDate(text);
  if (date === undefined) return undefined;
  const { firstYear, ruleSet, report } = context;
  if (firstYear !== undefined && rule === 'birth-date') {
    const pooled = formatDate({ year: firstYear });
    if (pooled !== text) report.changed(path, 'age-pooled');
    return pooled;
  }
  if (firstYear !== undefined && date.year < firstYear) return undefined;
  const cut = formatDate(ruleSet.datePrecision === 'year' ? { year: date.year } : date);
  if (cut !== text) report.changed(path, 'date-cut');
  return cut;
}

function cutCode(code: string, path: string, { ruleSet, report }: RedactionContext): string | undefined {
  const cut = cutPostalCode(code, ruleSet.postalCode);
  if (cut !== undefined && cut !== code) report.changed(path, 'postal-code-cut');
  return cut;
}

function targetOf(pointer: JsonObject, context: RedactionContext): string | undefined {
  const reference = own(pointer, 'reference');
  return typeof reference === 'string' ? context.newUrl(reference) : undefined;
}

/** Only the new URL stays: `display` is a name, `identifier` a number. */
function rewrite(url: string | undefined, path: string, { report }: RedactionContext): JsonObject | undefined {
  if (url === undefined) return undefined;
  report.changed(path, 'reference-rewritten');
  return objectOf([['reference', url]]);
}
