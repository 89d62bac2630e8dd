import { randomBytes } from 'node:crypto';
import { PART_TYPES } from '@medveil/eligibility';
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

export interface Plan {
  readonly requirements: readonly PlannedRequirement[];
  /** how the derived study came about; null without one */
  readonly note: string | null;
  /** circuit instances that records of this size need, and the depth of a part's tree (libs/eligibility: 5^(depth + 1) − 1 observations) */
  readonly circuits: readonly string[];
  readonly partDepth: number;
}

const EVERYDAY = { circuits: ['everyday'], partDepth: 3 } as const;
const EXTENSIVE = { circuits: ['everyday', 'extensive'], partDepth: 6 } as const;

/**
 * Two institutions and three requirements. The first is exclusive; the third asks the same of the same patients, so that a
 * second sale under the exclusive licence can be tried.
 */
export function plan(bundles: readonly BundleFile[], given: boolean, referenceTimeMs: number): Plan {
  const covid = study('covid-19-test-results');
  const { first, ...rest } = given ? derived(bundles, referenceTimeMs) : { first: study('diabetes-hba1c'), note: null, ...EVERYDAY };
  return {
    ...rest,
    requirements: [
      { institution: 0, study: first, kind: 'exclusive', reward: 120, purpose: 'exclusive' },
      { institution: 1, study: covid, kind: 'non-exclusive', reward: 80, purpose: 'the paper’s own example' },
      { institution: 1, study: first, kind: 'non-exclusive', reward: 150, purpose: 'the same data for another institution' },
    ],
  };
}

const random = (length: number) => new Uint8Array(randomBytes(length));

/** From the bundles at hand: a study that at least one of their patients meets and at least one does not. */
function derived(bundles: readonly BundleFile[], referenceTimeMs: number): Omit<Plan, 'requirements'> & { readonly first: Study } {
  const records = bundles.map(({ bytes }) => prepareRecord(parseBundle(bytes), { ruleSet: 'limited-data-set', random, referenceTimeMs }));
  const { study: first, explanation } = deriveStudy(records);
  const largestPart = Math.max(...records.flatMap(({ observations }) => PART_TYPES.map((part) => observations.filter((observation) => observation.part === part).length)));
  return { first, note: explanation, ...(largestPart < 5 ** (EVERYDAY.partDepth + 1) ? EVERYDAY : EXTENSIVE) };
}
