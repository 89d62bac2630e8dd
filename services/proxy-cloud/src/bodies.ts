import type { Readable } from 'node:stream';
import type { Database } from '@medveil/database';
import { type Clock, CodedError, fromHex, type Id } from '@medveil/encoding';
import { type ByteRange, objectKey, type ObjectStore, type StoredObject } from '@medveil/object-store';
import { and, eq, ne, sql } from 'drizzle-orm';
import { bodies, entitlements } from './tables.js';

const NAMESPACE = 'bodies';

/** Ciphertext bodies: anyone with a pseudonym may bring one; only whom the ledger entitles may fetch it. */
export class Bodies {
  constructor(
    private readonly store: ObjectStore,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly limits: { readonly maxBodyBytes: number; readonly maxAccountBytes: number },
  ) {}

  /** @throws CodedError `proxy/body-too-large`, `proxy/quota-exceeded`, `object-store/…` */
  async put(sha256: string, sizeBytes: number, body: Readable, account: Id<'acc'>): Promise<{ sha256: string; sizeBytes: number; created: boolean }> {
    const { maxBodyBytes } = this.limits;
    if (sizeBytes > maxBodyBytes) {
      throw new CodedError('proxy/body-too-large', 'the body is too large', { sizeBytes, maxBodyBytes });
    }
    await this.#requireRoom(sha256, sizeBytes, account);
    const digest = fromHex(sha256);
    const outcome = await this.store.put(objectKey(NAMESPACE, digest), body, { sha256: digest, sizeBytes });
    await this.database.queries.insert(bodies).values({ sha256, sizeBytes, account, storedAtMs: this.clock() }).onConflictDoNothing();
    return { sha256, sizeBytes, created: outcome === 'created' };
  }

  async entitle(sha256: string, account: Id<'acc'>, claimId: Id<'clm'>): Promise<void> {
    await this.database.queries.insert(entitlements).values({ sha256, account, claimId }).onConflictDoNothing();
  }

  /** A revoked grant ends the access that has not happened yet. */
  async withdraw(claimId: Id<'clm'>): Promise<void> {
    await this.database.queries.delete(entitlements).where(eq(entitlements.claimId, claimId));
  }

  /** Of those whom a claim entitles, `account` alone stays so. */
  async withdrawFromOthers(claimId: Id<'clm'>, account: Id<'acc'>): Promise<void> {
    await this.database.queries.delete(entitlements).where(and(eq(entitlements.claimId, claimId), ne(entitlements.account, account)));
  }

  /** @throws CodedError `proxy/not-entitled` (also where there is no such body), `object-store/not-found` */
  async sizeFor(sha256: string, account: Id<'acc'>): Promise<number> {
    const [entitled] = await this.database.queries
      .select({ claimId: entitlements.claimId })
      .from(entitlements)
      .where(and(eq(entitlements.sha256, sha256), eq(entitlements.account, account)))
      .limit(1);
    if (entitled === undefined) throw new CodedError('proxy/not-entitled', 'the ledger records no delivery of this body to this account');
    const found = await this.store.head(objectKey(NAMESPACE, fromHex(sha256)));
    if (found === undefined) throw new CodedError('object-store/not-found', 'the body is not here');
    return found.sizeBytes;
  }

  /** After `sizeFor`. @throws CodedError `object-store/…` */
  async get(sha256: string, range?: ByteRange): Promise<StoredObject> {
    return this.store.get(objectKey(NAMESPACE, fromHex(sha256)), range);
  }

  /** A pseudonym brings the parts of a few records: what it may fill has a limit. */
  async #requireRoom(sha256: string, sizeBytes: number, account: Id<'acc'>): Promise<void> {
    const [used] = await this.database.queries
      .select({ bytes: sql<string>`coalesce(sum(${bodies.sizeBytes}), 0)` })
      .from(bodies)
      .where(and(eq(bodies.account, account), ne(bodies.sha256, sha256)));
    if (Number(used?.bytes ?? 0) + sizeBytes > this.limits.maxAccountBytes) {
      throw new CodedError('proxy/quota-exceeded', 'this account has stored as much as it may', { maxAccountBytes: this.limits.maxAccountBytes });
    }
  }
}
