import { requirementIdOf } from '@medveil/agreements';
import type { researchApi } from '@medveil/client';
import { encodePolicy, policyHash } from '@medveil/eligibility';
import { encodeCanonical, type Id, makeId, toHex } from '@medveil/encoding';
import type { CircuitFolder } from '@medveil/host';
import type { ResearchContext } from '../context.js';
import { ResearchApiError } from '../errors.js';
import type { Institutions } from '../institutions/institutions.js';
import type { InstitutionSecrets } from '../institutions/institution-keys.js';
import type { Position } from '../institutions/institution-store.js';
import type { LedgerLink } from '../ledger/ledger-link.js';
import type { RequirementRow } from '../tables.js';
import { compileRequirement, type RequirementRequest } from './compile-requirement.js';
import { RELEASE } from './release.js';
import type { RequirementStore, Taken } from './requirement-store.js';

const FINAL = new Set<RequirementRow['status']>(['refused', 'closed', 'expired']);

/** The studies of this agent's institutions. */
export class Requirements {
  constructor(
    private readonly context: ResearchContext,
    private readonly store: RequirementStore,
    private readonly institutions: Institutions,
    private readonly secrets: InstitutionSecrets,
    private readonly link: LedgerLink,
    private readonly circuits: readonly CircuitFolder[],
  ) {}

  /**
   * Compiles the policy as of now; the proof and the release go on in the background.
   * @throws ResearchApiError `research-api/unknown-institution`, `research-api/not-pinned`, and those of `compileRequirement`
   */
  async create(institutionId: Id<'ins'>, request: RequirementRequest): Promise<researchApi.RequirementStatus> {
    const { context, store, circuits } = this;
    const { chainId, clock, random, database, jobs, settings } = context;
    const { account } = await this.institutions.pinned(institutionId);
    const nowMs = clock();
    const { policy, terms } = compileRequirement(request, { nowMs, random, circuits, partDepth: settings.partDepth, maxBodyBytes: settings.maxBodyBytes });
    const row: RequirementRow = {
      jobId: makeId('job', random(16)),
      institutionId,
      requirementId: requirementIdOf(chainId, account, terms),
      title: request.title,
      status: 'preparing',
      code: null,
      reason: null,
      policy: encodePolicy(policy),
      policyHash: policyHash(policy),
      terms: encodeCanonical(terms),
      release: null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    };
    await database.transaction(async (tx) => {
      await store.insert(tx, row);
      await jobs.enqueue(tx, RELEASE, { key: row.jobId, payload: { jobId: row.jobId } });
    });
    jobs.notify();
    return viewOf(row, undefined);
  }

  /**
   * Takes no more claims; what is not held for one goes back to the institution.
   * @throws ResearchApiError `research-api/not-open`, and the ledger's refusal
   */
  async close(institutionId: Id<'ins'>, jobId: Id<'job'>, signal: AbortSignal): Promise<researchApi.RequirementStatus> {
    const row = await this.#owned(institutionId, jobId);
    if (row.status !== 'open') throw new ResearchApiError('research-api/not-open', `the requirement is ${row.status}`, { status: row.status });
    const account = await this.secrets.account(institutionId);
    await this.link.access.execute({ account }, { type: 'close-requirement', requirementId: row.requirementId }, signal);
    return this.#view(await this.store.get(jobId));
  }

  get(institutionId: Id<'ins'>, jobId: Id<'job'>, waitMs: number, signal: AbortSignal): Promise<researchApi.RequirementStatus> {
    const read = async () => this.#view(await this.#owned(institutionId, jobId));
    return this.context.changes.until(read, ({ status }) => FINAL.has(status), waitMs, signal);
  }

  async page(institutionId: Id<'ins'>, after: Position | undefined, limit: number): Promise<{ rows: RequirementRow[]; views: researchApi.RequirementStatus[] }> {
    const rows = await this.store.page(institutionId, after, limit + 1);
    const taken = await this.store.taken(rows.map(({ requirementId }) => requirementId));
    return { rows, views: rows.slice(0, limit).map((row) => viewOf(row, taken.get(row.requirementId))) };
  }

  async #owned(institutionId: Id<'ins'>, jobId: Id<'job'>): Promise<RequirementRow> {
    const row = await this.store.get(jobId);
    if (row.institutionId !== institutionId) throw new ResearchApiError('research-api/unknown-requirement', 'there is no such requirement here');
    return row;
  }

  async #view(row: RequirementRow): Promise<researchApi.RequirementStatus> {
    const taken = await this.store.taken([row.requirementId]);
    return viewOf(row, taken.get(row.requirementId));
  }
}

const IN_LEDGER = new Set<RequirementRow['status']>(['open', 'closed', 'expired']);

const viewOf = (row: RequirementRow, { taken, settled }: Taken = { taken: 0, settled: 0 }): researchApi.RequirementStatus => ({
  requirementId: IN_LEDGER.has(row.status) ? row.requirementId : null,
  jobId: row.jobId,
  title: row.title,
  status: row.status,
  code: row.code,
  reason: row.reason,
  policyHash: toHex(row.policyHash),
  taken,
  settled,
  createdAtMs: row.createdAtMs,
});
