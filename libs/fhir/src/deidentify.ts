/** From a bundle to the parts that may be shared (docs/scheme.md, section 6). */
import type { DatePrecision, PartType } from '@medveil/eligibility';
import { type RandomBytes, toHex } from '@medveil/encoding';
import { pooledBirthYear } from './age-pool.js';
import type { FhirBundle } from './bundle.js';
import { type DeidentificationReport, ReportBuilder } from './de-identification-report.js';
import { type JsonObject, isObject, own } from './json.js';
import { inlineMedication } from './medication-reference.js';
import { type PartEntry, type RecordParts, encodePart, mapParts, partOf } from './parts.js';
import { type RedactionContext, redactFields } from './redact.js';
import { RULE_SETS, type RuleSet, type RuleSetName } from './rule-sets.js';
import { type SharedResourceType, sharedResourceSchema } from './resources.js';
import { LOINC, isShareableCode } from './terminology.js';

export interface DeidentifyOptions {
  /** The name of a shipped rule set, or one of your own. */
  readonly ruleSet: RuleSetName | RuleSet;
  /** New resource ids come from here: fresh at each call, so that two records made of one bundle share no id. */
  readonly random: RandomBytes;
  /** The day at which ages count, UTC ms. */
  readonly referenceTimeMs: number;
}

export interface DeidentifiedRecord {
  readonly parts: RecordParts;
  /** What `buildRecord` of @medveil/eligibility has to know of the dates. */
  readonly datePrecision: DatePrecision;
  readonly report: DeidentificationReport;
}

/** Total over what `parseBundle` gives: a resource that cannot be shared is reported, never an error. */
export function deidentify(bundle: FhirBundle, options: DeidentifyOptions): DeidentifiedRecord {
  const ruleSet = typeof options.ruleSet === 'string' ? RULE_SETS[options.ruleSet] : options.ruleSet;
  const report = new ReportBuilder(ruleSet.name, bundle.setAside);
  const firstYear = pooledBirthYear(bundle.patient, ruleSet, options.referenceTimeMs);

  const shareable = bundle.resources
    .map((original) => ({ original, resource: inlineMedication(original, bundle.references) }))
    .filter(({ original, resource }) => {
      const reason = reasonAgainst(resource, ruleSet, firstYear !== undefined);
      if (reason !== undefined) report.notShared(typeOf(resource), reason);
      else if (resource !== original) report.changed(`${typeOf(resource)}.medicationReference`, 'medication-inlined');
      return reason === undefined;
    });

  const ids = new Map<JsonObject, string>();
  for (const original of [bundle.patient, ...shareable.map((item) => item.original)]) {
    ids.set(original, randomUuid(options.random));
  }
  const urlOf = (resource: JsonObject | undefined): string | undefined => {
    const id = resource === undefined ? undefined : ids.get(resource);
    return id === undefined ? undefined : `urn:uuid:${id}`;
  };
  const context: RedactionContext = {
    ruleSet, report, firstYear,
    patientUrl: urlOf(bundle.patient) as string,
    newUrl: (reference) => urlOf(bundle.references.resolve(reference)),
  };

  const entries = mapParts<PartEntry[]>(() => []);
  const all = [{ original: bundle.patient, resource: bundle.patient }, ...shareable];
  for (const { original, resource } of all) {
    const made = toEntry(resource, ids.get(original) as string, context);
    if (made !== undefined) entries[made.part].push(made.entry);
  }
  return {
    parts: mapParts((part) => encodePart(entries[part])),
    datePrecision: ruleSet.datePrecision,
    report: report.build(),
  };
}

/** @returns undefined where a rule set of one's own removes what FHIR requires */
function toEntry(
  resource: JsonObject, id: string, context: RedactionContext,
): { part: PartType; entry: PartEntry } | undefined {
  const type = typeOf(resource);
  const redacted = redactFields(resource, context.ruleSet.resources[type] ?? {}, type, context);
  const renamed = { ...redacted, resourceType: type, id };
  const read = sharedResourceSchema.safeParse(renamed);
  if (!read.success) {
    context.report.notShared(type, 'malformed');
    return undefined;
  }
  context.report.shared(type);
  if (own(resource, 'id') !== undefined) context.report.changed(`${type}.id`, 'id-replaced');
  return { part: partOf(read.data), entry: { id, resource: renamed } };
}

/** The field that says what a resource is about: without a shareable code in it the rest is worth nothing. */
const SUBJECT_MATTER: Readonly<Record<SharedResourceType, string | undefined>> = {
  Patient: undefined,
  Observation: 'code',
  Condition: 'code',
  Procedure: 'code',
  MedicationRequest: 'medicationCodeableConcept',
  MedicationStatement: 'medicationCodeableConcept',
  MedicationAdministration: 'medicationCodeableConcept',
  Immunization: 'vaccineCode',
  AllergyIntolerance: 'code',
};

/** LOINC codes whose value is the patient's age: current, reported, calculated, estimated, at death. */
const AGE_CODES: ReadonlySet<string> = new Set(['30525-0', '21612-7', '29553-5', '21611-9', '63900-5', '39016-1']);

function reasonAgainst(
  resource: JsonObject, ruleSet: RuleSet, ageIsPooled: boolean,
): 'type-not-shared' | 'no-shareable-code' | 'age-shown' | undefined {
  const type = typeOf(resource);
  if (ruleSet.resources[type] === undefined) return 'type-not-shared';
  const codes = shareableCodes(own(resource, SUBJECT_MATTER[type] ?? ''));
  if (SUBJECT_MATTER[type] !== undefined && codes.length === 0) return 'no-shareable-code';
  const showsAge = codes.some(({ system, code }) => system === LOINC && AGE_CODES.has(code));
  return ageIsPooled && showsAge ? 'age-shown' : undefined;
}

function shareableCodes(concept: unknown): { system: string; code: string }[] {
  const codings = isObject(concept) ? own(concept, 'coding') : undefined;
  return (Array.isArray(codings) ? (codings as readonly unknown[]) : []).flatMap((coding) => {
    const system = isObject(coding) ? own(coding, 'system') : undefined;
    const code = isObject(coding) ? own(coding, 'code') : undefined;
    return typeof system === 'string' && typeof code === 'string' && isShareableCode(system, code)
      ? [{ system, code }]
      : [];
  });
}

const typeOf = (resource: JsonObject): SharedResourceType => own(resource, 'resourceType') as SharedResourceType;

/** A version 4 UUID (RFC 9562), which FHIR wants behind `urn:uuid:`. */
function randomUuid(random: RandomBytes): string {
  const bytes = Uint8Array.from(random(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
