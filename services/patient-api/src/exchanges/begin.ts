import { KeyedQueue, type patientApi } from '@medveil/client';
import type { Jobs, TransactionQueries } from '@medveil/database';
import { commit, subjectOf } from '@medveil/eligibility';
import { type Id, makeId } from '@medveil/encoding';
import { eq, sql } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import { isOpen, type KnownRequirement, type Requirements } from '../ledger/requirements.js';
import { conflictsWith } from '../matching/conflicts.js';
import { evaluate, type Matcher } from '../matching/matcher.js';
import type { Keyring } from '../parties/keyring.js';
import type { Patients } from '../parties/patients.js';
import type { Pseudonyms } from '../parties/pseudonyms.js';
import type { LoadedRecord, Records } from '../records/records.js';
import { type ExchangeRow, exchanges, patients } from '../tables.js';
import type { HeldCircuit } from './circuits.js';
import { circuitFor } from './prove.js';
import { EXCHANGE } from './job.js';
import { startAtMs } from './start-time.js';

export interface Consent {
  readonly patientId: Id<'pat'>;
  readonly recordId: Id<'rec'>;
  readonly requirementId: Id<'req'>;
  readonly acknowledgeConflicts: boolean;
  /** who gave it, as their credential says, or the standing rule that did */
  readonly by: string;
  /** work on it begins at a random time within; left out: at once */
  readonly withinMs?: number;
}

/** What is written down in one transaction with a new exchange; where it throws, there is none. */
export type BegunTogether = (tx: TransactionQueries, exchangeId: Id<'exc'>) => Promise<void>;

/** Consent to one exchange: everything that can be known beforehand is checked before anything leaves. */
export class ExchangeStarter {
  readonly #queue = new KeyedQueue();

  constructor(
    private readonly context: AgentContext,
    private readonly parts: {
      readonly patients: Patients;
      readonly records: Records;
      readonly requirements: Requirements;
      readonly matcher: Matcher;
      readonly keyring: Keyring;
      readonly pseudonyms: Pseudonyms;
      readonly circuits: readonly HeldCircuit[];
      readonly jobs: Jobs;
    },
  ) {}

  /**
   * @throws PatientApiError `patient-api/does-not-match`, `/conflict`, `/requirement-not-open`, `/policy-not-held`, `/circuit-not-held`,
   *   `/no-pseudonym`, `/unknown-…`
   */
  async start(consent: Consent, together?: BegunTogether): Promise<ExchangeRow> {
    return this.#queue.run(consent.patientId, async () => {
      const { patients: known, records, requirements, pseudonyms } = this.parts;
      if ((await known.get(consent.patientId)).isRestoring) throw new PatientApiError('patient-api/restoring', 'the patient’s pseudonyms are being recovered from the ledger; try again');
      const record = await records.load(consent.patientId, consent.recordId);
      const requirement = await this.#openRequirement(requirements, consent.requirementId);
      this.#requireMatch(record, requirement);
      await this.#requireNoConflict(consent, requirement);
      if ((await pseudonyms.unused(consent.patientId)) === 0) await pseudonyms.ensure(consent.patientId, 1);
      const exchange = await this.#prepare(consent, record, requirement, together);
      known.replenish(consent.patientId);
      this.parts.jobs.notify();
      return exchange;
    });
  }

  async #openRequirement(requirements: Requirements, requirementId: Id<'req'>): Promise<KnownRequirement> {
    let requirement = await requirements.get(requirementId);
    if (!isOpen(requirement, this.context.clock())) {
      throw new PatientApiError('patient-api/requirement-not-open', 'the requirement is closed, has expired, or has all records it wanted', { status: requirement.status });
    }
    if (requirement.policy === null) {
      await requirements.fetchMissing();
      requirement = await requirements.get(requirementId);
    }
    return requirement;
  }

  #requireMatch(record: LoadedRecord, requirement: KnownRequirement): void {
    if (requirement.policy === null) throw new PatientApiError('patient-api/policy-not-held', 'the policy behind this requirement has not been published yet; try again');
    const explanation = evaluate(record, requirement.policy);
    if (!explanation.matched) {
      const missed = explanation.groups.flatMap(({ matched }, group) => (matched ? [] : [group]));
      throw new PatientApiError('patient-api/does-not-match', 'the record does not match the study’s criteria; nothing has left this agent', {
        groupsNotMatched: missed.join(','),
        attestation: explanation.attestation,
      });
    }
    circuitFor(this.parts.circuits, requirement, record);
  }

  async #requireNoConflict({ patientId, acknowledgeConflicts }: Consent, requirement: KnownRequirement): Promise<void> {
    if (acknowledgeConflicts) return;
    const conflicts: patientApi.Conflict[] = conflictsWith(requirement, await this.parts.matcher.past(patientId), this.context.clock());
    const [first] = conflicts;
    if (first === undefined) return;
    throw new PatientApiError('patient-api/conflict', `the ledger would refuse it: ${first.reason}`, {
      conflicts: conflicts.map(({ code }) => code).join(','),
      exchangeId: first.exchangeId,
    });
  }

  /** A fresh pseudonym, a fresh r and hence a fresh h: nothing links this instance to another of the same record. */
  async #prepare(consent: Consent, record: LoadedRecord, requirement: KnownRequirement, together?: BegunTogether): Promise<ExchangeRow> {
    const { database, clock, random } = this.context;
    const { keyring, pseudonyms, jobs } = this.parts;
    const keys = await keyring.of(consent.patientId);
    const attested = { partsRoot: record.tree.partsRoot, timeDay: record.attestation.timeDay, subject: subjectOf(keys.idSecret) };
    const exchangeId = makeId('exc', random(16));
    return database.transaction(async (tx) => {
      const [counted] = await tx
        .update(patients)
        .set({ nextInstance: sql`${patients.nextInstance} + 1` })
        .where(eq(patients.patientId, consent.patientId))
        .returning({ next: patients.nextInstance });
      const instanceIndex = (counted?.next ?? 1) - 1;
      const pseudonym = await pseudonyms.draw(tx, consent.patientId, exchangeId);
      const nowMs = clock();
      const [row] = await tx
        .insert(exchanges)
        .values({
          exchangeId,
          patientId: consent.patientId,
          recordId: consent.recordId,
          requirementId: consent.requirementId,
          institution: requirement.institution,
          reward: requirement.terms.rewardPerRecord,
          phase: 'prepared',
          phases: { prepared: nowMs },
          pseudonymIndex: pseudonym.index,
          account: pseudonym.account,
          instanceIndex,
          commitment: commit(attested, keys.record(instanceIndex).blinding).h,
          consentedBy: consent.by,
          acknowledgedConflicts: consent.acknowledgeConflicts,
          startedAtMs: nowMs,
          updatedAtMs: nowMs,
        })
        .returning();
      const runAtMs = startAtMs({ nowMs, withinMs: consent.withinMs ?? 0, expiresAtMs: requirement.terms.expiresAtMs }, random);
      await jobs.enqueue(tx, EXCHANGE, { key: exchangeId, payload: { exchangeId }, runAtMs });
      await together?.(tx, exchangeId);
      if (row === undefined) throw new PatientApiError('patient-api/unknown-exchange', 'the exchange could not be written down');
      return row;
    });
  }
}
