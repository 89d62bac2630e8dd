import { createHmac } from 'node:crypto';
import type { EventType } from '@medveil/agreements';
import type { researchApi } from '@medveil/client';
import { defineJob, type TransactionQueries } from '@medveil/database';
import { type Id, idSchema, isCodedError, makeId, toBase64Url } from '@medveil/encoding';
import type { KeptEntry, StorageSealer } from '@medveil/host';
import { and, asc, count, eq, inArray, isNull } from 'drizzle-orm';
import { z } from 'zod';
import type { ResearchContext } from '../context.js';
import { ResearchApiError } from '../errors.js';
import { webhooks, type WebhookRow } from '../tables.js';
import { post, requireTarget } from './targets.js';

const SECRET_BYTES = 32;
const MAX_WEBHOOKS = 20;
/** About a day of trying again, at the longest two hours apart. */
const WEBHOOK = defineJob({
  name: 'webhook',
  payload: z.strictObject({
    webhookId: idSchema('whk'), type: z.string(), atMs: z.int(), height: z.int(), receiptIndex: z.int(), eventIndex: z.int(),
    transactionId: z.string().nullable(), claimId: z.string().nullable(), requirementId: z.string().nullable(),
  }),
  maxAttempts: 20,
  backoffMs: { first: 1_000, longest: 2 * 3_600_000 },
});
type Call = z.infer<typeof WEBHOOK.payload>;

/**
 * Tells an institution's own systems what happened on the ledger: which event, about which claim, and where it stands. No medical
 * value, no data of the event: the receiver fetches what it may see. Signed as Standard Webhooks does (HMAC-SHA256 over id,
 * timestamp and body), so that a receiver refuses what is forged or old.
 */
export class Webhooks {
  constructor(
    private readonly context: ResearchContext,
    private readonly sealer: StorageSealer,
  ) {
    context.jobs.handle(WEBHOOK, ({ payload, key, signal }) => this.#call(payload, key, signal));
  }

  /** The secret is told here and never again. @throws ResearchApiError `research-api/webhook-target-refused`, `/too-many-webhooks` */
  async subscribe(institutionId: Id<'ins'>, url: string, events: readonly EventType[]): Promise<researchApi.NewWebhook> {
    const { settings, database, random, clock } = this.context;
    requireTarget(new URL(url), settings.webhooks);
    const webhookId = makeId('whk', random(16));
    const secret = random(SECRET_BYTES);
    const row = { webhookId, institutionId, url, events: [...events], secret: this.sealer.seal(webhookId, secret), createdAtMs: clock(), endedAtMs: null, lastError: null, deliveredAtMs: null };
    await database.transaction(async (tx) => {
      const [held] = await tx.select({ number: count() }).from(webhooks).where(inUse(institutionId));
      if ((held?.number ?? 0) >= MAX_WEBHOOKS) throw new ResearchApiError('research-api/too-many-webhooks', `an institution has at most ${MAX_WEBHOOKS} webhooks`);
      await tx.insert(webhooks).values(row);
    });
    return { ...webhookView(row), secret: toBase64Url(secret) };
  }

  async list(institutionId: Id<'ins'>): Promise<researchApi.Webhook[]> {
    const rows = await this.context.database.queries.select().from(webhooks).where(inUse(institutionId)).orderBy(asc(webhooks.createdAtMs), asc(webhooks.webhookId));
    return rows.map(webhookView);
  }

  /** @throws ResearchApiError `research-api/unknown-webhook` */
  async remove(institutionId: Id<'ins'>, webhookId: Id<'whk'>): Promise<void> {
    const ended = await this.context.database.queries
      .update(webhooks)
      .set({ endedAtMs: this.context.clock() })
      .where(and(inUse(institutionId), eq(webhooks.webhookId, webhookId)))
      .returning({ webhookId: webhooks.webhookId });
    if (ended.length === 0) throw new ResearchApiError('research-api/unknown-webhook', 'there is no such webhook');
  }

  /** In the transaction of the block: each event is told once for each subscription, whatever happens between. */
  async announce(tx: TransactionQueries, entries: readonly KeptEntry[]): Promise<void> {
    const owners = [...new Set(entries.map(({ ownerId }) => ownerId as Id<'ins'>))];
    if (owners.length === 0) return;
    const subscribed = await tx.select().from(webhooks).where(and(isNull(webhooks.endedAtMs), inArray(webhooks.institutionId, owners)));
    for (const { webhookId, institutionId, events } of subscribed) {
      for (const { ownerId, placed, claimId, requirementId } of entries) {
        if (ownerId !== institutionId || !events.includes(placed.event.type)) continue;
        const { height, receiptIndex, eventIndex, atMs, transactionId } = placed;
        const payload: Call = { webhookId, type: placed.event.type, atMs, height, receiptIndex, eventIndex, transactionId, claimId, requirementId };
        await this.context.jobs.enqueue(tx, WEBHOOK, { key: `${webhookId}/${height}.${receiptIndex}.${eventIndex}`, payload });
      }
    }
  }

  async #call({ webhookId, ...told }: Call, key: string, signal: AbortSignal): Promise<void> {
    const { database, clock, settings, log } = this.context;
    const [row] = await database.queries.select().from(webhooks).where(eq(webhooks.webhookId, webhookId));
    if (row === undefined || row.endedAtMs !== null) return;
    const body = JSON.stringify(told);
    const id = `msg_${key.replace('/', '_')}`;
    const timestamp = String(Math.floor(clock() / 1_000));
    const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatureOf(this.sealer.open(webhookId, row.secret), id, timestamp, body) };
    try {
      const status = await post(new URL(row.url), headers, body, settings.webhooks, signal);
      if (status === 410) await this.#note(row, { endedAtMs: clock(), lastError: 'http-410' });
      else if (status < 200 || status > 299) throw new ResearchApiError('research-api/webhook-not-delivered', 'the receiver refused', { status });
      else await this.#note(row, { lastError: null, deliveredAtMs: clock() });
    } catch (error) {
      const lastError = isCodedError(error) ? String(error.details['status'] ?? error.details['cause'] ?? error.code) : 'unexpected';
      await this.#note(row, { lastError });
      log.info('webhook-not-delivered', { resource: webhookId, code: 'research-api/webhook-not-delivered' });
      throw error;
    }
  }

  async #note({ webhookId }: WebhookRow, change: Partial<WebhookRow>): Promise<void> {
    await this.context.database.queries.update(webhooks).set(change).where(eq(webhooks.webhookId, webhookId));
  }
}

/** Standard Webhooks 1.0: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`. */
export const signatureOf = (secret: Uint8Array, id: string, timestamp: string, body: string): string =>
  `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;

const inUse = (institutionId: Id<'ins'>) => and(eq(webhooks.institutionId, institutionId), isNull(webhooks.endedAtMs));

const webhookView = ({ webhookId, url, events, createdAtMs, lastError, deliveredAtMs }: WebhookRow): researchApi.Webhook => ({ webhookId, url, events, createdAtMs, lastError, deliveredAtMs });
