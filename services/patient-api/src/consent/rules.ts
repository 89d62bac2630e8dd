import { KeyedQueue } from '@medveil/client';
import { type ConsentStatement, type HeldRule, MAX_RULES, readStatement, signStatement, type StandingRule, statementDigest } from '@medveil/consent';
import type { Jobs, TransactionQueries } from '@medveil/database';
import { type Id, makeId } from '@medveil/encoding';
import { and, asc, count, desc, eq, gt, isNull } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import type { Keyring } from '../parties/keyring.js';
import type { Patients } from '../parties/patients.js';
import { consentDecisions, type ConsentRuleRow, consentRules, consentStatements } from '../tables.js';
import { PATIENT_CONSENT } from './jobs.js';

/** A statement as it was kept, read back and checked. */
export interface KeptStatement {
  readonly said: ConsentStatement;
  readonly statement: Uint8Array;
  readonly signature: Uint8Array;
}

/** A patient's standing rules, each made and revoked by a statement that is signed in the patient's name and chained to the one before. */
export class ConsentRules {
  readonly #queue = new KeyedQueue();

  constructor(
    private readonly context: AgentContext,
    private readonly patients: Patients,
    private readonly keyring: Keyring,
    private readonly jobs: Jobs,
  ) {}

  /** @throws PatientApiError `patient-api/too-many-rules`, `patient-api/unknown-patient` */
  async make(patientId: Id<'pat'>, rule: StandingRule, by: string): Promise<ConsentRuleRow> {
    await this.patients.get(patientId);
    const ruleId = makeId('cns', this.context.random(16));
    return this.#say(patientId, { by, ruleId, rule }, async (tx, atMs) => {
      const [held] = await tx.select({ number: count() }).from(consentRules).where(inForceOf(patientId));
      if ((held?.number ?? 0) >= MAX_RULES) throw new PatientApiError('patient-api/too-many-rules', `a patient has at most ${MAX_RULES} rules in force; revoke one first`);
      const row = { ruleId, patientId, rule, createdAtMs: atMs, revokedAtMs: null };
      await tx.insert(consentRules).values(row);
      await this.jobs.enqueue(tx, PATIENT_CONSENT, { key: `${patientId}/${ruleId}`, payload: { patientId } });
      return row;
    });
  }

  /** Idempotent. @throws PatientApiError `patient-api/unknown-rule` */
  async revoke(patientId: Id<'pat'>, ruleId: Id<'cns'>, by: string): Promise<ConsentRuleRow> {
    const known = await this.#find(patientId, ruleId);
    if (known.revokedAtMs !== null) return known;
    const revoked = await this.#say(patientId, { by, ruleId, rule: null }, async (tx, atMs) => {
      const [row] = await tx.update(consentRules).set({ revokedAtMs: atMs }).where(and(eq(consentRules.ruleId, ruleId), isNull(consentRules.revokedAtMs))).returning();
      return row ?? null;
    });
    return revoked ?? this.#find(patientId, ruleId);
  }

  async list(patientId: Id<'pat'>, revoked: boolean): Promise<ConsentRuleRow[]> {
    await this.patients.get(patientId);
    const which = revoked ? eq(consentRules.patientId, patientId) : inForceOf(patientId);
    return this.context.database.queries.select().from(consentRules).where(which).orderBy(asc(consentRules.createdAtMs), asc(consentRules.ruleId)).limit(1_000);
  }

  /** Rules that were not revoked, with what they began: ready for `evaluateConsent`. */
  async held(patientId: Id<'pat'>): Promise<HeldRule[]> {
    const { queries } = this.context.database;
    const rules = await queries.select().from(consentRules).where(inForceOf(patientId)).orderBy(asc(consentRules.createdAtMs), asc(consentRules.ruleId));
    if (rules.length === 0) return [];
    const begun = await queries
      .select({ ruleId: consentDecisions.ruleId, atMs: consentDecisions.decidedAtMs })
      .from(consentDecisions)
      .where(eq(consentDecisions.patientId, patientId));
    return rules.map(({ ruleId, rule }) => ({ ruleId, rule, begunAtMs: begun.flatMap((one) => (one.ruleId === ruleId ? [one.atMs] : [])) }));
  }

  /** Patients with a rule that could begin something, in order of their ids. */
  async patientsWithRules(after: string, limit: number): Promise<Id<'pat'>[]> {
    const rows = await this.context.database.queries
      .selectDistinct({ patientId: consentRules.patientId })
      .from(consentRules)
      .where(and(isNull(consentRules.revokedAtMs), gt(consentRules.patientId, after as Id<'pat'>)))
      .orderBy(asc(consentRules.patientId))
      .limit(limit);
    return rows.map(({ patientId }) => patientId);
  }

  /** The signed record, oldest first. @throws PatientApiError `patient-api/consent-record-altered` where a statement or the chain does not check out */
  async statements(patientId: Id<'pat'>, from: number, limit: number): Promise<KeptStatement[]> {
    await this.patients.get(patientId);
    const { publicKey } = (await this.keyring.of(patientId)).enrolment;
    const before = from === 0 ? [] : await this.#read(patientId, from - 1, 1);
    let previous = before[0] === undefined ? null : statementDigest(before[0].statement);
    return (await this.#read(patientId, from, limit)).map(({ sequence, statement, signature }) => {
      const said = readStatement({ statement, signature }, publicKey);
      const isNext = said?.sequence === sequence && said.patientId === patientId && Buffer.compare(said.previous ?? new Uint8Array(), previous ?? new Uint8Array()) === 0;
      if (said === null || !isNext) throw new PatientApiError('patient-api/consent-record-altered', 'the record of consent was altered', { sequence });
      previous = statementDigest(statement);
      return { said, statement, signature };
    });
  }

  async #read(patientId: Id<'pat'>, from: number, limit: number) {
    return this.context.database.queries
      .select()
      .from(consentStatements)
      .where(and(eq(consentStatements.patientId, patientId), gt(consentStatements.sequence, from - 1)))
      .orderBy(asc(consentStatements.sequence))
      .limit(limit);
  }

  async #find(patientId: Id<'pat'>, ruleId: Id<'cns'>): Promise<ConsentRuleRow> {
    const [row] = await this.context.database.queries.select().from(consentRules).where(and(eq(consentRules.ruleId, ruleId), eq(consentRules.patientId, patientId)));
    if (row === undefined) throw new PatientApiError('patient-api/unknown-rule', 'the patient has no such rule');
    return row;
  }

  /** Statement and effect are one transaction; an effect of null changes nothing and is not stated. */
  async #say<Row>(patientId: Id<'pat'>, what: Pick<ConsentStatement, 'by' | 'ruleId' | 'rule'>, effect: (tx: TransactionQueries, atMs: number) => Promise<Row>): Promise<Row> {
    return this.#queue.run(patientId, async () => {
      const { database, chainId, clock } = this.context;
      const { enrolment } = await this.keyring.of(patientId);
      const done = await database.transaction(async (tx) => {
        const [last] = await tx.select().from(consentStatements).where(eq(consentStatements.patientId, patientId)).orderBy(desc(consentStatements.sequence)).limit(1);
        const atMs = clock();
        const sequence = last === undefined ? 0 : last.sequence + 1;
        const row = await effect(tx, atMs);
        if (row === null) return row;
        const previous = last === undefined ? null : statementDigest(last.statement);
        const signed = signStatement({ version: 1, chainId, patientId, sequence, previous, atMs, ...what }, enrolment);
        await tx.insert(consentStatements).values({ patientId, sequence, ...signed });
        return row;
      });
      this.jobs.notify();
      return done;
    });
  }
}

const inForceOf = (patientId: Id<'pat'>) => and(eq(consentRules.patientId, patientId), isNull(consentRules.revokedAtMs));
