/** E-Certs: what is believed of one, and its renewal in good time. The keys stay: they are pinned on the ledger. */
import { HttpClient, PkgClient } from '@medveil/client';
import { defineJob, type JobHandler, type TransactionQueries } from '@medveil/database';
import { equalBytes, fromBase64Url, type Id, idSchema, isCodedError, toBase64Url } from '@medveil/encoding';
import { createEnrolmentRequest, verifyECert } from '@medveil/identity';
import { z } from 'zod';
import type { ResearchContext } from '../context.js';
import { ResearchApiError } from '../errors.js';
import type { Credentials } from '../ledger/ledger-link.js';
import type { InstitutionRow } from '../tables.js';
import type { InstitutionSecrets } from './institution-keys.js';
import type { InstitutionStore } from './institution-store.js';

/** The PKG took the request for too old: it was kept through a long pause, and another is made. */
export const STALE = 'pkg/stale-request';

export const RENEW = defineJob({
  name: 'renew-certificate',
  payload: z.strictObject({ institutionId: idSchema('ins') }),
  maxAttempts: 1_000,
  backoffMs: { first: 5_000, longest: 6 * 3_600_000 },
});

/** Of a certificate's life, the part that is left when it is renewed. */
const RENEW_WITH_LEFT = 0.2;

export interface Certified {
  readonly certificate: Uint8Array;
  readonly certificateUntilMs: number;
}

/** @throws ResearchApiError `research-api/bad-certificate`, IdentityError of `verifyECert` */
export function certificateFor({ caCertificate, clock }: ResearchContext, wanted: { enrolmentId: string; publicKey: Uint8Array }, encoded: string): Certified {
  const certificate = fromBase64Url(encoded);
  const cert = verifyECert(certificate, caCertificate, clock());
  if (cert.enrolmentId !== wanted.enrolmentId || cert.role !== 'institution' || !equalBytes(cert.publicKey, wanted.publicKey)) {
    throw new ResearchApiError('research-api/bad-certificate', 'the PKG certified something else than was asked for');
  }
  return { certificate, certificateUntilMs: cert.notAfterMs };
}

export async function scheduleRenewal({ jobs, clock }: ResearchContext, tx: TransactionQueries, institutionId: Id<'ins'>, untilMs: number): Promise<void> {
  const runAtMs = Math.floor(untilMs - RENEW_WITH_LEFT * (untilMs - clock()));
  await jobs.enqueue(tx, RENEW, { key: `${institutionId}/${untilMs}`, payload: { institutionId }, runAtMs });
}

export interface RenewalParts {
  readonly context: ResearchContext;
  readonly store: InstitutionStore;
  readonly secrets: InstitutionSecrets;
  readonly credentials: Credentials;
}

/** As at enrolment, the request is written down before it is sent, and repeated as it is. */
export function renewalJob(parts: RenewalParts): JobHandler<z.infer<typeof RENEW.payload>> {
  const { context, store } = parts;
  return async ({ payload: { institutionId } }) => {
    const row = await store.get(institutionId);
    const { certificate } = row;
    if (certificate === null) return;
    try {
      const renewed = await renew(parts, { ...row, certificate });
      await context.database.transaction(async (tx) => {
        await store.update(tx, institutionId, { ...renewed, request: null });
        await scheduleRenewal(context, tx, institutionId, renewed.certificateUntilMs);
      });
      context.log.info('certificate-renewed', { institutionId });
    } catch (error) {
      context.log.warn('certificate-not-renewed', { institutionId, code: isCodedError(error) ? error.code : 'unexpected' });
      if (isCodedError(error) && error.code === STALE) await store.update(context.database.queries, institutionId, { request: null });
      throw error;
    }
  };
}

async function renew({ context, store, secrets, credentials }: RenewalParts, row: InstitutionRow & { readonly certificate: Uint8Array }): Promise<Certified> {
  const { account, hpke } = await secrets.keys(row.institutionId);
  const { serial } = verifyECert(row.certificate, context.caCertificate, context.clock());
  const request = row.request ?? createEnrolmentRequest({
    version: 1,
    chainId: context.chainId,
    enrolmentId: row.enrolmentId,
    role: 'institution',
    publicKey: account.publicKey,
    hpkePublicKey: hpke.publicKey,
    subjectCommitment: null,
    requestedAtMs: context.clock(),
    authority: { kind: 'renewal', serial },
  }, account, account);
  await store.update(context.database.queries, row.institutionId, { request });
  const { pkgUrl } = context.settings;
  const pkg = new PkgClient(new HttpClient({ baseUrl: pkgUrl, token: credentials.source(row, 'pkg', pkgUrl) }));
  const answer = await pkg.renew({ request: toBase64Url(request), certificate: toBase64Url(row.certificate) });
  return certificateFor(context, { enrolmentId: row.enrolmentId, publicKey: account.publicKey }, answer.certificate);
}
