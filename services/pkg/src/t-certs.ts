import type { pkgApi } from '@medveil/client';
import type { TransactionQueries } from '@medveil/database';
import { bytesSchema, decodeCanonical, digest, encodeCanonical, equalBytes, fromBase64Url, toBase64Url } from '@medveil/encoding';
import { decodeTCert, type ECert, encodeOpeningWitness, type IssuedTCert, issueTCerts, type TCertRequest, validityOfEpoch, verifyTCertRequest } from '@medveil/identity';
import { and, count, eq, inArray, lt } from 'drizzle-orm';
import { z } from 'zod';
import type { Certificates } from './certificates.js';
import type { PkgContext } from './context.js';
import { PkgError } from './errors.js';
import { eCerts, enrolments, tCertRequests, tCerts } from './tables.js';

const REQUEST_DOMAIN = 'medveil/pkg-t-cert-request/1';
/** What is kept of an answer: certificate and witness, in the order of the request. */
const answerSchema = z.array(z.tuple([bytesSchema({ max: 1 << 16 }), bytesSchema({ max: 1 << 16 })]));
type Answer = [certificate: Uint8Array, witness: Uint8Array][];

/** Batches of pseudonyms: each key is certified once, and whose it is stays here. */
export class TCerts {
  constructor(
    private readonly context: PkgContext,
    private readonly certificates: Certificates,
  ) {}

  /** @throws PkgError, IdentityError of `verifyTCertRequest` and `issueTCerts` */
  async issue({ request, certificate }: pkgApi.TCertBatchRequest, caller: string): Promise<pkgApi.TCertBatch> {
    const { chainId, settings, preKeys, keys, epochs, committees, clock, random } = this.context;
    const sender = await this.certificates.verify(certificate, caller);
    const bytes = fromBase64Url(request);
    const requestDigest = digest(REQUEST_DOMAIN, bytes);
    const before = await this.#answered(sender, requestDigest);
    if (before !== null) return wire(before);
    const batch = verifyTCertRequest(bytes, sender, chainId, preKeys);
    if (batch.entries.length > settings.maxTCertsPerBatch) {
      throw new PkgError('pkg/batch-too-large', 'too many pseudonyms in one request', { given: batch.entries.length, max: settings.maxTCertsPerBatch });
    }
    const issued = await issueTCerts(batch, { key: keys.tCertKey, schedule: epochs, committees, atMs: clock() }, random);
    const fresh = issued.map(({ certificate: bytesOf, witness }): Answer[number] => [bytesOf, encodeOpeningWitness(witness)]);
    return wire(await this.#record(batch, requestDigest, issued, fresh));
  }

  /** Answers that nobody can use any more. */
  async prune(beforeMs: number): Promise<void> {
    await this.context.database.queries.delete(tCertRequests).where(lt(tCertRequests.notAfterMs, beforeMs));
  }

  async #answered(sender: ECert, requestDigest: Uint8Array): Promise<Answer | null> {
    const mine = and(eq(tCertRequests.enrolmentId, sender.enrolmentId), eq(tCertRequests.requestDigest, requestDigest));
    const [row] = await this.context.database.queries.select({ answer: tCertRequests.answer }).from(tCertRequests).where(mine);
    return row === undefined ? null : decodeAnswer(row.answer);
  }

  /** All of the batch or nothing. @returns the answer that counts: another's, where the same request was answered meanwhile */
  async #record(batch: TCertRequest, requestDigest: Uint8Array, issued: readonly IssuedTCert[], fresh: Answer): Promise<Answer> {
    const { requestId, enrolmentId } = batch;
    const validity = validityOfEpoch(batch.epoch, this.context.epochs);
    return this.context.database.transaction(async (tx) => {
      await this.#requireRoom(tx, batch, validity.notBeforeMs);
      const request = { requestId, enrolmentId, requestDigest, answer: encodeCanonical(fresh), notAfterMs: validity.notAfterMs };
      const isNew = await tx.insert(tCertRequests).values(request).onConflictDoNothing().returning({ id: tCertRequests.requestId });
      if (isNew.length === 0) return sameRequest(tx, batch, requestDigest);
      await requireUnused(tx, batch);
      const rows = issued.map(({ certificate }) => {
        const { serial, accountKey, preKey } = decodeTCert(certificate);
        return { serial, enrolmentId, accountKey, preKey, ...validity };
      });
      const recorded = await tx.insert(tCerts).values(rows).onConflictDoNothing().returning({ serial: tCerts.serial });
      if (recorded.length !== rows.length) throw keyInUse();
      return fresh;
    });
  }

  async #requireRoom(tx: TransactionQueries, { enrolmentId, entries }: TCertRequest, notBeforeMs: number): Promise<void> {
    const { maxTCertsPerEpoch } = this.context.settings;
    const [enrolment] = await tx.select().from(enrolments).where(eq(enrolments.enrolmentId, enrolmentId)).for('update');
    if (enrolment === undefined || enrolment.revokedAtMs !== null) throw new PkgError('pkg/enrolment-revoked', 'the enrolment is revoked', { enrolmentId });
    const ofEpoch = and(eq(tCerts.enrolmentId, enrolmentId), eq(tCerts.notBeforeMs, notBeforeMs));
    const [held] = await tx.select({ number: count() }).from(tCerts).where(ofEpoch);
    if ((held?.number ?? 0) + entries.length > maxTCertsPerEpoch) {
      throw new PkgError('pkg/too-many-pseudonyms', 'no more pseudonyms for this epoch', { held: held?.number ?? 0, max: maxTCertsPerEpoch });
    }
  }
}

/** A pseudonym with the key of an enrolment would tell whose it is. */
async function requireUnused(tx: TransactionQueries, { entries }: TCertRequest): Promise<void> {
  const keys = entries.map(({ accountKey }) => accountKey);
  const [taken] = await tx.select({ serial: eCerts.serial }).from(eCerts).where(inArray(eCerts.publicKey, keys)).limit(1);
  if (taken !== undefined) throw keyInUse();
}

async function sameRequest(tx: TransactionQueries, { requestId, enrolmentId }: TCertRequest, requestDigest: Uint8Array): Promise<Answer> {
  const [row] = await tx.select().from(tCertRequests).where(eq(tCertRequests.requestId, requestId));
  if (row === undefined || row.enrolmentId !== enrolmentId || !equalBytes(row.requestDigest, requestDigest)) {
    throw new PkgError('pkg/request-id-reused', 'the request id stands for another request');
  }
  return decodeAnswer(row.answer);
}

const keyInUse = () => new PkgError('pkg/key-in-use', 'a key of the batch was certified before: every pseudonym has keys of its own');
const decodeAnswer = (bytes: Uint8Array): Answer => answerSchema.parse(decodeCanonical(bytes));
const wire = (answer: Answer): pkgApi.TCertBatch => ({
  certificates: answer.map(([certificate, witness]) => ({ certificate: toBase64Url(certificate), witness: toBase64Url(witness) })),
});
