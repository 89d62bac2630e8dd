/** Enrolment of an institution: a self-made key, a one-time token, and the keys that the consortium is asked to pin. */
import { delegateeKeyContext, type Member } from '@medveil/agreements';
import { ApiError, type PkgClient } from '@medveil/client';
import { defineJob, type JobHandler } from '@medveil/database';
import { encodeCanonical, idSchema, isCodedError, toBase64Url } from '@medveil/encoding';
import { createEnrolmentRequest, enrolmentTokenDigest } from '@medveil/identity';
import { z } from 'zod';
import type { ResearchContext } from '../context.js';
import { ResearchApiError } from '../errors.js';
import type { LedgerLink } from '../ledger/ledger-link.js';
import type { InstitutionRow } from '../tables.js';
import { certificateFor, scheduleRenewal, STALE } from './certificates.js';
import type { InstitutionKeys, InstitutionSecrets } from './institution-keys.js';
import type { InstitutionStore } from './institution-store.js';

export const ENROL = defineJob({
  name: 'enrol-institution',
  payload: z.strictObject({ institutionId: idSchema('ins') }),
  maxAttempts: 100,
  backoffMs: { first: 500, longest: 60_000 },
});

export interface EnrolmentParts {
  readonly context: ResearchContext;
  readonly store: InstitutionStore;
  readonly secrets: InstitutionSecrets;
  readonly pkg: PkgClient;
  readonly link: LedgerLink;
}

/** Enrols until there is an E-Cert or the PKG's refusal. The request is written down before it is sent, and repeated as it is. */
export function enrolmentJob(parts: EnrolmentParts): JobHandler<z.infer<typeof ENROL.payload>> {
  const { context, store, secrets, link } = parts;
  return async ({ payload: { institutionId }, attempt }) => {
    const row = await store.get(institutionId);
    if (row.status !== 'enrolling') return;
    try {
      const certificate = await enrol(parts, await withRequest(parts, row));
      await context.database.transaction(async (tx) => {
        await store.update(tx, institutionId, { ...certificate, status: 'waiting', code: null, request: null, member: null });
        await scheduleRenewal(context, tx, institutionId, certificate.certificateUntilMs);
      });
      context.log.info('institution-enrolled', { institutionId });
    } catch (error) {
      const code = isCodedError(error) ? error.code : 'research-api/gave-up';
      if (code === STALE) await store.update(context.database.queries, institutionId, { request: null, member: null });
      if (attempt < (ENROL.maxAttempts ?? 1) && !isFinal(error)) throw error;
      await store.update(context.database.queries, institutionId, { status: 'refused', code, request: null, member: null });
      context.log.warn('institution-refused', { institutionId, code });
    }
    await secrets.forgetToken(institutionId);
    context.changes.happened();
    await link.connect();
  };
}

const isFinal = (error: unknown): boolean =>
  error instanceof ResearchApiError || (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429 && error.code !== STALE);

type Prepared = InstitutionRow & { readonly request: Uint8Array; readonly member: Uint8Array };

async function withRequest({ context, store, secrets }: EnrolmentParts, row: InstitutionRow): Promise<Prepared> {
  const { request, member } = row;
  if (request !== null && member !== null) return { ...row, request, member };
  const keys = await secrets.keys(row.institutionId);
  const made = { request: requestOf(context, row, keys, await secrets.token(row.institutionId)), member: encodeCanonical(memberOf(context, row, keys)) };
  await store.update(context.database.queries, row.institutionId, made);
  return { ...row, ...made };
}

const requestOf = ({ chainId, clock }: ResearchContext, { enrolmentId }: InstitutionRow, keys: InstitutionKeys, token: Uint8Array): Uint8Array =>
  createEnrolmentRequest({
    version: 1,
    chainId,
    enrolmentId,
    role: 'institution',
    publicKey: keys.account.publicKey,
    hpkePublicKey: keys.hpke.publicKey,
    subjectCommitment: null,
    requestedAtMs: clock(),
    authority: { kind: 'token', tokenDigest: enrolmentTokenDigest(token) },
  }, keys.account);

/** What the consortium votes on. */
const memberOf = ({ chainId, pre, random }: ResearchContext, { name }: InstitutionRow, { account, hpke, delegatee }: InstitutionKeys): Member => ({
  role: 'institution',
  accountKey: account.publicKey,
  name,
  eCertHash: null,
  delegateeKey: delegatee.publicKey,
  delegateeProof: pre.proveDelegateeKey(delegatee, delegateeKeyContext(chainId, account.publicKey), random),
  sealKey: hpke.publicKey,
});

async function enrol({ context, secrets, pkg }: EnrolmentParts, { institutionId, enrolmentId, request, member }: Prepared) {
  const token = toBase64Url(await secrets.token(institutionId));
  const answer = await pkg.enrol({ token, request: toBase64Url(request), member: toBase64Url(member) });
  const { publicKey } = await secrets.account(institutionId);
  return certificateFor(context, { enrolmentId, publicKey }, answer.certificate);
}
