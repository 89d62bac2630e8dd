import type { patientApi } from '@medveil/client';
import type { Queries, TransactionQueries } from '@medveil/database';
import { type Clock, type Id, toHex } from '@medveil/encoding';
import type { TrailStore } from '@medveil/host';
import { asc, desc, eq, gt } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import { exchangeParts, type ExchangePartRow, type ExchangeRow, exchanges } from '../tables.js';
import type { Changes } from './changes.js';
import { follows, nextStep, type Phase } from './phases.js';

export type ExchangeChange = Partial<Omit<ExchangeRow, 'exchangeId' | 'sequence' | 'phase' | 'phases' | 'updatedAtMs'>>;

type Moving = Pick<ExchangeRow, 'exchangeId' | 'phase' | 'phases'>;

/** Moves an exchange on, with what became known by it; a phase that is behind it changes nothing. @returns whether it moved */
export async function moveTo(on: Queries, clock: Clock, exchange: Moving, phase: Phase, change: ExchangeChange = {}, mayMove = follows): Promise<boolean> {
  if (!mayMove(phase, exchange.phase)) return false;
  const nowMs = clock();
  await on
    .update(exchanges)
    .set({ ...change, phase, phases: { ...exchange.phases, [phase]: nowMs }, lastError: null, updatedAtMs: nowMs })
    .where(eq(exchanges.exchangeId, exchange.exchangeId));
  return true;
}

/** A claim's id is known before it is sent, and written down with its transaction. */
export async function nameClaim(tx: TransactionQueries, exchangeId: Id<'exc'>, claimId: Id<'clm'>): Promise<void> {
  await tx.update(exchanges).set({ claimId }).where(eq(exchanges.exchangeId, exchangeId));
}

export class ExchangeStore {
  constructor(
    private readonly context: Pick<AgentContext, 'database' | 'clock'>,
    private readonly changes: Changes,
    private readonly trail: Pick<TrailStore, 'ofTypes'>,
  ) {}

  /** @throws PatientApiError `patient-api/unknown-exchange` */
  async get(exchangeId: Id<'exc'>): Promise<ExchangeRow> {
    const [row] = await this.context.database.queries.select().from(exchanges).where(eq(exchanges.exchangeId, exchangeId));
    if (row === undefined) throw new PatientApiError('patient-api/unknown-exchange', 'this agent knows no such exchange');
    return row;
  }

  async ofPatient(patientId: Id<'pat'>): Promise<ExchangeRow[]> {
    return this.context.database.queries.select().from(exchanges).where(eq(exchanges.patientId, patientId)).orderBy(desc(exchanges.sequence));
  }

  async list(afterSequence: number, limit: number): Promise<ExchangeRow[]> {
    return this.context.database.queries.select().from(exchanges).where(gt(exchanges.sequence, afterSequence)).orderBy(asc(exchanges.sequence)).limit(limit);
  }

  async parts(exchangeId: Id<'exc'>): Promise<ExchangePartRow[]> {
    return this.context.database.queries.select().from(exchangeParts).where(eq(exchangeParts.exchangeId, exchangeId));
  }

  /** Reads the exchange as it is now, so that news of the ledger meanwhile are not overwritten. @returns whether it moved */
  async move(exchangeId: Id<'exc'>, phase: Phase, change: ExchangeChange = {}, mayMove = follows): Promise<boolean> {
    const { database, clock } = this.context;
    const hasMoved = await database.transaction(async (tx) => {
      const [row] = await tx.select().from(exchanges).where(eq(exchanges.exchangeId, exchangeId)).for('update');
      return row !== undefined && (await moveTo(tx, clock, row, phase, change, mayMove));
    });
    this.changes.notify(exchangeId);
    return hasMoved;
  }

  /** Something about the exchange, but not its phase. */
  async note(exchangeId: Id<'exc'>, change: ExchangeChange): Promise<void> {
    await this.context.database.queries
      .update(exchanges)
      .set({ ...change, updatedAtMs: this.context.clock() })
      .where(eq(exchanges.exchangeId, exchangeId));
    this.changes.notify(exchangeId);
  }

  /** What settled claims paid, by the ledger's verified events. */
  async earnings(patientId: Id<'pat'>): Promise<number> {
    const settled = await this.trail.ofTypes(patientId, ['settled']);
    return settled.reduce((credits, { event }) => credits + (event.type === 'settled' ? event.data.paid : 0), 0);
  }
}

export const exchangeView = (row: ExchangeRow): patientApi.Exchange => ({
  exchangeId: row.exchangeId,
  patientId: row.patientId,
  requirementId: row.requirementId,
  phase: row.phase,
  code: row.code,
  reason: row.reason,
  nextStep: nextStep(row.phase, row.lastError),
  record: toHex(row.commitment),
  claimId: row.claimId,
  reward: row.reward,
  paid: row.paid,
  revokedAtMs: row.revokedAtMs,
  startedAtMs: row.startedAtMs,
  updatedAtMs: row.updatedAtMs,
  phases: row.phases,
});
