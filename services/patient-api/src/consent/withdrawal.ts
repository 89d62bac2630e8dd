import type { EventType } from '@medveil/agreements';
import type { patientApi } from '@medveil/client';
import { type Id, toHex } from '@medveil/encoding';
import type { TrailEntry, TrailStore } from '@medveil/host';
import { and, asc, eq, gt, isNotNull } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import type { ExchangeStore } from '../exchanges/exchange-store.js';
import { isOver, UNCLAIMED } from '../exchanges/phases.js';
import type { ExchangeRunner } from '../exchanges/runner.js';
import type { Requirements } from '../ledger/requirements.js';
import { describeLicence } from '../matching/words.js';
import type { Patients } from '../parties/patients.js';
import { type ExchangeRow, exchanges } from '../tables.js';
import type { ConsentDecisions } from './decisions.js';
import type { ConsentRules } from './rules.js';
import type { StandingConsent } from './standing-consent.js';

/** Withdrawal of everything, and the list of what was disclosed before. */
export class Withdrawals {
  constructor(
    private readonly context: AgentContext,
    private readonly parts: {
      readonly patients: Patients;
      readonly rules: ConsentRules;
      readonly decisions: ConsentDecisions;
      readonly standing: StandingConsent;
      readonly store: ExchangeStore;
      readonly runner: ExchangeRunner;
      readonly requirements: Requirements;
      readonly trail: TrailStore;
    },
  ) {}

  /** Rules first, so that nothing new begins meanwhile. Each step is idempotent: a call that broke off is made again. */
  async everything(patientId: Id<'pat'>, by: string): Promise<patientApi.Withdrawal> {
    const { patients, rules, decisions, standing, store, runner } = this.parts;
    await patients.get(patientId);
    return standing.exclusively(patientId, async () => {
      const rulesRevoked: Id<'cns'>[] = [];
      for (const { ruleId } of await rules.list(patientId, false)) {
        await rules.revoke(patientId, ruleId, by);
        rulesRevoked.push(ruleId);
      }
      const questionsClosed = await decisions.closeAll(patientId, by);
      const all = await store.ofPatient(patientId);
      const withdrawable = all.filter(({ phase, revokedAtMs }) => revokedAtMs === null && (!isOver(phase) || phase === 'settled'));
      for (const { exchangeId } of withdrawable) await runner.revoke(exchangeId);
      return { patientId, rulesRevoked, questionsClosed, exchangesWithdrawn: idsOf(withdrawable), delivered: idsOf(all.filter(({ phases }) => phases.delivered !== undefined)) };
    });
  }

  /** Exchanges whose claim was accepted, and so may have led to a key with the proxy. */
  async disclosures(patientId: Id<'pat'>, after: number, limit: number): Promise<{ sequence: number; disclosure: patientApi.Disclosure }[]> {
    await this.parts.patients.get(patientId);
    const { queries } = this.context.database;
    const rows = await queries
      .select()
      .from(exchanges)
      .where(and(eq(exchanges.patientId, patientId), gt(exchanges.sequence, after), isNotNull(exchanges.claimId), isNotNull(exchanges.deliverByMs)))
      .orderBy(asc(exchanges.sequence))
      .limit(limit);
    const claims = rows.flatMap(({ claimId }) => (claimId === null ? [] : [claimId]));
    const receipts = await this.parts.trail.ofClaims(patientId, claims, ['revocation-recorded', 'deletion-recorded']);
    return Promise.all(rows.filter(({ phase }) => !UNCLAIMED.has(phase)).map(async (row) => ({ sequence: row.sequence, disclosure: await this.#view(row, receipts) })));
  }

  async #view(row: ExchangeRow, receipts: readonly TrailEntry[]): Promise<patientApi.Disclosure> {
    const { terms } = await this.parts.requirements.get(row.requirementId);
    const stated = (type: EventType) => placeOf(receipts.find(({ claimId, event }) => claimId === row.claimId && event.type === type));
    return {
      exchangeId: row.exchangeId,
      requirementId: row.requirementId,
      institution: row.institution,
      parts: [...terms.parts],
      licence: describeLicence(terms.licence),
      licenceUntilMs: terms.licence.untilMs,
      claimId: row.claimId ?? 'clm_',
      record: toHex(row.commitment),
      deliveredAtMs: row.phases.delivered ?? null,
      withdrawal: row.revocationRequestedAtMs === null && row.revokedAtMs === null
        ? null
        : { requestedAtMs: row.revocationRequestedAtMs ?? row.revokedAtMs ?? 0, revokedAtMs: row.revokedAtMs, keyDestroyed: stated('revocation-recorded') },
      deletion: { agreedByMs: terms.licence.deleteByMs, stated: stated('deletion-recorded') },
    };
  }
}

const idsOf = (rows: readonly ExchangeRow[]) => rows.map(({ exchangeId }) => exchangeId);

function placeOf(entry: TrailEntry | undefined): { atMs: number; height: number; statementHash: string } | null {
  if (entry === undefined || !('statementHash' in entry.event.data)) return null;
  return { atMs: entry.atMs, height: entry.height, statementHash: toHex(entry.event.data.statementHash) };
}
