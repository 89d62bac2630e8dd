import type { DisputeOutcome } from '@medveil/agreements';
import type { auditorApi } from '@medveil/client';
import type { Id } from '@medveil/encoding';
import type { AuditorContext } from '../context.js';
import { AuditorError } from '../errors.js';
import type { DisputeRow } from '../tables.js';
import type { Position } from './dispute-store.js';
import { VOTE } from './vote.js';

/** What this auditor knows of disputes, and a human's word on it. */
export class Disputes {
  constructor(private readonly context: AuditorContext) {}

  async get(claimId: Id<'clm'>): Promise<auditorApi.Dispute> {
    return viewOf(await this.context.disputes.get(claimId));
  }

  /** With one row more than asked for, where there is more. */
  async page(after: Position | undefined, limit: number): Promise<DisputeRow[]> {
    return this.context.disputes.page(after, limit + 1);
  }

  /**
   * Lets this auditor vote as it found. The outcome is said again, so that nobody approves what they have not read.
   * @throws AuditorError `auditor/unknown-dispute`, `auditor/nothing-found-yet`, `auditor/found-otherwise`
   */
  async approve(claimId: Id<'clm'>, outcome: DisputeOutcome): Promise<auditorApi.Dispute> {
    const { disputes, database, jobs, clock } = this.context;
    const row = await disputes.get(claimId);
    if (row.outcome === null) throw new AuditorError('auditor/nothing-found-yet', 'this auditor has come to no finding', { status: row.status });
    if (row.outcome !== outcome) throw new AuditorError('auditor/found-otherwise', 'this auditor has found otherwise', { outcome: row.outcome });
    await database.transaction(async (tx) => {
      await disputes.move(tx, claimId, ['found'], { approvedAtMs: clock(), updatedAtMs: clock() });
      await jobs.enqueue(tx, VOTE, { key: claimId, payload: { claimId } });
    });
    jobs.notify();
    return this.get(claimId);
  }
}

export const viewOf = (row: DisputeRow): auditorApi.Dispute => ({
  claimId: row.claimId,
  requirementId: row.requirementId,
  institution: row.institution,
  status: row.status,
  openedAtMs: row.openedAtMs,
  ruleByMs: row.ruleByMs,
  finding: row.outcome === null ? null : { outcome: row.outcome, reason: row.reason ?? '', part: row.part, checks: [...row.checks] },
  code: row.code,
  ruled: row.ruled,
});
