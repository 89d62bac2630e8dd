/** The parts of a record: which resource goes where, and the bytes that are encrypted, delivered and digested. */
import { PART_TYPES, type PartType, partOfCode } from '@medveil/eligibility';
import { utf8 } from '@medveil/encoding';
import { z } from 'zod';
import { FhirError } from './errors.js';
import { type JsonObject, canonicalJson, objectOf } from './json.js';
import { parseJson } from './json-text.js';
import { DEFAULT_BUNDLE_LIMITS } from './limits.js';
import { type ResourceOf, type SharedResource, type SharedResourceType, sharedResourceSchema } from './resources.js';
import { LOINC } from './terminology.js';

/** One canonical FHIR Bundle (type `collection`) per part type, empty parts included. */
export type RecordParts = Readonly<Record<PartType, Uint8Array>>;

/** A de-identified resource under its new id. */
export interface PartEntry {
  readonly id: string;
  readonly resource: JsonObject;
}

const PART_OF_TYPE: Readonly<Record<Exclude<SharedResourceType, 'Observation'>, PartType>> = {
  Patient: 'demographics',
  Condition: 'conditions',
  Procedure: 'procedures',
  MedicationRequest: 'medications',
  MedicationStatement: 'medications',
  MedicationAdministration: 'medications',
  Immunization: 'immunizations',
  AllergyIntolerance: 'allergies',
};

/** The part that a resource belongs to; an Observation by its code where that is known, else by its category. */
export const partOf = (resource: SharedResource): PartType =>
  resource.resourceType === 'Observation' ? partOfObservation(resource) : PART_OF_TYPE[resource.resourceType];

const PART_OF_CATEGORY: ReadonlyMap<string, PartType> = new Map([
  ['vital-signs', 'vital-signs'],
  ['laboratory', 'laboratory'],
  ['social-history', 'social-history'],
]);

/** Panels, whose components carry the values, and questions about how somebody lives that come as surveys. */
const PART_OF_LOINC: ReadonlyMap<string, PartType> = new Map([
  ...['85354-9', '55284-4'].map((code) => [code, 'vital-signs'] as const),
  ...['93025-5', '71802-3', '93033-9', '93030-5', '93031-3', '76437-3', '63512-8', '63586-2', '32624-9', '54899-0', '56051-6',
    '93027-1', '93028-9', '93034-7', '93035-4'].map((code) => [code, 'social-history'] as const),
]);

function partOfObservation({ code, category }: ResourceOf<'Observation'>): PartType {
  for (const coding of code.coding ?? []) {
    if (coding.system === undefined || coding.code === undefined) continue;
    const part = partOfCode({ system: coding.system, code: coding.code })
      ?? (coding.system === LOINC ? PART_OF_LOINC.get(coding.code) : undefined);
    if (part !== undefined) return part;
  }
  for (const { coding } of category ?? []) {
    for (const { code: name } of coding ?? []) {
      const part = PART_OF_CATEGORY.get(name ?? '');
      if (part !== undefined) return part;
    }
  }
  return 'other';
}

/** Sorted by id, which is random: the order in which the hospital kept its entries does not go with them. */
export function encodePart(entries: readonly PartEntry[]): Uint8Array {
  const entry = entries
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, resource }) => objectOf([['fullUrl', `urn:uuid:${id}`], ['resource', resource]]));
  const bundle = { resourceType: 'Bundle', type: 'collection', ...(entry.length > 0 ? { entry } : {}) };
  return utf8(canonicalJson(bundle));
}

const partSchema = z.object({
  resourceType: z.literal('Bundle'),
  type: z.literal('collection'),
  entry: z.array(z.object({ resource: sharedResourceSchema })).optional(),
});

/**
 * Reads a part back, as its owner made it or as an institution received it.
 * @throws FhirError `fhir/bad-part`
 */
export function decodePart(part: PartType, bytes: Uint8Array): readonly SharedResource[] {
  if (bytes.length > DEFAULT_BUNDLE_LIMITS.maxBytes) throw badPart(part);
  const parsed = partSchema.safeParse(readJson(part, bytes));
  if (!parsed.success) throw badPart(part);
  const resources = (parsed.data.entry ?? []).map(({ resource }) => resource);
  if (resources.some((resource) => partOf(resource) !== part)) throw badPart(part);
  return resources;
}

function readJson(part: PartType, bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, DEFAULT_BUNDLE_LIMITS.maxDepth);
  } catch (error) {
    throw badPart(part, error);
  }
}

const badPart = (part: PartType, cause?: unknown): FhirError =>
  new FhirError('fhir/bad-part', `not the bytes of a ${part} part`, { part }, { cause });

export const mapParts = <T>(make: (part: PartType) => T): Readonly<Record<PartType, T>> =>
  Object.fromEntries(PART_TYPES.map((part) => [part, make(part)])) as Record<PartType, T>;
