import type { pkgApi } from '@medveil/client';
import { defineJob, type TransactionQueries } from '@medveil/database';
import { digest, toBase64Url } from '@medveil/encoding';
import { ENROLMENT_REVOKED, type SealedMessage } from '@medveil/messaging';
import { and, eq, gt, isNull } from 'drizzle-orm';
import { z } from 'zod';
import type { PkgContext } from './context.js';
import { PkgError } from './errors.js';
import type { Issuers } from './issuers.js';
import type { RevocationRegister } from './revocation-register.js';
import { eCerts, enrolments, enrolmentTokens, tCerts } from './tables.js';

/** Has the ledger refuse an enrolment's pseudonyms. */
export const REVOKE_ON_LEDGER = defineJob({
  name: 'revoke-on-ledger',
  payload: z.strictObject({ enrolmentId: z.string().max(63) }),
  maxAttempts: 1_000_000,
  backoffMs: { first: 500, longest: 30_000 },
});

const MAX_TRIES = 5;

/**
 * Revocation of an enrolment, for good: its certificates and valid pseudonyms go on the list, its issuers leave the tree, the
 * ledger refuses its accounts. What is revoked together can be recognised as one party's, on the list as on the ledger: that
 * is the price of holding somebody accountable. An institution's account is the consortium's to unpin.
 */
export class Revocations {
  constructor(
    private readonly context: PkgContext,
    private readonly register: RevocationRegister,
    private readonly issuers: Issuers,
  ) {}

  /** Asking again changes nothing and tells how far it is. @throws PkgError `pkg/unknown-enrolment` */
  async revoke({ enrolmentId, reason }: { readonly enrolmentId: string; readonly reason: string }): Promise<pkgApi.Revocation> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const before = await this.#find(enrolmentId);
      if (before.revokedAtMs !== null) return this.#status(enrolmentId, before.revokedAtMs);
      const nowMs = this.context.clock();
      const serials = await this.#validSerials(enrolmentId);
      const messages = await Promise.all(serials.map((serial) => this.#announcement(enrolmentId, serial, nowMs)));
      const isDone = await this.context.database.transaction((tx) => this.#apply(tx, { enrolmentId, reason, nowMs, serials, messages }));
      if (!isDone) continue;
      this.context.outboxChanged();
      this.context.jobs.notify();
      await this.register.inForce();
      return this.#status(enrolmentId, nowMs);
    }
    throw new PkgError('pkg/conflict', 'the enrolment keeps changing; ask again', { enrolmentId });
  }

  async list(): Promise<pkgApi.RevocationList> {
    const { sequence, signed } = await this.register.inForce();
    return { sequence, list: toBase64Url(signed) };
  }

  /** @returns false where certificates were issued since `serials` were read */
  async #apply(
    tx: TransactionQueries,
    { enrolmentId, reason, nowMs, serials, messages }: { enrolmentId: string; reason: string; nowMs: number; serials: readonly string[]; messages: readonly SealedMessage[] },
  ): Promise<boolean> {
    const [enrolment] = await tx.select().from(enrolments).where(eq(enrolments.enrolmentId, enrolmentId)).for('update');
    const valid = and(eq(eCerts.enrolmentId, enrolmentId), isNull(eCerts.revokedAtMs));
    const current = await tx.select({ serial: eCerts.serial }).from(eCerts).where(valid);
    if (enrolment?.revokedAtMs !== null || current.length !== serials.length || current.some(({ serial }) => !serials.includes(serial))) return false;
    await tx.update(enrolments).set({ revokedAtMs: nowMs, revocationReason: reason }).where(eq(enrolments.enrolmentId, enrolmentId));
    await tx.update(eCerts).set({ revokedAtMs: nowMs }).where(valid);
    await tx.delete(enrolmentTokens).where(and(eq(enrolmentTokens.enrolmentId, enrolmentId), isNull(enrolmentTokens.usedAtMs)));
    const pseudonyms = await tx
      .update(tCerts)
      .set({ revokedAtMs: nowMs })
      .where(and(eq(tCerts.enrolmentId, enrolmentId), gt(tCerts.notAfterMs, nowMs)))
      .returning({ serial: tCerts.serial, notBeforeMs: tCerts.notBeforeMs, notAfterMs: tCerts.notAfterMs });
    await this.register.add(tx, { eCerts: serials, tCerts: pseudonyms });
    await this.issuers.remove(tx, enrolmentId);
    await this.context.jobs.enqueue(tx, REVOKE_ON_LEDGER, { key: enrolmentId, payload: { enrolmentId } });
    for (const message of messages) await this.context.outbox.add(tx, message);
    return true;
  }

  async #find(enrolmentId: string): Promise<typeof enrolments.$inferSelect> {
    const [row] = await this.context.database.queries.select().from(enrolments).where(eq(enrolments.enrolmentId, enrolmentId));
    if (row === undefined) throw new PkgError('pkg/unknown-enrolment', 'nobody is enrolled by this name', { enrolmentId });
    return row;
  }

  async #status(enrolmentId: string, revokedAtMs: number): Promise<pkgApi.Revocation> {
    const job = await this.context.jobs.find(REVOKE_ON_LEDGER.name, enrolmentId);
    return { enrolmentId, revokedAtMs, onLedger: job === undefined || job.state === 'done' };
  }

  async #validSerials(enrolmentId: string): Promise<string[]> {
    const valid = and(eq(eCerts.enrolmentId, enrolmentId), isNull(eCerts.revokedAtMs));
    const rows = await this.context.database.queries.select({ serial: eCerts.serial }).from(eCerts).where(valid);
    return rows.map(({ serial }) => serial);
  }

  async #announcement(enrolmentId: string, serial: string, revokedAtMs: number): Promise<SealedMessage> {
    const idBytes = digest('medveil/pkg-revocation/1', [enrolmentId, serial]);
    return this.context.publisher.seal(ENROLMENT_REVOKED, { enrolmentId, serial, revokedAtMs }, { key: enrolmentId, idBytes });
  }
}
