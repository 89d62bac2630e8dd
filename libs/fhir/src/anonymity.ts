/**
 * k-anonymity over what the rule set keeps of a person: how many others in a cohort look the same by birth date, sex and place.
 * Sweeney, "k-anonymity: a model for protecting privacy" (2002). It says nothing of rare diagnoses or of what somebody knows besides.
 */
import { z } from 'zod';
import { FhirError } from './errors.js';

/** What may be found in another register. As kept by the rule set; null where nothing is. */
export interface QuasiIdentifiers {
  readonly birthDate: string | null;
  readonly gender: string | null;
  readonly postalCode: string | null;
  readonly state: string | null;
}

export interface AnonymityReport {
  /** the k asked for */
  readonly k: number;
  readonly people: number;
  readonly groups: number;
  /** size of the smallest group: the cohort is so-many-anonymous; 0 for an empty one */
  readonly smallestGroup: number;
  /** people in groups smaller than k */
  readonly peopleBelow: number;
  readonly warning: boolean;
}

/** Below this a warning is given unless another k is asked for. */
export const DEFAULT_K = 5;

const text = z.string().max(64);
const partSchema = z.object({
  entry: z.array(z.object({
    resource: z.object({
      resourceType: z.string(),
      birthDate: text.optional(),
      gender: text.optional(),
      address: z.array(z.object({ postalCode: text.optional(), state: text.optional() })).optional(),
    }),
  })).optional(),
});

/**
 * Reads them from a demographics part as `deidentify` writes it.
 * @throws FhirError `fhir/bad-part`
 */
export function quasiIdentifiersOf(demographics: Uint8Array): QuasiIdentifiers {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(demographics));
  } catch {
    throw new FhirError('fhir/bad-part', 'a demographics part is not JSON');
  }
  const parsed = partSchema.safeParse(json);
  if (!parsed.success) throw new FhirError('fhir/bad-part', 'a demographics part does not have its form');
  const patient = parsed.data.entry?.find(({ resource }) => resource.resourceType === 'Patient')?.resource;
  const address = patient?.address?.[0];
  return { birthDate: patient?.birthDate ?? null, gender: patient?.gender ?? null, postalCode: address?.postalCode ?? null, state: address?.state ?? null };
}

/** The same text for people who look the same. */
export const quasiIdentifierClass = ({ birthDate, gender, postalCode, state }: QuasiIdentifiers): string => JSON.stringify([birthDate, gender, postalCode, state]);

/**
 * @param classes one entry for each person: `quasiIdentifierClass`, or a keyed hash of it
 * @throws FhirError `fhir/bad-options` where k is not a whole number from 1
 */
export function anonymityOf(classes: Iterable<string>, k = DEFAULT_K): AnonymityReport {
  const sizes = new Map<string, number>();
  for (const one of classes) sizes.set(one, (sizes.get(one) ?? 0) + 1);
  return anonymityOfSizes([...sizes.values()], k);
}

/** The same from the sizes of the groups alone. */
export function anonymityOfSizes(sizes: readonly number[], k = DEFAULT_K): AnonymityReport {
  if (!Number.isSafeInteger(k) || k < 1) throw new FhirError('fhir/bad-options', 'k is a whole number from 1', { k });
  const peopleBelow = sizes.filter((size) => size < k).reduce((sum, size) => sum + size, 0);
  const smallestGroup = sizes.reduce((least, size) => Math.min(least, size), sizes[0] ?? 0);
  return { k, people: sizes.reduce((sum, size) => sum + size, 0), groups: sizes.length, smallestGroup, peopleBelow, warning: peopleBelow > 0 };
}
