import type { researchApi } from '@medveil/client';
import { type Id, toHex } from '@medveil/encoding';
import type { ResearchContext } from '../context.js';
import { ResearchApiError } from '../errors.js';
import type { Position } from '../institutions/institution-store.js';
import type { DeliveryRow, DeliveryStatus } from '../tables.js';
import type { DeliveryStore } from './delivery-store.js';
import { RECEIVED } from './receive.js';
import type { SealedObjects } from './sealed-objects.js';

const FINAL = new Set<DeliveryStatus>(['settled', 'lapsed', 'withdrawn', 'refunded']);

/** What was claimed of the institutions' requirements, and what came of it. */
export class Deliveries {
  constructor(
    private readonly context: ResearchContext,
    private readonly store: DeliveryStore,
    private readonly sealed: SealedObjects,
  ) {}

  get(institutionId: Id<'ins'>, claimId: Id<'clm'>, waitMs: number, signal: AbortSignal): Promise<researchApi.Delivery> {
    const read = async () => viewOf(await this.#owned(institutionId, claimId));
    return this.context.changes.until(read, ({ status }) => FINAL.has(status), waitMs, signal);
  }

  async page(institutionId: Id<'ins'>, after: Position | undefined, limit: number): Promise<{ rows: DeliveryRow[]; views: researchApi.Delivery[] }> {
    const rows = await this.store.page(institutionId, after, limit + 1);
    return { rows, views: rows.slice(0, limit).map(viewOf) };
  }

  /** The decrypted part: canonical FHIR. @throws ResearchApiError `research-api/part-not-received` */
  async part(institutionId: Id<'ins'>, claimId: Id<'clm'>, name: string): Promise<Uint8Array> {
    const { parts } = await this.#owned(institutionId, claimId);
    const part = parts.find((received) => received.part === name);
    if (part === undefined) throw new ResearchApiError('research-api/part-not-received', 'no such part has been received and verified');
    this.context.log.info('part-read', { claimId, resource: part.part });
    return this.sealed.get(RECEIVED, [claimId, part.part], part.objectKey);
  }

  async #owned(institutionId: Id<'ins'>, claimId: Id<'clm'>): Promise<DeliveryRow> {
    const row = await this.store.get(claimId);
    if (row.institutionId !== institutionId) throw new ResearchApiError('research-api/unknown-delivery', 'there is no such claim on a requirement of this institution');
    return row;
  }
}

const viewOf = (row: DeliveryRow): researchApi.Delivery => ({
  claimId: row.claimId,
  requirementId: row.requirementId,
  record: toHex(row.record),
  status: row.status,
  checks: row.checks,
  parts: row.parts.map(({ part, bytes, sha256, observations }) => ({ part, bytes, sha256, observations })),
  code: row.code,
  disputeCode: row.disputeCode,
  updatedAtMs: row.updatedAtMs,
});
