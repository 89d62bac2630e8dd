import type { BodyOf, EventData } from '@medveil/agreements';
import { type LedgerAccess, LedgerRejection, type proxyApi, type TransactionAuthor } from '@medveil/client';
import { type Database, defineJob, type JobKind, type Jobs, type JsonObject, PermanentJobError } from '@medveil/database';
import { type Clock, CodedError, digest, encodeCanonical, type Id, idSchema, isCodedError, type RandomBytes, sha256, toHex } from '@medveil/encoding';
import { accountId, type HpkeKeyPair, sign } from '@medveil/identity';
import type { Afgh06 } from '@medveil/pre';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { readVerifiedClaim, reEncryptParts, type VerifiedClaim } from './delivery.js';
import { openGrant } from './grant-format.js';
import type { GrantObserver } from './metrics.js';
import { grants, type GrantStatus } from './tables.js';

type GrantJob = JsonObject & { readonly claimId: Id<'clm'>; readonly account: Id<'acc'> };
const payload = z.object({ claimId: idSchema('clm'), account: idSchema('acc') }) as z.ZodType<GrantJob>;
const DELIVER: JobKind<GrantJob> = defineJob({ name: 'deliver-claim', payload, maxAttempts: 20 });
const DESTROY: JobKind<GrantJob> = defineJob({ name: 'destroy-keys', payload, maxAttempts: 50 });

/** The claim may be accepted in a block that has not reached this service: it is looked for ever less often. */
const LOOK_AGAIN_MS = 1_000;
const LONGEST_LOOK_MS = 60_000;
const UNKNOWN_CLAIM_MS = 24 * 3_600_000;
/** Of one account that wait for their claims. */
const MAX_OPEN_GRANTS = 64;
const MAX_SEALED_BYTES = 16 * 1024;
const STATEMENT_DOMAIN = 'medveil/revocation-statement/1';
const NOTHING = new Uint8Array();

export interface GrantsDependencies {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly ledger: LedgerAccess;
  readonly chainId: string;
  readonly pre: Afgh06;
  readonly hpke: HpkeKeyPair;
  readonly author: TransactionAuthor;
  readonly observer: GrantObserver;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/**
 * Re-encryption keys of accepted claims: kept as they came (sealed to this proxy), used once the ledger says so, destroyed on
 * revocation with a signed receipt. That a key was really destroyed cannot be proved; the receipt is the proxy's word.
 */
export class Grants {
  constructor(private readonly dependencies: GrantsDependencies) {
    const { jobs } = dependencies;
    jobs.handle(DELIVER, ({ payload: job, signal }) => this.#deliver(job, signal));
    jobs.handle(DESTROY, ({ payload: job, signal }) => this.#destroy(job, signal));
  }

  /**
   * The grant of an account for a claim; the ledger will say whether the claim is that account's. One that was refused can be
   * replaced by another.
   * @throws CodedError `proxy/bad-grant`, `proxy/too-many-grants`
   */
  async receive(claimId: Id<'clm'>, account: Id<'acc'>, sealed: Uint8Array): Promise<proxyApi.Grant> {
    const { database, jobs, observer, clock } = this.dependencies;
    if (sealed.length < 1 || sealed.length > MAX_SEALED_BYTES) {
      throw new CodedError('proxy/bad-grant', 'the sealed grant is empty or too large', { bytes: sealed.length, max: MAX_SEALED_BYTES });
    }
    const nowMs = clock();
    const isNew = await database.transaction(async (tx) => {
      const [kept] = await tx.select({ status: grants.status }).from(grants).where(ofGrant({ claimId, account }));
      if (kept !== undefined && kept.status !== 'refused') return false;
      const open = await tx.$count(grants, and(eq(grants.account, account), eq(grants.status, 'received')));
      if (open >= MAX_OPEN_GRANTS) throw new CodedError('proxy/too-many-grants', 'too many grants of this account wait for their claims', { max: MAX_OPEN_GRANTS });
      const fresh = { sealed, status: 'received' as const, reason: null, receivedAtMs: nowMs, updatedAtMs: nowMs };
      await tx.insert(grants).values({ claimId, account, ...fresh }).onConflictDoUpdate({ target: [grants.claimId, grants.account], set: fresh });
      const key = `${claimId}:${account}:${toHex(sha256(sealed)).slice(0, 32)}`;
      await jobs.enqueue(tx, DELIVER, { key, payload: { claimId, account } });
      return true;
    });
    if (isNew) observer.moved(claimId, 'received');
    jobs.notify();
    return this.status(claimId, account);
  }

  /** @throws CodedError `proxy/unknown-grant` (also for grants of other accounts) */
  async status(claimId: Id<'clm'>, account: Id<'acc'>): Promise<proxyApi.Grant> {
    const kept = await this.#find({ claimId, account });
    if (kept === undefined) throw new CodedError('proxy/unknown-grant', 'no grant of this account for this claim');
    const { status, reason, deliveryTransactionId, updatedAtMs } = kept;
    return { claimId, status, reason, deliveryTransactionId: deliveryTransactionId as Id<'txn'> | null, updatedAtMs };
  }

  /** A revocation stands on the ledger: the keys go, whatever became of the delivery. */
  async revoked({ claimId }: EventData<'grant-revoked'>): Promise<void> {
    const { database, jobs } = this.dependencies;
    const kept = await database.queries.select({ account: grants.account }).from(grants).where(eq(grants.claimId, claimId));
    for (const { account } of kept) {
      await jobs.enqueue(database.queries, DESTROY, { key: `${claimId}:${account}`, payload: { claimId, account: account as Id<'acc'> } });
    }
    jobs.notify();
  }

  async #deliver(job: GrantJob, signal: AbortSignal): Promise<void | { readonly againAtMs: number }> {
    const { ledger, author, clock } = this.dependencies;
    const grant = await this.#find(job);
    if (grant?.status !== 'received') return;
    const verified = await readVerifiedClaim(ledger, job.claimId);
    if (verified === null) {
      const ageMs = clock() - grant.receivedAtMs;
      if (ageMs > UNKNOWN_CLAIM_MS) return this.#refuse(job, 'proxy/unknown-claim');
      return { againAtMs: clock() + Math.min(LOOK_AGAIN_MS + ageMs / 4, LONGEST_LOOK_MS) };
    }
    const { claim } = verified;
    if (claim.patient !== job.account) return this.#refuse(job, 'proxy/not-the-claimant');
    if (claim.delivery !== null) return this.#delivered(job, null);
    if (claim.status !== 'accepted') return this.#refuse(job, `claim-${claim.status}`);
    const body = await this.#reEncrypted(verified, grant.sealed);
    if (typeof body === 'string') return this.#refuse(job, body);
    try {
      const receipt = await ledger.execute(author, body, signal);
      await this.#delivered(job, receipt.transactionId);
    } catch (error) {
      if (!(error instanceof LedgerRejection)) throw error;
      // The agent may have delivered by itself meanwhile.
      const now = await readVerifiedClaim(ledger, job.claimId);
      return now !== null && now.claim.delivery !== null ? this.#delivered(job, null) : this.#refuse(job, error.code);
    }
  }

  /** @returns the delivery, or the code of what is wrong with the grant: trying again cannot help then */
  async #reEncrypted(verified: VerifiedClaim, sealed: Uint8Array): Promise<BodyOf<'record-delivery'> | string> {
    const { pre, hpke, chainId, observer, clock, random } = this.dependencies;
    const startedMs = clock();
    try {
      const keys = await openGrant(hpke, verified.claimId, verified.claim.patient, sealed);
      const body = reEncryptParts(pre, chainId, verified, keys, random);
      observer.reEncrypted('ok', body.parts.length, clock() - startedMs);
      return body;
    } catch (error) {
      if (!isCodedError(error)) throw error;
      observer.reEncrypted('refused', 0, clock() - startedMs);
      return error.code;
    }
  }

  async #destroy(job: GrantJob, signal: AbortSignal): Promise<void> {
    const { database, ledger, author, observer, clock } = this.dependencies;
    const kept = await this.#find(job);
    if (kept === undefined) return;
    const { claimId } = job;
    const statement = kept.revocationStatement ?? this.#statementOf(claimId);
    await database.queries
      .update(grants)
      .set({ sealed: NOTHING, status: 'revoked', revocationStatement: statement, updatedAtMs: clock() })
      .where(ofGrant(job));
    if (kept.status !== 'revoked') observer.moved(claimId, 'revoked');
    const claim = await readVerifiedClaim(ledger, claimId);
    // Of keys that others have sent for this claim, nobody waits for a receipt.
    if (claim?.claim.patient !== job.account) return;
    try {
      await ledger.execute(author, { type: 'record-revocation-receipt', claimId, statementHash: digest(STATEMENT_DOMAIN, statement) }, signal);
    } catch (error) {
      if (!(error instanceof LedgerRejection)) throw error;
      if (error.code !== 'agreements/already-recorded') throw new PermanentJobError(error.code);
    }
  }

  /** The proxy's word, signed, that it no longer has the keys. */
  #statementOf(claimId: Id<'clm'>): Uint8Array {
    const { author, clock } = this.dependencies;
    const body = encodeCanonical({ claimId, proxy: accountId(author.account.publicKey), destroyedAtMs: clock() });
    return encodeCanonical({ body, signature: sign(author.account, STATEMENT_DOMAIN, body) });
  }

  async #find(grant: GrantJob) {
    const [kept] = await this.dependencies.database.queries.select().from(grants).where(ofGrant(grant));
    return kept;
  }

  async #delivered(grant: GrantJob, deliveryTransactionId: string | null): Promise<void> {
    await this.#end(grant, { status: 'delivered', reason: null, deliveryTransactionId });
  }

  /** Keys that serve nothing are not kept. */
  async #refuse(grant: GrantJob, reason: string): Promise<void> {
    await this.#end(grant, { status: 'refused', reason, sealed: NOTHING });
  }

  /** Of an open grant: a revocation that came meanwhile stays. */
  async #end(grant: GrantJob, set: { readonly status: GrantStatus; readonly reason: string | null; readonly deliveryTransactionId?: string | null; readonly sealed?: Uint8Array }): Promise<void> {
    const { database, observer, clock } = this.dependencies;
    const ended = await database.queries.update(grants).set({ ...set, updatedAtMs: clock() }).where(and(ofGrant(grant), eq(grants.status, 'received'))).returning({ status: grants.status });
    if (ended.length > 0) observer.moved(grant.claimId, set.status, set.reason);
  }
}

const ofGrant = ({ claimId, account }: { readonly claimId: string; readonly account: string }) => and(eq(grants.claimId, claimId), eq(grants.account, account));
