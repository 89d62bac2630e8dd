/** Phase 2: prove a sample, release the requirement, hand the policy to the contract. Each step is repeated after a crash without harm. */
import { bodySchema, type BodyOf, domainsOf, registryTable, requirementTable, stateKeys, type Terms, termsSchema } from '@medveil/agreements';
import { LedgerRejection } from '@medveil/client';
import { defineJob, type JobHandler } from '@medveil/database';
import { decodePolicy, isEligibilityError, type Prover } from '@medveil/eligibility';
import { decodeCanonical, encodeCanonical, idSchema, isCodedError, toBase64Url } from '@medveil/encoding';
import type { CircuitFolder } from '@medveil/host';
import { z } from 'zod';
import type { ResearchContext } from '../context.js';
import { ResearchApiError } from '../errors.js';
import type { InstitutionSecrets } from '../institutions/institution-keys.js';
import type { LedgerLink } from '../ledger/ledger-link.js';
import { isAway, refusalOf } from '../ledger/refusals.js';
import type { RequirementRow } from '../tables.js';
import { chooseInstance } from './circuits.js';
import type { RequirementStore } from './requirement-store.js';
import { proveSample } from './sample-proof.js';

export const RELEASE = defineJob({ name: 'release-requirement', payload: z.strictObject({ jobId: idSchema('job') }), maxAttempts: 12, backoffMs: { first: 500, longest: 30_000 } });

const AWAY_RETRY_MS = 2_000;
const DUPLICATE = 'agreements/duplicate-requirement';

export interface ReleaseParts {
  readonly context: ResearchContext;
  readonly store: RequirementStore;
  readonly secrets: InstitutionSecrets;
  readonly link: LedgerLink;
  readonly circuits: readonly CircuitFolder[];
  readonly prover: Prover;
}

export function releaseJob(parts: ReleaseParts): JobHandler<z.infer<typeof RELEASE.payload>> {
  const { context, store } = parts;
  return async ({ payload: { jobId }, attempt, signal }) => {
    const row = await store.get(jobId);
    if (isOver(row)) return undefined;
    try {
      await release(parts, row, signal);
      return undefined;
    } catch (error) {
      if (signal.aborted) throw error;
      if (!isFinal(error) && isAway(error)) return { againAtMs: context.clock() + AWAY_RETRY_MS };
      if (!isFinal(error) && attempt < (RELEASE.maxAttempts ?? 1)) throw error;
      const { code, reason } = refusalOf(error) ?? {
        code: isCodedError(error) ? error.code : 'research-api/gave-up', reason: isFinal(error) ? error.message : 'given up after repeated failures',
      };
      await change(parts, row, { status: 'refused', code, reason });
      context.log.warn('requirement-refused', { jobId, code });
      return undefined;
    }
  };
}

/** The front's word alone is not: it may have passed the transaction on, and the next attempt looks at the ledger first. */
const isFinal = (error: unknown): error is Error =>
  (error instanceof LedgerRejection && refusalOf(error) !== undefined) || isEligibilityError(error, 'eligibility/prover-failed');

const isOver = ({ status }: RequirementRow): boolean => status !== 'preparing' && status !== 'proving' && status !== 'submitted';

async function change({ context, store }: ReleaseParts, { jobId }: RequirementRow, changed: Partial<RequirementRow>): Promise<void> {
  await store.update(context.database.queries, jobId, { ...changed, updatedAtMs: context.clock() });
  context.changes.happened();
}

async function release(parts: ReleaseParts, row: RequirementRow, signal: AbortSignal): Promise<void> {
  const { context, store, secrets, link } = parts;
  const { jobId, requirementId } = row;
  const isThere = (await link.access.readState(stateKeys.requirement(requirementId))) !== undefined;
  if (!isThere) {
    const body = await proved(parts, row, signal);
    await change(parts, row, { status: 'submitted' });
    const account = await secrets.account(row.institutionId);
    await link.access.execute({ account }, body, signal).catch((error: unknown) => {
      if (refusalOf(error)?.code !== DUPLICATE) throw error;
    });
  }
  await link.contract.putPolicy(requirementId, toBase64Url(row.policy));
  await openIfOpen(parts, row);
  context.log.info('requirement-open', { jobId, requirementId });
  await store.update(context.database.queries, jobId, { release: null });
}

/** The ledger decides what it is by now: it may have been closed, or have expired, meanwhile. */
async function openIfOpen(parts: ReleaseParts, row: RequirementRow): Promise<void> {
  const value = await parts.link.access.readState(stateKeys.requirement(row.requirementId));
  // The front said that there was one of this name already, and there is none.
  if (value === undefined) throw new ResearchApiError('research-api/not-open', 'the ledger holds no such requirement');
  await change(parts, row, { status: requirementTable.decode(value).status });
}

/** The transaction's body, with the proof that was made before a restart if there is one. */
async function proved(parts: ReleaseParts, row: RequirementRow, signal: AbortSignal): Promise<BodyOf<'release-requirement'>> {
  const { context, store, secrets, link, circuits, prover } = parts;
  if (row.release !== null) return bodySchema.parse(decodeCanonical(row.release)) as BodyOf<'release-requirement'>;
  await change(parts, row, { status: 'proving' });
  const terms = readTerms(row);
  const registry = registryTable.decode((await link.access.readState(stateKeys.registry())) ?? null);
  const policy = decodePolicy(row.policy);
  const { instance } = circuits.find(({ instance: { name } }) => name === terms.instance) ?? {};
  const circuit = chooseInstance(circuits, { slots: instance?.slots ?? 0, partDepth: 0, name: terms.instance });
  const { publicKey } = await secrets.account(row.institutionId);
  const sample = { chainId: context.chainId, pseudonym: publicKey, requirementId: row.requirementId, terms, policy, domains: domainsOf(registry, terms.parts) };
  const body = await proveSample(prover, circuit, sample, { nowMs: row.createdAtMs, random: context.random, signal });
  await store.update(context.database.queries, row.jobId, { release: encodeCanonical(body) });
  return body;
}

/** As they were written down at creation. */
export const readTerms = ({ terms }: RequirementRow): Terms => termsSchema.parse(decodeCanonical(terms));
