import { randomBytes } from 'node:crypto';
import { deriveStudy, EXAMPLE_STUDIES, parseBundle, prepareRecord, type Study } from '@medveil/fhir';
import type { BundleFile } from './bundles.js';

export interface PlannedRequirement {
  /** index of the institution */
  readonly institution: 0 | 1;
  readonly study: Study;
  readonly kind: 'exclusive' | 'non-exclusive';
  readonly reward: number;
  /** what the demo wants with it */
  readonly purpose: string;
}

const study = (id: string): Study => {
  const found = EXAMPLE_STUDIES.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no example study ${id}`);
  return found;
};

/**
 * Two institutions and three requirements. The first is exclusive; the third asks the same of the same patients, so that a
 * second sale under the exclusive licence can be tried.
 */
export function plan(bundles: readonly BundleFile[], given: boolean, referenceTimeMs: number): { requirements: PlannedRequirement[]; note: string | null } {
  const covid = study('covid-19-test-results');
  const { first, note } = given ? derived(bundles, referenceTimeMs) : { first: study('diabetes-hba1c'), note: null };
  return {
    note,
    requirements: [
      { institution: 0, study: first, kind: 'exclusive', reward: 120, purpose: 'exclusive' },
      { institution: 1, study: covid, kind: 'non-exclusive', reward: 80, purpose: 'the paper’s own example' },
      { institution: 1, study: first, kind: 'non-exclusive', reward: 150, purpose: 'the same data for another institution' },
    ],
  };
}

const random = (length: number) => new Uint8Array(randomBytes(length));

/** From the bundles at hand: a study that at least one of their patients meets and at least one does not. */
function derived(bundles: readonly BundleFile[], referenceTimeMs: number): { first: Study; note: string } {
  const records = bundles.map(({ bytes }) => prepareRecord(parseBundle(bytes), { ruleSet: 'limited-data-set', random, referenceTimeMs }));
  const { study: first, explanation } = deriveStudy(records);
  return { first, note: explanation };
}
