/** From a study as a person writes it to the terms that the institution signs. */
import { type Terms, termsSchema } from '@medveil/agreements';
import type { researchApi } from '@medveil/client';
import {
  type CompiledPolicy, compilePolicy, parsePolicy, PART_TYPES, type PartType, type Policy, policyFromFhir, policyHash, slotClassOf, validatePolicy,
} from '@medveil/eligibility';
import { CodedError, isCodedError, type RandomBytes } from '@medveil/encoding';
import type { CircuitFolder } from '@medveil/host';
import type { z } from 'zod';
import { ResearchApiError } from '../errors.js';
import { satisfyingSample } from '../sample/satisfying-sample.js';
import { chooseInstance } from './circuits.js';

export type RequirementRequest = z.output<typeof researchApi.createRequirementSchema>;

export interface CompiledRequirement {
  readonly policy: CompiledPolicy;
  readonly terms: Terms;
}

/**
 * All that can be wrong with a study is said here, with the place in `details.path`: `policy.all.1.has.value: …`.
 * @throws CodedError of the eligibility library, ResearchApiError `research-api/bad-requirement`, `research-api/unsatisfiable-policy`,
 * `research-api/no-circuit-fits`
 */
export function compileRequirement(
  request: RequirementRequest,
  options: { readonly nowMs: number; readonly random: RandomBytes; readonly circuits: readonly CircuitFolder[]; readonly partDepth: number; readonly maxBodyBytes: number },
): CompiledRequirement {
  const { nowMs, random, circuits, partDepth, maxBodyBytes } = options;
  const written = inPolicy(() => readPolicy(request.policy), () => '');
  const compile = (policy: Policy): CompiledPolicy => compilePolicy(policy, { releasedAtMs: nowMs, random });
  const policy = inPolicy(() => compile(written), () => placeOfFault(written, compile));
  inPolicy(() => satisfyingSample(policy, { nowMs, recordSecret: random(32) }), () => '');
  refuse(policy.acceptSelfAttested !== request.acceptsSelfAttested, 'acceptsSelfAttested', 'the policy says otherwise');
  refuse(request.expiresAtMs <= nowMs, 'expiresAtMs', 'lies in the past');
  refuse(request.licence.untilMs <= request.expiresAtMs, 'licence.untilMs', 'the licence ends before the last claim may come');
  refuse(request.licence.deleteByMs !== null && request.licence.deleteByMs <= request.expiresAtMs, 'licence.deleteByMs', 'lies before the expiry');
  const { instance, verificationKeyHash } = chooseInstance(circuits, { slots: slotClassOf(policy), partDepth, name: request.circuit });
  const parsed = termsSchema.safeParse({
    keywords: request.keywords,
    policyHash: policyHash(policy),
    expectedResult: 1,
    parts: partsOf(request.parts),
    format: request.format,
    instance: instance.name,
    verificationKeyHash,
    licence: request.licence,
    rewardPerRecord: request.reward,
    quantity: request.quantity,
    expiresAtMs: request.expiresAtMs,
    acceptsSelfAttested: request.acceptsSelfAttested,
    maxBodyBytes,
  });
  if (parsed.success) return { policy, terms: parsed.data };
  const issue = parsed.error.issues[0];
  throw bad(issue?.path.map(String).join('.') ?? '', issue?.message ?? 'not valid');
}

/** As text, as a value of the same form, or as a FHIR resource. */
function readPolicy(policy: unknown): Policy {
  if (typeof policy === 'string') return parsePolicy(policy);
  return typeof policy === 'object' && policy !== null && 'resourceType' in policy ? policyFromFhir(policy) : validatePolicy(policy);
}

const bad = (path: string, message: string): ResearchApiError => new ResearchApiError('research-api/bad-requirement', `${path}: ${message}`, { path });

function refuse(condition: boolean, path: string, message: string): void {
  if (condition) throw bad(path, message);
}

/** In the order of PART_TYPES, each once. */
function partsOf(names: readonly string[]): PartType[] {
  const unknown = names.findIndex((name) => !PART_TYPES.some((part) => part === name));
  refuse(unknown >= 0, `parts.${unknown}`, `no such part; there are ${PART_TYPES.join(', ')}`);
  return PART_TYPES.filter((part) => names.includes(part));
}

/** Paths in the policy become paths in the request; where an error names none, `place` finds it. */
function inPolicy<T>(work: () => T, place: () => string): T {
  try {
    return work();
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const named = error.details['path'];
    const path = ['policy', typeof named === 'string' ? named : place()].filter((step) => step !== '').join('.');
    const message = typeof named === 'string' && named !== '' ? `policy.${error.message}` : `${path}: ${error.message}`;
    throw new CodedError(error.code, message, { ...error.details, path }, { cause: error });
  }
}

/** The criterion that cannot be compiled by itself, for errors of units and quantities, which do not know where they are. */
function placeOfFault(policy: Policy, compile: (policy: Policy) => CompiledPolicy): string {
  const fails = (criterion: Policy['all'][number]): boolean => {
    try {
      compile({ ...policy, all: [criterion] });
      return false;
    } catch {
      return true;
    }
  };
  const index = policy.all.findIndex(fails);
  const criterion = policy.all[index];
  if (criterion === undefined) return '';
  const alternative = 'any' in criterion ? criterion.any.findIndex(fails) : -1;
  return alternative < 0 ? `all.${index}` : `all.${index}.any.${alternative}`;
}
