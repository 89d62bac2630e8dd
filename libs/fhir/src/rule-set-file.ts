/** Rule sets of one's own, from a configuration file: what a shipped one says, changed field by field. */
import { z } from 'zod';
import { FhirError } from './errors.js';
import { isObject } from './json.js';
import { isSharedType, SHARED_RESOURCE_TYPES, type SharedResourceType } from './resources.js';
import { type FieldRule, type FieldRules, NAMED_RULES, RULE_SET_NAMES, RULE_SETS, type RuleSet } from './rule-sets.js';

/** Deeper than any element of the shared types. */
const MAX_DEPTH = 8;
const MAX_ENTRIES = 200;

/**
 * Without these FHIR's own rules would be broken, and the resource could not be read by anybody. (A medication's code and the like
 * are not required by FHIR, but nothing is shared without them.)
 */
const REQUIRED: Readonly<Record<SharedResourceType, readonly string[]>> = {
  Patient: [],
  Observation: ['status', 'code'],
  Condition: ['code', 'subject'],
  Procedure: ['status', 'code', 'subject'],
  MedicationRequest: ['status', 'intent', 'medicationCodeableConcept', 'subject'],
  MedicationStatement: ['status', 'medicationCodeableConcept', 'subject'],
  MedicationAdministration: ['status', 'medicationCodeableConcept', 'subject'],
  Immunization: ['status', 'vaccineCode', 'patient'],
  AllergyIntolerance: ['code', 'patient'],
};

const headSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'small letters, digits and -, beginning with a letter'),
  /** taken as it is where nothing else is said; without it nothing is shared that is not listed */
  base: z.enum(RULE_SET_NAMES).optional(),
  datePrecision: z.enum(['day', 'year']).optional(),
  oldestAgeYears: z.int().min(0).max(150).optional(),
  postalCode: z.enum(['kept', 'three-digits', 'removed']).optional(),
  resources: z.record(z.string(), z.unknown()).optional(),
});

/**
 * Reads a rule set: `name`, optionally the `base` that it starts from, and what it changes. Under `resources` a field's rule
 * replaces that of the base; `null` takes a field or a whole resource type away. Names that are shipped are not taken.
 * @throws FhirError `fhir/bad-rule-set`, whose message says where, what stands there, and what is allowed
 */
export function parseRuleSet(value: unknown): RuleSet {
  const head = headSchema.safeParse(value);
  if (!head.success) {
    const [issue] = head.error.issues;
    throw bad(issue?.path.join('.') ?? '', issue?.message ?? 'is not understood');
  }
  const { name, base: baseName, resources: given = {}, ...changes } = head.data;
  if ((RULE_SET_NAMES as readonly string[]).includes(name)) throw bad('name', `${name} is the name of a shipped rule set`);
  const base = baseName === undefined ? undefined : RULE_SETS[baseName];
  const { datePrecision = base?.datePrecision, oldestAgeYears = base?.oldestAgeYears, postalCode = base?.postalCode } = changes;
  if (datePrecision === undefined) throw bad('datePrecision', 'has to be given where there is no base; allowed: day, year');
  if (oldestAgeYears === undefined) throw bad('oldestAgeYears', 'has to be given where there is no base; allowed: 0 to 150');
  if (postalCode === undefined) throw bad('postalCode', 'has to be given where there is no base; allowed: kept, three-digits, removed');
  const resources: Partial<Record<SharedResourceType, FieldRules>> = { ...base?.resources };
  for (const [type, fields] of Object.entries(given)) {
    const path = `resources.${type}`;
    if (!isSharedType(type)) throw bad(path, `is not a type that can be shared; allowed: ${SHARED_RESOURCE_TYPES.join(', ')}`);
    if (fields === null) delete resources[type];
    else resources[type] = fieldsAt(fields, path, resources[type] ?? {}, 1);
  }
  if (resources.Patient === undefined) throw bad('resources.Patient', 'has to be listed, with no field if need be: a record is somebody’s');
  for (const [type, fields] of Object.entries(resources)) requireReadable(type as SharedResourceType, fields);
  return { name, datePrecision, oldestAgeYears, postalCode, resources };
}

function requireReadable(type: SharedResourceType, fields: FieldRules): void {
  const missing = REQUIRED[type].filter((field) => fields[field] === undefined);
  if (missing.length > 0) throw bad(`resources.${type}`, `lacks ${missing.join(', ')}, without which nothing of the type can be shared`);
}

function fieldsAt(value: unknown, path: string, base: FieldRules, depth: number): FieldRules {
  if (!isObject(value)) throw bad(path, 'must be an object of field names and rules, or null');
  if (depth > MAX_DEPTH) throw bad(path, `is nested deeper than ${MAX_DEPTH} levels`);
  const entries = Object.entries(value as Record<string, unknown>);
  if (entries.length > MAX_ENTRIES) throw bad(path, `has more than ${MAX_ENTRIES} fields`);
  const rules = new Map<string, FieldRule>(Object.entries(base));
  for (const [field, rule] of entries) {
    const at = `${path}.${field}`;
    if (!/^[a-z][A-Za-z]{0,39}$/.test(field) || NEVER_KEPT.has(field)) throw bad(at, 'is not a field that can be kept');
    if (rule === null) rules.delete(field);
    else rules.set(field, ruleAt(rule, at, depth));
  }
  return Object.fromEntries(rules);
}

/** Identity, containment and what may turn a resource's meaning round are handled by the program, not by rules. */
const NEVER_KEPT = new Set(['id', 'contained', 'modifierExtension', 'implicitRules', 'resourceType', 'constructor', 'identifier']);

function ruleAt(value: unknown, path: string, depth: number): FieldRule {
  const allowed = `allowed: ${NAMED_RULES.join(', ')}, {"oneOf": […]}, {"fields": {…}}, {"extensions": {…}}`;
  if (typeof value === 'string') {
    const named = NAMED_RULES.find((rule) => rule === value);
    if (named === undefined) throw bad(path, `"${value.slice(0, 40)}" is no rule; ${allowed}`);
    return named;
  }
  const [kind, ...more] = isObject(value) ? Object.keys(value) : [];
  if (!isObject(value) || kind === undefined || more.length > 0) throw bad(path, `is no rule; ${allowed}`);
  const inner: unknown = (value as Record<string, unknown>)[kind];
  if (kind === 'oneOf') return { oneOf: textsAt(inner, `${path}.oneOf`) };
  if (kind === 'fields') return { fields: fieldsAt(inner, `${path}.fields`, {}, depth + 1) };
  if (kind === 'extensions') return { extensions: extensionsAt(inner, `${path}.extensions`, depth) };
  throw bad(path, `is no rule; ${allowed}`);
}

function textsAt(value: unknown, path: string): string[] {
  const parsed = z.array(z.string().min(1).max(200)).min(1).max(MAX_ENTRIES).safeParse(value);
  if (!parsed.success) throw bad(path, `must be a list of 1 to ${MAX_ENTRIES} texts`);
  return parsed.data;
}

function extensionsAt(value: unknown, path: string, depth: number): Record<string, FieldRule> {
  if (!isObject(value)) throw bad(path, 'must be an object of extension URLs and the rule of their value');
  return Object.fromEntries(Object.entries(value as Record<string, unknown>).map(([url, rule]) => {
    if (!/^(?:https?:\/\/|urn:)\S{1,300}$/.test(url)) throw bad(`${path}.${url.slice(0, 40)}`, 'is no URL of an extension; allowed: http://…, https://…, urn:…');
    return [url, ruleAt(rule, `${path}.${url}`, depth + 1)];
  }));
}

const bad = (path: string, message: string): FhirError => new FhirError('fhir/bad-rule-set', `${path === '' ? 'rule set' : path}: ${message}`, { path });
