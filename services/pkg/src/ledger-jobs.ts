import { accountTable, type BodyOf, CERTIFIED_ROLES, issuersTable, stateKeys } from '@medveil/agreements';
import { equalBytes } from '@medveil/encoding';
import { accountId } from '@medveil/identity';
import type { ServiceLog } from '@medveil/service-kit';
import { and, eq, gt, isNotNull } from 'drizzle-orm';
import type { PkgContext } from './context.js';
import { type Issuers, PUBLISH_ISSUERS } from './issuers.js';
import type { LedgerPort } from './ledger-port.js';
import { REVOKE_ON_LEDGER } from './revocations.js';
import { tCerts } from './tables.js';

/** Accounts, and serials, that one `revoke` transaction takes. */
const BATCH = 256;

interface Pseudonym {
  readonly serial: Uint8Array;
  readonly accountKey: Uint8Array;
}

/**
 * What this service has decided and the ledger must come to know. Each step looks at the ledger's verified state first and does
 * what is missing, so it may be repeated, also after a crash between the transaction and its bookkeeping.
 */
export class LedgerJobs {
  constructor(
    private readonly context: Pick<PkgContext, 'database' | 'jobs' | 'clock'>,
    private readonly issuers: Issuers,
    private readonly ledger: LedgerPort,
    private readonly log: ServiceLog,
  ) {}

  register(): void {
    const { jobs } = this.context;
    jobs.handle(PUBLISH_ISSUERS, (job) => this.#told(job, () => this.publishIssuers(job.payload.version, job.signal)));
    jobs.handle(REVOKE_ON_LEDGER, (job) => this.#told(job, () => this.revoke(job.payload.enrolmentId, job.signal)));
  }

  /** Until the ledger's root is that of the tree at `version` or later. */
  async publishIssuers(version: number, signal: AbortSignal): Promise<void> {
    const { publishedVersion, removalPending, ...tree } = await this.issuers.snapshot();
    if (publishedVersion >= version) return;
    const value = await this.ledger.readState(stateKeys.issuers());
    const current = value === undefined ? null : issuersTable.decode(value);
    if (current === null || !equalBytes(current.root, tree.root)) {
      await this.ledger.execute({ type: 'update-issuers', root: tree.root, immediate: removalPending }, signal);
    }
    await this.issuers.markPublished(tree.version);
  }

  /**
   * Until no valid pseudonym of the enrolment can act. A pseudonym may be used for the first time between the look and the
   * transaction that revokes its serial; it is found as an account at the next look, after which none can follow.
   */
  async revoke(enrolmentId: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const body = await this.#missing(await this.#revoked(enrolmentId), signal);
      if (body.accounts.length + body.serials.length === 0) return;
      await this.ledger.execute(body, signal);
    }
  }

  /** A step that fails is tried again, and the operator can see why. */
  async #told({ kind, attempt, signal }: { readonly kind: string; readonly attempt: number; readonly signal: AbortSignal }, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!signal.aborted) this.log.error('ledger-step-failed', error, { jobKind: kind, attempt });
      throw error;
    }
  }

  async #revoked(enrolmentId: string): Promise<Pseudonym[]> {
    const stillValid = and(eq(tCerts.enrolmentId, enrolmentId), isNotNull(tCerts.revokedAtMs), gt(tCerts.notAfterMs, this.context.clock()));
    return this.context.database.queries.select({ serial: tCerts.serial, accountKey: tCerts.accountKey }).from(tCerts).where(stillValid);
  }

  async #missing(pseudonyms: readonly Pseudonym[], signal: AbortSignal): Promise<BodyOf<'revoke'>> {
    const body: BodyOf<'revoke'> = { type: 'revoke', accounts: [], serials: [] };
    for (const { serial, accountKey } of pseudonyms) {
      signal.throwIfAborted();
      const id = accountId(accountKey);
      const account = await this.ledger.readState(stateKeys.account(id));
      if (account !== undefined) {
        const { role, revokedAtMs } = accountTable.decode(account);
        if (revokedAtMs === null && CERTIFIED_ROLES.includes(role)) body.accounts.push(id);
      } else if ((await this.ledger.readState(stateKeys.revokedSerial(serial))) === undefined) {
        body.serials.push(serial);
      }
      if (body.accounts.length === BATCH || body.serials.length === BATCH) break;
    }
    return body;
  }
}
