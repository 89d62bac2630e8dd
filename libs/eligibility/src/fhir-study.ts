import { z } from 'zod';
import { eligibilityError, isEligibilityError } from './errors.js';
import { type FhirGroup, policyFromGroup, policyToGroup } from './fhir-group.js';
import type { Policy } from './policy.js';

/**
 * A study's criteria as FHIR R4 carries them: a ResearchStudy whose `enrollment` names the Group that states them. The Group is
 * contained in the study, or stands beside it in a Bundle.
 */
const reference = z.object({ reference: z.string().min(1).max(300) });
const resource = z.looseObject({ resourceType: z.string(), id: z.string().optional() });
const studySchema = z.object({
  resourceType: z.literal('ResearchStudy'),
  contained: z.array(resource).max(50).optional(),
  enrollment: z.array(reference).min(1),
});
const bundleSchema = z.object({
  resourceType: z.literal('Bundle'),
  entry: z.array(z.object({ fullUrl: z.string().optional(), resource })).min(1).max(200),
});

/** What a study says of itself beside its criteria. */
export interface StudyTitle {
  /** Logical id: letters, digits, `-` and `.`, up to 64. */
  readonly id: string;
  readonly title: string;
  readonly keywords: readonly string[];
}

export interface FhirResearchStudy {
  readonly resourceType: 'ResearchStudy';
  readonly id: string;
  readonly status: 'active';
  readonly title: string;
  readonly keyword: readonly { readonly text: string }[];
  readonly contained: readonly (FhirGroup & { readonly id: string })[];
  readonly enrollment: readonly { readonly reference: string }[];
}

/**
 * Reads a policy from a FHIR R4 Group, a ResearchStudy with the Group contained, or a Bundle with a study and its Group.
 * @throws CodedError `eligibility/bad-policy` with the path in the resource; a study with several enrolment groups is refused,
 * since FHIR does not say whether one of them or all have to be met
 */
export function policyFromFhir(value: unknown): Policy {
  switch (resource.safeParse(value).data?.resourceType ?? '') {
    case 'Group':
      return policyFromGroup(value);
    case 'ResearchStudy':
      return policyFromStudy(value, [], '');
    case 'Bundle':
      return policyFromBundle(value);
    default:
      throw badResource('resourceType', 'must be Group, ResearchStudy, or a Bundle with a ResearchStudy');
  }
}

/** Writes a policy as a study that `policyFromFhir` reads back. */
export function policyToStudy(policy: Policy, { id, title, keywords }: StudyTitle): FhirResearchStudy {
  return {
    resourceType: 'ResearchStudy',
    id,
    status: 'active',
    title,
    keyword: keywords.map((text) => ({ text })),
    contained: [{ ...policyToGroup(policy), id: 'criteria' }],
    enrollment: [{ reference: '#criteria' }],
  };
}

/** A resource that a study may refer to, and where it stands. */
interface Candidate {
  readonly names: readonly string[];
  readonly resource: unknown;
  readonly path: string;
}

function policyFromBundle(value: unknown): Policy {
  const { entry } = parsed(bundleSchema, value, '');
  const studies = entry.flatMap((each, i) => (each.resource.resourceType === 'ResearchStudy' ? [i] : []));
  const [first] = studies;
  if (first === undefined || studies.length > 1) throw badResource('entry', `must hold one ResearchStudy, not ${studies.length}`);
  const neighbours = entry.map(({ fullUrl, resource: each }, i) => ({
    names: [...(fullUrl === undefined ? [] : [fullUrl]), ...(each.id === undefined ? [] : [`${each.resourceType}/${each.id}`])],
    resource: each,
    path: `entry.${i}.resource`,
  }));
  return policyFromStudy(entry[first]?.resource, neighbours, `entry.${first}.resource`);
}

function policyFromStudy(value: unknown, neighbours: readonly Candidate[], path: string): Policy {
  const { contained = [], enrollment } = parsed(studySchema, value, path);
  const [group] = enrollment;
  if (group === undefined || enrollment.length > 1) throw badResource(at(path, 'enrollment'), `must name one Group, not ${enrollment.length}`);
  const inside = contained.map((each, i) => ({ names: [`#${each.id ?? ''}`], resource: each, path: at(path, `contained.${i}`) }));
  const found = [...inside, ...neighbours].find(({ names }) => names.includes(group.reference));
  if (found === undefined) throw badResource(at(path, 'enrollment.0.reference'), 'names a Group that is neither contained nor in the Bundle');
  return under(found.path, () => policyFromGroup(found.resource));
}

/** Places inside the Group become places in the whole resource. */
function under<T>(prefix: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isEligibilityError(error, 'eligibility/bad-policy')) throw error;
    const path = at(prefix, String(error.details['path'] ?? ''));
    throw eligibilityError('eligibility/bad-policy', `${prefix}.${error.message}`, { ...error.details, path }, { cause: error });
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badResource(at(path, issue?.path.join('.') ?? ''), issue?.message ?? 'malformed');
}

const at = (prefix: string, path: string): string => [prefix, path].filter((step) => step !== '').join('.');
const badResource = (path: string, message: string) => eligibilityError('eligibility/bad-policy', `${path}: ${message}`, { path });
