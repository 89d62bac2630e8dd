import type { patientApi } from '@medveil/client';
import type { Queries, TransactionQueries } from '@medveil/database';
import type { Id } from '@medveil/encoding';
import { and, asc, count, desc, eq, gt } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import type { ExchangeStarter } from '../exchanges/begin.js';
import { isOpen, type KnownRequirement, type Requirements } from '../ledger/requirements.js';
import { describeLicence } from '../matching/words.js';
import { consentDecisions, type ConsentDecisionRow } from '../tables.js';

/** Open questions of one patient; more are put once some are answered. */
const MAX_OPEN_QUESTIONS = 200;
const HOUR_MS = 3_600_000;

export type Decided = Pick<ConsentDecisionRow, 'patientId' | 'requirementId' | 'recordId' | 'ruleId'>;

/** What standing rules did, one entry for a patient and requirement; the open questions among them, and their answers. */
export class ConsentDecisions {
  constructor(
    private readonly context: AgentContext,
    private readonly requirements: Requirements,
    private readonly starter: ExchangeStarter,
  ) {}

  async find(patientId: Id<'pat'>, requirementId: Id<'req'>): Promise<ConsentDecisionRow | undefined> {
    const [row] = await this.context.database.queries.select().from(consentDecisions).where(pair(patientId, requirementId));
    return row;
  }

  /** In one transaction with the exchange. @throws PatientApiError `patient-api/decided-already` */
  async granted(tx: TransactionQueries, decided: Decided, exchangeId: Id<'exc'>): Promise<void> {
    const row = { ...decided, outcome: 'granted' as const, exchangeId, decidedAtMs: this.context.clock() };
    const inserted = await tx.insert(consentDecisions).values(row).onConflictDoNothing().returning({ sequence: consentDecisions.sequence });
    if (inserted.length === 0) throw decidedAlready();
  }

  /** When the limit for all patients together leaves room for another grant: now, or when the oldest that counts is an hour old. */
  async hourFreeAtMs(): Promise<number> {
    const { settings, database, clock } = this.context;
    const nowMs = clock();
    const [last] = await database.queries
      .select({ atMs: consentDecisions.decidedAtMs })
      .from(consentDecisions)
      .where(and(eq(consentDecisions.outcome, 'granted'), gt(consentDecisions.decidedAtMs, nowMs - HOUR_MS)))
      .orderBy(desc(consentDecisions.decidedAtMs))
      .offset(settings.standingExchangesPerHour - 1)
      .limit(1);
    return last === undefined ? nowMs : last.atMs + HOUR_MS;
  }

  async ask(decided: Decided): Promise<void> {
    const { queries } = this.context.database;
    const [open] = await queries.select({ number: count() }).from(consentDecisions).where(and(eq(consentDecisions.patientId, decided.patientId), eq(consentDecisions.outcome, 'asked')));
    if ((open?.number ?? 0) >= MAX_OPEN_QUESTIONS) {
      this.context.log.warn('question-not-put', { patientId: decided.patientId, code: 'too-many-open-questions' });
      return;
    }
    await queries.insert(consentDecisions).values({ ...decided, outcome: 'asked', decidedAtMs: this.context.clock() }).onConflictDoNothing();
  }

  /**
   * Yes begins the exchange, in one transaction with the answer.
   * @throws PatientApiError `patient-api/unknown-question`, `/decided-already`; what `ExchangeStarter.start` refuses, and the question stays open
   */
  async answer(patientId: Id<'pat'>, requirementId: Id<'req'>, answer: 'yes' | 'no', by: string): Promise<ConsentDecisionRow> {
    const asked = await this.find(patientId, requirementId);
    if (asked === undefined) throw new PatientApiError('patient-api/unknown-question', 'the patient was asked no such question');
    if (asked.outcome !== 'asked') throw decidedAlready(asked.outcome);
    if (answer === 'no') await this.#end(this.context.database.queries, asked, { outcome: 'no', answeredBy: by });
    else {
      await this.starter.start({ patientId, requirementId, recordId: asked.recordId, acknowledgeConflicts: false, by }, (tx, exchangeId) =>
        this.#end(tx, asked, { outcome: 'yes', answeredBy: by, exchangeId }));
    }
    return (await this.find(patientId, requirementId)) ?? asked;
  }

  /** @returns how many questions were open */
  async closeAll(patientId: Id<'pat'>, by: string): Promise<number> {
    const closed = await this.context.database.queries
      .update(consentDecisions)
      .set({ outcome: 'withdrawn', answeredAtMs: this.context.clock(), answeredBy: by })
      .where(and(eq(consentDecisions.patientId, patientId), eq(consentDecisions.outcome, 'asked')))
      .returning({ sequence: consentDecisions.sequence });
    return closed.length;
  }

  async list(patientId: Id<'pat'>, outcome: patientApi.ConsentOutcome | undefined, after: number, limit: number): Promise<{ sequence: number; decision: patientApi.ConsentDecision }[]> {
    const rows = await this.context.database.queries
      .select()
      .from(consentDecisions)
      .where(and(eq(consentDecisions.patientId, patientId), gt(consentDecisions.sequence, after), ...(outcome === undefined ? [] : [eq(consentDecisions.outcome, outcome)])))
      .orderBy(asc(consentDecisions.sequence))
      .limit(limit);
    return Promise.all(rows.map(async (row) => ({ sequence: row.sequence, decision: await this.view(row) })));
  }

  async view(row: ConsentDecisionRow): Promise<patientApi.ConsentDecision> {
    return decisionView(row, await this.requirements.get(row.requirementId), this.context.clock());
  }

  async #end(on: Queries, { patientId, requirementId }: Decided, change: Partial<ConsentDecisionRow>): Promise<void> {
    const ended = await on
      .update(consentDecisions)
      .set({ ...change, answeredAtMs: this.context.clock() })
      .where(and(pair(patientId, requirementId), eq(consentDecisions.outcome, 'asked')))
      .returning({ sequence: consentDecisions.sequence });
    if (ended.length === 0) throw decidedAlready();
  }
}

const pair = (patientId: Id<'pat'>, requirementId: Id<'req'>) => and(eq(consentDecisions.patientId, patientId), eq(consentDecisions.requirementId, requirementId));

const decidedAlready = (outcome = 'decided'): PatientApiError =>
  new PatientApiError('patient-api/decided-already', 'this was decided already; an exchange can still be begun by itself', { outcome });

const decisionView = (row: ConsentDecisionRow, requirement: KnownRequirement, nowMs: number): patientApi.ConsentDecision => ({
  requirementId: row.requirementId,
  recordId: row.recordId,
  ruleId: row.ruleId,
  outcome: row.outcome,
  exchangeId: row.exchangeId,
  decidedAtMs: row.decidedAtMs,
  answeredAtMs: row.answeredAtMs,
  answeredBy: row.answeredBy,
  isOpen: isOpen(requirement, nowMs),
  title: requirement.terms.keywords.join(', '),
  institution: requirement.institution,
  parts: [...requirement.terms.parts],
  licence: describeLicence(requirement.terms.licence),
  reward: requirement.terms.rewardPerRecord,
  expiresAtMs: requirement.terms.expiresAtMs,
});
