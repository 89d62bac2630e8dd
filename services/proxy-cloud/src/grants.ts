import type { EventData } from '@medveil/agreements';
import { type LedgerAccess, LedgerRejection, type proxyApi, type TransactionAuthor } from '@medveil/client';
import { type Database, defineJob, type JobKind, type Jobs, type JsonObject, PermanentJobError } from '@medveil/database';
import { type Clock, CodedError, digest, encodeCanonical, type Id, idSchema, isCodedError, type RandomBytes } from '@medveil/encoding';
import { accountId, type HpkeKeyPair, sign } from '@medveil/identity';
import type { Afgh06 } from '@medveil/pre';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { readVerifiedClaim, reEncryptParts } from './delivery.js';
import { openGrant } from './grant-format.js';
import { grants, type GrantStatus } from './tables.js';

const payload = z.object({ claimId: idSchema('clm') }) as z.ZodType<JsonObject & { readonly claimId: Id<'clm'> }>;
const DELIVER: JobKind<JsonObject & { readonly claimId: Id<'clm'> }> = defineJob({ name: 'deliver-claim', payload, maxAttempts: 20 });
const DESTROY: JobKind<JsonObject & { readonly claimId: Id<'clm'> }> = defineJob({ name: 'destroy-keys', payload, maxAttempts: 50 });

/** The claim may be accepted in a block that has not reached this service. */
const LOOK_AGAIN_MS = 1_000;
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
    jobs.handle(DELIVER, ({ payload: { claimId }, signal }) => this.#deliver(claimId, signal));
    jobs.handle(DESTROY, ({ payload: { claimId } }) => this.#destroy(claimId));
  }

  /** @throws CodedError `proxy/grant-conflict` where another account has granted for this claim */
  async receive(claimId: Id<'clm'>, account: Id<'acc'>, sealed: Uint8Array): Promise<proxyApi.Grant> {
    const { database, jobs, clock } = this.dependencies;
    if (sealed.length > MAX_SEALED_BYTES) throw new CodedError('proxy/bad-grant', 'the sealed grant is too large', { bytes: sealed.length, max: MAX_SEALED_BYTES });
    await database.transaction(async (tx) => {
      await tx.insert(grants).values({ claimId, account, sealed, status: 'received', updatedAtMs: clock() }).onConflictDoNothing();
      const [kept] = await tx.select().from(grants).where(eq(grants.claimId, claimId));
      if (kept?.account !== account) throw new CodedError('proxy/grant-conflict', 'the claim was granted from another account');
      await jobs.enqueue(tx, DELIVER, { key: claimId, payload: { claimId } });
    });
    jobs.notify();
    return this.status(claimId, account);
  }

  /** @throws CodedError `proxy/unknown-grant` (also for accounts that did not make it) */
  async status(claimId: Id<'clm'>, account: Id<'acc'> | null): Promise<proxyApi.Grant> {
    const kept = await this.#find(claimId);
    if (kept === undefined || (account !== null && kept.account !== account)) throw new CodedError('proxy/unknown-grant', 'no grant of this account for this claim');
    const { status, reason, deliveryTransactionId, updatedAtMs } = kept;
    return { claimId, status, reason, deliveryTransactionId: deliveryTransactionId as Id<'txn'> | null, updatedAtMs };
  }

  /** A revocation stands on the ledger: the keys go, whatever became of the delivery. */
  async revoked({ claimId }: EventData<'grant-revoked'>): Promise<void> {
    const { database, jobs } = this.dependencies;
    if ((await this.#find(claimId)) === undefined) return;
    await jobs.enqueue(database.queries, DESTROY, { key: claimId, payload: { claimId } });
    jobs.notify();
  }

  async #deliver(claimId: Id<'clm'>, signal: AbortSignal): Promise<void | { readonly againAtMs: number }> {
    const { ledger, pre, hpke, author, chainId, random, clock } = this.dependencies;
    const grant = await this.#find(claimId);
    if (grant?.status !== 'received') return;
    const verified = await readVerifiedClaim(ledger, claimId);
    if (verified === null) return { againAtMs: clock() + LOOK_AGAIN_MS };
    if (verified.claim.patient !== grant.account) return this.#set(claimId, 'refused', 'proxy/not-the-claimant');
    if (verified.claim.status !== 'accepted') return this.#set(claimId, verified.claim.delivery === null ? 'refused' : 'delivered', `claim-${verified.claim.status}`);
    try {
      const keys = await openGrant(hpke, claimId, verified.claim.patient, grant.sealed);
      const receipt = await ledger.execute(author, reEncryptParts(pre, chainId, verified, keys, random), signal);
      await this.#set(claimId, 'delivered', null, receipt.transactionId);
    } catch (error) {
      if (!isCodedError(error) || !isFinal(error)) throw error;
      await this.#set(claimId, 'refused', error.code);
      throw new PermanentJobError(error.code);
    }
  }

  async #destroy(claimId: Id<'clm'>): Promise<void> {
    const { database, ledger, author, clock } = this.dependencies;
    const kept = await this.#find(claimId);
    if (kept === undefined) return;
    const body = encodeCanonical({ claimId, proxy: accountId(author.account.publicKey), destroyedAtMs: kept.revocationStatement === null ? clock() : 0 });
    const statement = kept.revocationStatement ?? encodeCanonical({ body, signature: sign(author.account, STATEMENT_DOMAIN, body) });
    await database.queries
      .update(grants)
      .set({ sealed: NOTHING, status: 'revoked', revocationStatement: statement, updatedAtMs: clock() })
      .where(eq(grants.claimId, claimId));
    try {
      await ledger.execute(author, { type: 'record-revocation-receipt', claimId, statementHash: digest(STATEMENT_DOMAIN, statement) });
    } catch (error) {
      if (error instanceof LedgerRejection && error.code === 'agreements/already-recorded') return;
      throw error;
    }
  }

  async #find(claimId: Id<'clm'>) {
    const [kept] = await this.dependencies.database.queries.select().from(grants).where(eq(grants.claimId, claimId));
    return kept;
  }

  async #set(claimId: Id<'clm'>, status: GrantStatus, reason: string | null, deliveryTransactionId: string | null = null): Promise<void> {
    const { database, clock } = this.dependencies;
    await database.queries.update(grants).set({ status, reason, deliveryTransactionId, updatedAtMs: clock() }).where(eq(grants.claimId, claimId));
  }
}

/** Trying again cannot help: the grant itself is bad, or the ledger has decided. */
const isFinal = (error: CodedError): boolean =>
  error instanceof LedgerRejection || error.code.startsWith('pre/') || error.code.startsWith('encoding/') ||
  ['proxy/bad-grant', 'proxy/missing-key', 'proxy/bad-re-key', 'identity/cannot-open'].includes(error.code);
