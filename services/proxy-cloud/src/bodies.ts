import type { Readable } from 'node:stream';
import type { Database } from '@medveil/database';
import { type Clock, CodedError, fromHex, type Id } from '@medveil/encoding';
import { type ByteRange, objectKey, type ObjectStore, type StoredObject } from '@medveil/object-store';
import { and, eq } from 'drizzle-orm';
import { bodies, entitlements } from './tables.js';

const NAMESPACE = 'bodies';

/** Ciphertext bodies: anyone with a pseudonym may bring one; only whom the ledger entitles may fetch it. */
export class Bodies {
  constructor(
    private readonly store: ObjectStore,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly maxBodyBytes: number,
  ) {}

  /** @throws CodedError `proxy/body-too-large`, `object-store/…` */
  async put(sha256: string, sizeBytes: number, body: Readable, account: Id<'acc'>): Promise<{ sha256: string; sizeBytes: number; created: boolean }> {
    if (sizeBytes > this.maxBodyBytes) {
      throw new CodedError('proxy/body-too-large', 'the body is too large', { sizeBytes, maxBodyBytes: this.maxBodyBytes });
    }
    const digest = fromHex(sha256);
    const outcome = await this.store.put(objectKey(NAMESPACE, digest), body, { sha256: digest, sizeBytes });
    await this.database.queries.insert(bodies).values({ sha256, sizeBytes, account, storedAtMs: this.clock() }).onConflictDoNothing();
    return { sha256, sizeBytes, created: outcome === 'created' };
  }

  async entitle(sha256: string, account: Id<'acc'>, claimId: Id<'clm'>): Promise<void> {
    await this.database.queries.insert(entitlements).values({ sha256, account, claimId }).onConflictDoNothing();
  }

  /** @throws CodedError `proxy/not-entitled` (also where there is no such body), `object-store/…` */
  async get(sha256: string, account: Id<'acc'>, range?: ByteRange): Promise<StoredObject> {
    const [entitled] = await this.database.queries
      .select({ claimId: entitlements.claimId })
      .from(entitlements)
      .where(and(eq(entitlements.sha256, sha256), eq(entitlements.account, account)))
      .limit(1);
    if (entitled === undefined) throw new CodedError('proxy/not-entitled', 'the ledger records no delivery of this body to this account');
    return this.store.get(objectKey(NAMESPACE, fromHex(sha256)), range);
  }
}
