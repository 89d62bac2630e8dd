/** What the specs share: bundles written out in full, and deterministic stand-ins for randomness. */
import { utf8 } from '@medveil/encoding';
import { parseBundle } from '../bundle.js';
import { type DeidentifiedRecord, deidentify } from '../deidentify.js';
import { SeededRandom } from '../generator/seeded-random.js';
import { LOINC, UCUM } from '../terminology.js';
import type { RuleSet, RuleSetName } from '../rule-sets.js';

export const NOW_MS = Date.UTC(2026, 10, 22, 15, 30);

export const seededBytes = (seed: number) => {
  const random = new SeededRandom(seed);
  return (length: number): Uint8Array => Uint8Array.from({ length }, () => random.integer(0, 255));
};

export const bytesOf = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

export const PATIENT = { resourceType: 'Patient', id: 'p1', gender: 'female', birthDate: '1980-05-17' };

export const SUBJECT = { reference: 'Patient/p1' };

export const observation = (fields: object = {}): Record<string, unknown> => ({
  resourceType: 'Observation',
  status: 'final',
  category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] }],
  code: { coding: [{ system: LOINC, code: '29463-7' }] },
  subject: SUBJECT,
  effectiveDateTime: '2026-03-01T23:30:00-05:00',
  valueQuantity: { value: 71.5, unit: 'kg', system: UCUM, code: 'kg' },
  ...fields,
});

export const without = (object: Record<string, unknown>, key: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));

export const bundleOf = (resources: readonly unknown[], type = 'collection') => ({
  resourceType: 'Bundle',
  type,
  entry: resources.map((resource) => ({ resource })),
});

export const deidentified = (
  resources: readonly unknown[], ruleSet: RuleSetName | RuleSet = 'limited-data-set', seed = 1,
): DeidentifiedRecord =>
  deidentify(parseBundle(bytesOf(bundleOf(resources))), { ruleSet, random: seededBytes(seed), referenceTimeMs: NOW_MS });

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Everything that could leave: all parts as one text. */
export const allText = ({ parts }: DeidentifiedRecord): string => Object.values(parts).map(textOf).join('\n');

export interface PartBundle {
  readonly resourceType: string;
  readonly type: string;
  readonly entry?: readonly { readonly fullUrl: string; readonly resource: Record<string, unknown> }[];
}
export const partBundle = (bytes: Uint8Array): PartBundle => JSON.parse(textOf(bytes)) as PartBundle;

/** The resources of all parts, as a new bundle: what an institution would feed back in. */
export const merged = ({ parts }: DeidentifiedRecord): object => ({
  resourceType: 'Bundle',
  type: 'collection',
  entry: Object.values(parts).flatMap((bytes) => partBundle(bytes).entry ?? []),
});
