import type { patientApi } from '@medveil/client';
import { explain, type Explanation } from '@medveil/eligibility';
import type { Id } from '@medveil/encoding';
import { isCodedError } from '@medveil/encoding';
import type { AgentContext } from '../agent.js';
import type { ExchangeStore } from '../exchanges/exchange-store.js';
import type { KnownRequirement, Requirements } from '../ledger/requirements.js';
import type { Patients } from '../parties/patients.js';
import type { LoadedRecord, Records } from '../records/records.js';
import { conflictsWith, type PastExchange } from './conflicts.js';
import { describeClause, describeLicence, describeReason } from './words.js';

/** Evaluates open requirements on a patient's records, here and for the patient's eyes. */
export class Matcher {
  constructor(
    private readonly context: AgentContext,
    private readonly patients: Patients,
    private readonly records: Records,
    private readonly requirements: Requirements,
    private readonly exchanges: ExchangeStore,
  ) {}

  async matches(patientId: Id<'pat'>): Promise<patientApi.Match[]> {
    await this.patients.get(patientId);
    await this.#fetchPolicies();
    const past = await this.past(patientId);
    const open = await this.requirements.open();
    const found: patientApi.Match[] = [];
    for (const recordId of await this.records.listOf(patientId)) {
      const record = await this.records.load(patientId, recordId);
      for (const requirement of open) {
        if (requirement.policy !== null) found.push(describe(record, requirement, evaluate(record, requirement.policy), conflictsWith(requirement, past, this.context.clock())));
      }
    }
    return found;
  }

  /** Whatever the patient has exchanged, or is exchanging, with what it is for. */
  async past(patientId: Id<'pat'>): Promise<PastExchange[]> {
    const rows = await this.exchanges.ofPatient(patientId);
    return Promise.all(rows.map(async (exchange) => ({ exchange, requirement: await this.requirements.get(exchange.requirementId) })));
  }

  /** What is held already can be evaluated while the front is away. */
  async #fetchPolicies(): Promise<void> {
    await this.requirements.fetchMissing().catch((error: unknown) => {
      this.context.log.warn('policies-not-fetched', { code: isCodedError(error) ? error.code : 'unexpected' });
    });
  }
}

/** Records that this agent holds were attested by its hospital. */
export const evaluate = (record: LoadedRecord, policy: NonNullable<KnownRequirement['policy']>): Explanation =>
  explain(policy, record.tree, { timeDay: record.attestation.timeDay, selfAttested: false });

function describe(record: LoadedRecord, { requirementId, institution, terms }: KnownRequirement, explanation: Explanation, conflicts: patientApi.Conflict[]): patientApi.Match {
  return {
    requirementId,
    title: terms.keywords.join(', '),
    recordId: record.recordId,
    matches: explanation.matched,
    reward: terms.rewardPerRecord,
    institution,
    parts: [...terms.parts],
    licence: describeLicence(terms.licence),
    expiresAtMs: terms.expiresAtMs,
    attestation: explanation.attestation,
    conflicts,
    clauses: clausesOf(explanation),
  };
}

export const clausesOf = (explanation: Explanation): patientApi.Match['clauses'] =>
  explanation.groups.flatMap(({ clauses }, group) =>
    clauses.map(({ clause, matched, reason }) => ({ group, clause: describeClause(clause), matched, reason: describeReason(reason) })),
  );
