/** A FHIR R4 Bundle of one patient, from bytes: bounded, validated, and sorted into what can be shared and what not. */
import { z } from 'zod';
import { FhirError } from './errors.js';
import { type JsonObject, isObject, own } from './json.js';
import { parseJson } from './json-text.js';
import { type BundleLimits, DEFAULT_BUNDLE_LIMITS } from './limits.js';
import { ReferenceIndex } from './reference-index.js';
import { type SharedResource, isSharedType, sharedResourceSchema } from './resources.js';
import { Tally } from './tally.js';

export const BUNDLE_TYPES = ['collection', 'transaction', 'batch', 'searchset', 'document'] as const;

/** Why a resource of the bundle is neither shared nor proved. */
export type SetAsideReason =
  /** of a type that is not shared: encounters, claims, reports, people, organisations, documents */
  | 'type-not-shared'
  /** a field in use that is not FHIR R4 */
  | 'malformed'
  /** carries a modifier extension, which may turn its meaning round */
  | 'modifier-extension'
  /** about somebody or something else than the bundle's patient */
  | 'other-subject'
  | 'entered-in-error'
  /** a second resource of the same type and id */
  | 'duplicate-id'
  /** an entry without a resource */
  | 'no-resource';

export interface SetAside {
  /** A FHIR type name, `(none)` or `(more)`. */
  readonly resourceType: string;
  readonly reason: SetAsideReason;
  readonly count: number;
}

/** The resources are as they came, identifiers included: this never leaves the patient's or hospital's domain. */
export interface FhirBundle {
  readonly bundleType: (typeof BUNDLE_TYPES)[number];
  readonly patient: JsonObject;
  /** Of the shared types other than Patient, each validated, in the order of the bundle. */
  readonly resources: readonly JsonObject[];
  readonly references: ReferenceIndex;
  readonly setAside: readonly SetAside[];
}

const bundleSchema = z.object({
  resourceType: z.literal('Bundle'),
  type: z.enum(BUNDLE_TYPES),
  entry: z.array(z.unknown()).optional(),
});

/**
 * @param bytes UTF-8 JSON text of a FHIR R4 Bundle that holds exactly one Patient
 * @throws FhirError `fhir/too-large`, `fhir/too-deep`, `fhir/too-many-entries`, `fhir/truncated`, `fhir/not-json`,
 *   `fhir/not-a-bundle`, `fhir/no-patient`, `fhir/several-patients`, `fhir/bad-patient`
 */
export function parseBundle(bytes: Uint8Array, limits: BundleLimits = DEFAULT_BUNDLE_LIMITS): FhirBundle {
  checkSize(bytes.length, limits);
  const bundle = bundleSchema.safeParse(parseJson(bytes, limits.maxDepth));
  if (!bundle.success) {
    throw new FhirError('fhir/not-a-bundle', `not a FHIR R4 Bundle of type ${BUNDLE_TYPES.join(', ')}`, {
      field: fieldOf(bundle.error),
    });
  }
  const entries = (bundle.data.entry ?? []).map((entry) => (isObject(entry) ? entry : {}));
  if (entries.length > limits.maxEntries) {
    throw new FhirError('fhir/too-many-entries', `more than ${limits.maxEntries} entries`, {
      entries: entries.length, maxEntries: limits.maxEntries,
    });
  }
  return sortEntries(bundle.data.type, entries);
}

/** @throws FhirError `fhir/too-large` */
export function checkSize(sizeBytes: number, { maxBytes }: BundleLimits): void {
  if (sizeBytes <= maxBytes) return;
  throw new FhirError('fhir/too-large', `${sizeBytes} bytes is more than the ${maxBytes} bytes allowed for a bundle`, {
    sizeBytes, maxBytes,
  });
}

function sortEntries(bundleType: FhirBundle['bundleType'], entries: readonly JsonObject[]): FhirBundle {
  const references = new ReferenceIndex(entries);
  const patient = onePatient(entries);
  const resources: JsonObject[] = [];
  const setAside = new Tally<Omit<SetAside, 'count'>>(
    (row) => `${row.resourceType} ${row.reason}`, 200, { resourceType: '(more)', reason: 'type-not-shared' },
  );
  for (const entry of entries) {
    const resource = own(entry, 'resource');
    if (resource === patient) continue;
    const reason = isObject(resource) ? reasonAgainst(resource, patient, references) : 'no-resource';
    if (reason !== undefined) setAside.add({ resourceType: typeName(resource), reason });
    else if (isObject(resource)) resources.push(resource);
  }
  return { bundleType, patient, resources, references, setAside: setAside.counted() };
}

function onePatient(entries: readonly JsonObject[]): JsonObject {
  const patients = entries
    .map((entry) => own(entry, 'resource'))
    .filter((resource) => isObject(resource) && own(resource, 'resourceType') === 'Patient');
  const [patient] = patients;
  if (!isObject(patient)) throw new FhirError('fhir/no-patient', 'the bundle holds no Patient');
  if (patients.length > 1) {
    throw new FhirError('fhir/several-patients', `the bundle holds ${patients.length} Patients; one record is one person`, {
      patients: patients.length,
    });
  }
  const read = sharedResourceSchema.safeParse(patient);
  if (!read.success || hasModifier(read.data)) {
    throw new FhirError('fhir/bad-patient', 'the Patient is not a FHIR R4 Patient that can be read', {
      field: read.success ? 'modifierExtension' : fieldOf(read.error),
    });
  }
  return patient;
}

/** @returns why the resource is not read, or undefined where it is */
function reasonAgainst(
  resource: JsonObject, patient: JsonObject, references: ReferenceIndex,
): SetAsideReason | undefined {
  const type = own(resource, 'resourceType');
  if (typeof type !== 'string' || !isSharedType(type)) return 'type-not-shared';
  const read = sharedResourceSchema.safeParse(resource);
  if (!read.success) return 'malformed';
  if (hasModifier(read.data)) return 'modifier-extension';
  if (references.isDuplicate(resource)) return 'duplicate-id';
  if (isEnteredInError(read.data)) return 'entered-in-error';
  if (!isAbout(read.data, patient, references)) return 'other-subject';
  return undefined;
}

const hasModifier = (resource: SharedResource): boolean =>
  resource.modifierExtension !== undefined
  || (resource.resourceType === 'Observation'
    && (resource.component ?? []).some((component) => component.modifierExtension !== undefined));

function isEnteredInError(resource: SharedResource): boolean {
  if ('status' in resource) return resource.status === 'entered-in-error';
  return 'verificationStatus' in resource
    && (resource.verificationStatus?.coding ?? []).some(({ code }) => code === 'entered-in-error');
}

/** An Observation may leave its subject out; where one is named it must be the bundle's patient, and nothing within. */
function isAbout(resource: SharedResource, patient: JsonObject, references: ReferenceIndex): boolean {
  if (resource.resourceType === 'Patient') return false;
  if (resource.resourceType === 'Observation' && (resource.focus ?? []).length > 0) return false;
  const subject = 'patient' in resource ? resource.patient : resource.subject;
  return subject === undefined || (subject.reference !== undefined && references.resolve(subject.reference) === patient);
}

function typeName(resource: unknown): string {
  const type = isObject(resource) ? own(resource, 'resourceType') : undefined;
  return typeof type === 'string' && /^[A-Z][A-Za-z]{1,40}$/.test(type) ? type : '(none)';
}

/** The path of the first field that fails, made of names of this library's schemas and indices only. */
const fieldOf = (error: z.ZodError): string => error.issues[0]?.path.join('.') ?? '';
