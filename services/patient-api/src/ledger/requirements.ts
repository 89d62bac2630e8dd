import { type Terms, termsSchema } from '@medveil/agreements';
import { type CompiledPolicy, decodePolicy, policyHash } from '@medveil/eligibility';
import type { Jobs } from '@medveil/database';
import { decodeCanonical, equalBytes, fromBase64Url, type Id } from '@medveil/encoding';
import { and, asc, eq, isNull } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { REQUIREMENT_CONSENT } from '../consent/jobs.js';
import { PatientApiError } from '../errors.js';
import { requirements } from '../tables.js';
import type { Connections } from './connections.js';

export interface KnownRequirement {
  readonly requirementId: Id<'req'>;
  readonly institution: Id<'acc'>;
  readonly terms: Terms;
  /** in the order of the circuit's slots */
  readonly domains: readonly string[];
  readonly status: 'open' | 'closed' | 'expired';
  readonly taken: number;
  /** null until it was found and checked against h′ */
  readonly policy: CompiledPolicy | null;
}

/** The requirements that were followed, with their policies: fetched all at once, believed where they hash to h′. */
export class Requirements {
  #fetching: Promise<void> | undefined;

  constructor(
    private readonly context: AgentContext,
    private readonly connections: Connections,
    private readonly jobs: Pick<Jobs, 'enqueue' | 'notify'>,
  ) {}

  /** @throws PatientApiError `patient-api/unknown-requirement` */
  async get(requirementId: Id<'req'>): Promise<KnownRequirement> {
    const [row] = await this.context.database.queries.select().from(requirements).where(eq(requirements.requirementId, requirementId));
    if (row === undefined) throw new PatientApiError('patient-api/unknown-requirement', 'no such requirement has been seen on the ledger');
    return known(row);
  }

  /** Those that a claim could still be made for, as far as this agent knows. */
  async open(): Promise<KnownRequirement[]> {
    const rows = await this.context.database.queries.select().from(requirements).where(eq(requirements.status, 'open')).orderBy(asc(requirements.requirementId));
    return rows.map(known).filter((requirement) => isOpen(requirement, this.context.clock()));
  }

  /** Fetches policies where one of an open requirement is missing. One request at a time; it asks for all, never for one. */
  async fetchMissing(): Promise<void> {
    const missing = await this.#missing();
    if (missing.length === 0) return;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  async #missing(): Promise<(typeof requirements.$inferSelect)[]> {
    return this.context.database.queries.select().from(requirements).where(and(eq(requirements.status, 'open'), isNull(requirements.policy)));
  }

  async #fetch(): Promise<void> {
    const { items } = await this.connections.reader.policies();
    const served = new Map(items.map(({ requirementId, policy }) => [requirementId, policy]));
    for (const row of await this.#missing()) {
      const encoded = served.get(row.requirementId);
      if (encoded === undefined) continue;
      const policy = fromBase64Url(encoded);
      if (!this.#isThePolicy(policy, known(row).terms.policyHash)) {
        this.context.log.warn('policy-refused', { requirementId: row.requirementId, code: 'patient-api/policy-not-held' });
        continue;
      }
      await this.#hold(row.requirementId, policy);
    }
    this.jobs.notify();
  }

  /** Standing rules are asked about it from now on. */
  async #hold(requirementId: Id<'req'>, policy: Uint8Array): Promise<void> {
    await this.context.database.transaction(async (tx) => {
      await tx.update(requirements).set({ policy }).where(eq(requirements.requirementId, requirementId));
      await this.jobs.enqueue(tx, REQUIREMENT_CONSENT, { key: requirementId, payload: { requirementId } });
    });
  }

  #isThePolicy(policy: Uint8Array, expectedHash: Uint8Array): boolean {
    try {
      return equalBytes(policyHash(decodePolicy(policy)), expectedHash);
    } catch {
      return false;
    }
  }
}

export const isOpen = ({ status, terms, taken }: KnownRequirement, nowMs: number): boolean =>
  status === 'open' && nowMs < terms.expiresAtMs && taken < terms.quantity;

const known = ({ requirementId, institution, terms, domains, status, taken, policy }: typeof requirements.$inferSelect): KnownRequirement => ({
  requirementId,
  institution,
  terms: termsSchema.parse(decodeCanonical(terms)),
  domains,
  status,
  taken,
  policy: policy === null ? null : decodePolicy(policy),
});
