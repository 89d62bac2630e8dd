import { claimIdOf } from '@medveil/agreements';
import { ApiError, LedgerRejection, type patientApi } from '@medveil/client';
import type { Jobs, RunningJob } from '@medveil/database';
import { type Id, isCodedError } from '@medveil/encoding';
import { type Correlation, withCorrelation } from '@medveil/service-kit';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import type { ExchangeRow } from '../tables.js';
import { type ExchangeStore, nameClaim } from './exchange-store.js';
import type { Grants } from './grant.js';
import type { Instances } from './instance.js';
import { EXCHANGE, MAX_ATTEMPTS, REVOCATION } from './job.js';
import { DELIVERED, isOver, UNCLAIMED } from './phases.js';
import { decodeProved, encodeProved, type Proofs } from './prove.js';
import type { Transactions } from './transactions.js';
import { registrationOf, type Uploads } from './upload.js';

type ExchangeJob = RunningJob<{ readonly exchangeId: Id<'exc'> }>;
/** On to the next step at once, look again later, or nothing is left to do. */
type Outcome = 'next' | 'done' | { readonly againAtMs: number };

/** What no further attempt can mend. */
const HOPELESS = new Set([
  'eligibility/not-eligible', 'eligibility/no-circuit-fits', 'patient-api/circuit-not-held', 'patient-api/part-too-large', 'patient-api/record-unreadable', 'host/sealed-altered',
  'patient-api/related-keys', 'patient-api/unknown-record', 'identity/secret-not-found', 'agreements/malformed', 'agreements/too-large',
]);
const GRANT_RETRY_MS = 2_000;
const WATCH_MS = 5_000;

/** Phases 4 to 8 as durable steps: each is idempotent and ends with the exchange's new phase written down. */
export class ExchangeRunner {
  constructor(
    private readonly context: AgentContext,
    private readonly store: ExchangeStore,
    private readonly instances: Instances,
    private readonly steps: { readonly uploads: Uploads; readonly transactions: Transactions; readonly proofs: Proofs; readonly grants: Grants },
    private readonly jobs: Jobs,
  ) {
    jobs.handle(EXCHANGE, (job) => withCorrelation(under(job), () => this.#run(job)));
    jobs.handle(REVOCATION, (job) => withCorrelation(under(job), () => this.#revoke(job)));
  }

  /**
   * Withdraws: before the claim nothing reaches the ledger; after it a transaction does, now or once what was delivered is paid.
   * @throws PatientApiError `patient-api/not-revocable`
   */
  async revoke(exchangeId: Id<'exc'>, when: patientApi.RevocationWhen = 'now'): Promise<void> {
    const exchange = await this.store.get(exchangeId);
    if (exchange.revocationRequestedAtMs !== null) {
      if (when === 'now' && exchange.revokeOnceSettled) await this.store.note(exchangeId, { revokeOnceSettled: false });
      if (await this.jobs.revive(REVOCATION.name, exchangeId)) this.jobs.notify();
      return;
    }
    if (isOver(exchange.phase) && exchange.phase !== 'settled') {
      throw new PatientApiError('patient-api/not-revocable', `the exchange is ${exchange.phase}`, { phase: exchange.phase });
    }
    if (when === 'once-settled' && !DELIVERED.has(exchange.phase)) {
      throw new PatientApiError('patient-api/not-revocable', 'nothing was delivered yet, so nothing is owed: withdraw now', { phase: exchange.phase });
    }
    const { database, clock } = this.context;
    await this.store.note(exchangeId, { revocationRequestedAtMs: clock(), revokeOnceSettled: when === 'once-settled' });
    await this.jobs.enqueue(database.queries, REVOCATION, { key: exchangeId, payload: { exchangeId } });
    this.jobs.notify();
  }

  /** A job that died before it could say so itself, for example with its process, again and again: nobody will take it up. */
  async buried(kind: string, key: string): Promise<void> {
    const { log } = this.context;
    const exchangeId = key.split('/', 1)[0] as Id<'exc'>;
    const code = 'patient-api/gave-up';
    try {
      if (kind === EXCHANGE.name) await this.store.move(exchangeId, 'failed', { code, reason: 'given up after repeated failures' });
      else if (kind === REVOCATION.name) await this.store.note(exchangeId, { lastError: code });
      log.warn('job-given-up', { jobKind: kind, exchangeId, code });
    } catch (error) {
      log.error('job-given-up', error, { jobKind: kind, exchangeId });
    }
  }

  async #run(job: ExchangeJob): Promise<void | { readonly againAtMs: number }> {
    const { exchangeId } = job.payload;
    try {
      for (;;) {
        const outcome = await this.#step(await this.store.get(exchangeId), job.signal);
        if (outcome === 'done') return undefined;
        if (outcome !== 'next') return outcome;
      }
    } catch (error) {
      if (job.signal.aborted) throw error;
      return this.#afterError(job, error);
    }
  }

  async #step(exchange: ExchangeRow, signal: AbortSignal): Promise<Outcome> {
    if (await this.#isWithdrawnBeforeClaim(exchange)) return 'done';
    switch (exchange.phase) {
      case 'prepared':
        await this.steps.uploads.upload(await this.instances.of(exchange), signal);
        return this.#reached(exchange, 'uploaded');
      case 'uploaded':
        await this.#register(exchange, signal);
        return this.#reached(exchange, 'registered');
      case 'registered': {
        const proved = await this.steps.proofs.prove(await this.instances.of(exchange), signal);
        return this.#reached(exchange, 'proved', { proof: encodeProved(proved) });
      }
      case 'proved':
        return this.#claim(exchange, signal);
      case 'claimed':
        return this.#grant(exchange, signal);
      case 'granted':
        return this.#watch(exchange, signal);
      case 'delivered':
      case 'disputed':
      case 'settled':
      case 'rejected':
      case 'lapsed':
      case 'withdrawn':
      case 'refunded':
      case 'failed':
        return 'done';
      default:
        return exchange.phase satisfies never;
    }
  }

  async #reached(exchange: ExchangeRow, phase: 'uploaded' | 'registered' | 'proved' | 'granted', change: { readonly proof?: Uint8Array } = {}): Promise<Outcome> {
    await this.store.move(exchange.exchangeId, phase, change);
    const { exchangeId, claimId } = exchange;
    this.context.log.info('exchange-moved', { exchangeId, state: phase, ...(claimId === null ? {} : { claimId }) });
    return 'next';
  }

  async #register(exchange: ExchangeRow, signal: AbortSignal): Promise<void> {
    const instance = await this.instances.of(exchange);
    const body = registrationOf(instance, await this.store.parts(exchange.exchangeId));
    await this.steps.transactions.submit(instance.pseudonym, body, signal);
  }

  /** Phase 10 on the patient's side: the signed claim is the acceptance of the offer. The followed event moves the exchange on. */
  async #claim(exchange: ExchangeRow, signal: AbortSignal): Promise<Outcome> {
    if (exchange.proof === null) throw new PatientApiError('patient-api/unknown-exchange', 'the exchange has no proof');
    const { pseudonym, requirement, commitment } = await this.instances.of(exchange);
    const { exchangeId } = exchange;
    await this.steps.transactions.submit(pseudonym, {
      type: 'submit-claim',
      requirementId: requirement.requirementId,
      record: commitment.h,
      policyHash: requirement.terms.policyHash,
      result: 1,
      ...decodeProved(exchange.proof),
    }, signal, { together: (tx, nonce) => nameClaim(tx, exchangeId, claimIdOf(pseudonym.account, nonce)) });
    return (await this.store.get(exchangeId)).phase === 'proved' ? { againAtMs: this.context.clock() + GRANT_RETRY_MS } : 'next';
  }

  async #grant(exchange: ExchangeRow, signal: AbortSignal): Promise<Outcome> {
    const nowMs = this.context.clock();
    if (exchange.revocationRequestedAtMs !== null) return { againAtMs: nowMs + WATCH_MS };
    if (nowMs >= this.#selfDeliveryAtMs(exchange)) return this.#deliver(exchange, signal);
    try {
      await this.steps.grants.grant(await this.instances.of(exchange));
    } catch (error) {
      if (!isCodedError(error) || HOPELESS.has(error.code)) throw error;
      // The proxy may be away, or behind the block that accepted the claim; if it stays so, the agent delivers itself.
      await this.store.note(exchange.exchangeId, { lastError: error.code });
      return { againAtMs: Math.min(nowMs + GRANT_RETRY_MS, this.#selfDeliveryAtMs(exchange)) };
    }
    return this.#reached(exchange, 'granted');
  }

  /** Events of the ledger move the exchange on from here; this is for a proxy that stalls. */
  async #watch(exchange: ExchangeRow, signal: AbortSignal): Promise<Outcome> {
    const atMs = this.#selfDeliveryAtMs(exchange);
    if (exchange.revocationRequestedAtMs !== null || this.context.clock() < atMs) return { againAtMs: Math.max(atMs, this.context.clock() + WATCH_MS) };
    return this.#deliver(exchange, signal);
  }

  async #deliver(exchange: ExchangeRow, signal: AbortSignal): Promise<Outcome> {
    const instance = await this.instances.of(exchange);
    try {
      await this.steps.transactions.submit(instance.pseudonym, await this.steps.grants.delivery(instance), signal);
    } catch (error) {
      // The proxy was faster after all, or the time is over: the events say which. Nobody's mere word ends an accepted claim.
      if (!(error instanceof LedgerRejection) && !isRefusedEarly(error)) throw error;
      await this.store.note(exchange.exchangeId, { lastError: error.code });
    }
    return { againAtMs: this.context.clock() + WATCH_MS };
  }

  /** So long before the deadline that the delivery is still recorded; never in the first half of the time that the proxy has. */
  #selfDeliveryAtMs({ deliverByMs, phases }: ExchangeRow): number {
    if (deliverByMs === null) return Number.MAX_SAFE_INTEGER;
    const claimedAtMs = phases.claimed ?? deliverByMs;
    return Math.max(deliverByMs - this.context.settings.deliverBeforeDeadlineMs, claimedAtMs + (deliverByMs - claimedAtMs) / 2);
  }

  /** A claim that may be on its way is waited for, and withdrawn on the ledger. */
  async #isWithdrawnBeforeClaim(exchange: ExchangeRow): Promise<boolean> {
    if (exchange.revocationRequestedAtMs === null || !UNCLAIMED.has(exchange.phase)) return false;
    if ((await this.steps.transactions.stored(exchange.account, 'submit-claim')) !== undefined) return false;
    await this.store.move(exchange.exchangeId, 'withdrawn', { reason: 'withdrawn before a claim was made', retryable: true });
    return true;
  }

  async #revoke({ payload, signal }: ExchangeJob): Promise<void | { readonly againAtMs: number }> {
    const exchange = await this.store.get(payload.exchangeId);
    if (UNCLAIMED.has(exchange.phase)) return { againAtMs: this.context.clock() + GRANT_RETRY_MS };
    if (exchange.revokeOnceSettled && !isOver(exchange.phase)) return { againAtMs: this.context.clock() + WATCH_MS };
    if (exchange.revokedAtMs !== null || exchange.claimId === null || (isOver(exchange.phase) && exchange.phase !== 'settled')) return undefined;
    const { pseudonym } = await this.instances.of(exchange);
    try {
      await this.steps.transactions.submit(pseudonym, { type: 'revoke-grant', claimId: exchange.claimId }, signal);
    } catch (error) {
      if (!(error instanceof LedgerRejection)) throw error;
      await this.store.note(exchange.exchangeId, { lastError: error.code });
      this.context.log.warn('revocation-rejected', { exchangeId: exchange.exchangeId, code: error.code });
    }
    return undefined;
  }

  /** A refusal of the ledger ends the exchange with the ledger's code; what may pass is tried again. */
  async #afterError({ payload, attempt }: ExchangeJob, error: unknown): Promise<undefined> {
    const { exchangeId } = payload;
    const code = isCodedError(error) ? error.code : 'patient-api/unexpected';
    if (error instanceof LedgerRejection) await this.store.move(exchangeId, 'rejected', { code, reason: error.message });
    else if (isRefusedEarly(error)) {
      // The front's word alone: it counts for nothing where the ledger has accepted the claim.
      const change = { code, reason: `refused before it reached the ledger: ${error.message}` };
      if (!(await this.store.move(exchangeId, 'rejected', change, (_, present) => UNCLAIMED.has(present)))) throw error;
    }
    else if (HOPELESS.has(code) || isRefused(error) || attempt >= MAX_ATTEMPTS) await this.store.move(exchangeId, 'failed', { code, reason: isCodedError(error) ? error.message : null });
    else {
      await this.store.note(exchangeId, { lastError: code });
      if (!isCodedError(error)) this.context.log.error('exchange-step-failed', error, { exchangeId });
      throw error;
    }
    this.context.log.info('exchange-ended', { exchangeId, code });
    return undefined;
  }
}

/** What the log says of all that such a job does. */
const under = ({ payload: { exchangeId } }: ExchangeJob): Correlation => ({ exchangeId });

/** The front ran the contract's own rules: no later state can mend this. */
const isRefusedEarly = (error: unknown): error is ApiError => error instanceof ApiError && error.code.startsWith('agreements/');
/** What was sent is not acceptable as it is. */
const isRefused = (error: unknown): boolean => error instanceof ApiError && (error.status === 413 || error.status === 422);
