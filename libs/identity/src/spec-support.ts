import assert from 'node:assert/strict';
import { type RandomBytes, concatBytes, sha256, utf8 } from '@medveil/encoding';
import { type Afgh06, afgh06, loadEngine } from '@medveil/pre';
import { type SigningKeyPair, signingKeyFromSeed } from './accounts.js';
import { type CertificateAuthority, createCertificateAuthority, issueECert, verifyECert } from './e-cert.js';
import type { ECert } from './e-cert.js';
import { WEEKLY_EPOCHS, epochAt } from './epochs.js';
import { type IdentityErrorCode, isIdentityError } from './errors.js';
import { type HpkeKeyPair, hpkeKeyPairFromSeed } from './hpke.js';
import type { Committee, OpeningCommittees } from './opening-format.js';
import { derivePatientKeys } from './patient-seed.js';
import { PRE_KEY_KIND, type PseudonymRole } from './roles.js';
import { type IssuedTCert, issueTCerts } from './t-cert-issue.js';
import { createTCertRequest, verifyTCertRequest } from './t-cert-request.js';

export const CHAIN = 'medveil-test';
export const DAY_MS = 86_400_000;
/** 1 June 2026, noon. */
export const NOW_MS = Date.UTC(2026, 5, 1, 12);
export const EPOCH = epochAt(NOW_MS, WEEKLY_EPOCHS);

/** Bytes that look random and repeat with the seed. */
export function seededRandom(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const blocks: Uint8Array[] = [];
    for (let got = 0; got < length; got += 32) {
      counter += 1;
      blocks.push(sha256(utf8(`${seed}/${counter}`)));
    }
    return concatBytes(...blocks).slice(0, length);
  };
}

export const bytesOf = (seed: string): Uint8Array => sha256(utf8(seed));
export const keyOf = (seed: string): SigningKeyPair => signingKeyFromSeed(bytesOf(seed));

/** For `assert.throws` and `assert.rejects`. */
export const coded = (code: IdentityErrorCode) => (error: unknown) => {
  assert.ok(isIdentityError(error), `not an IdentityError: ${String(error)}`);
  assert.equal(error.code, code);
  return true;
};

export function flipped(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ bit;
  return copy;
}

export const authorityKey = keyOf('e-cert authority');
export const pkgKey = keyOf('t-cert issuer');

export async function testAuthority(name = 'medveil test PKG', key = authorityKey): Promise<CertificateAuthority> {
  const validity = { notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + 3650 * DAY_MS };
  return { certificate: await createCertificateAuthority({ name, key, ...validity }, seededRandom(name)), key };
}

export interface TestCommittees {
  readonly committees: OpeningCommittees;
  readonly holders: Readonly<Record<'auditors' | 'replicas', readonly HpkeKeyPair[]>>;
}

/** Auditors 2 of 3 and replicas 2 of 4 unless said otherwise. */
export async function testCommittees(auditors: readonly [number, number] = [2, 3], replicas: readonly [number, number] = [2, 4]): Promise<TestCommittees> {
  const holders = { auditors: await hpkeKeys('auditor', auditors[1]), replicas: await hpkeKeys('replica', replicas[1]) };
  return {
    holders,
    committees: {
      auditors: committeeOf('auditor', holders.auditors, auditors[0]),
      replicas: committeeOf('replica', holders.replicas, replicas[0]),
    },
  };
}

const hpkeKeys = (name: string, count: number): Promise<HpkeKeyPair[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => hpkeKeyPairFromSeed(bytesOf(`${name} ${index}`))));

const committeeOf = (name: string, keys: readonly HpkeKeyPair[], threshold: number): Committee => ({
  threshold,
  members: keys.map(({ publicKey }, index) => ({ id: `${name}-${index}`, publicKey })),
});

export async function enrol(enrolmentId: string, role: ECert['role'], authority: CertificateAuthority) {
  const keys = derivePatientKeys(bytesOf(enrolmentId));
  const subject = { enrolmentId, role, publicKey: keys.enrolment.publicKey };
  const validity = { notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + 365 * DAY_MS };
  const certificate = await issueECert({ subject, authority, ...validity }, seededRandom(enrolmentId));
  return { keys, certificate, eCert: verifyECert(certificate, authority.certificate, NOW_MS) };
}

let engine: Promise<Afgh06> | undefined;
export const pre = (): Promise<Afgh06> => (engine ??= loadEngine().then(afgh06));

/** The bytes of a batch request for `count` pseudonyms of an enrolled party, from its `from`-th on. */
export async function batchRequest(party: Awaited<ReturnType<typeof enrol>>, role: PseudonymRole, count: number, from = 0): Promise<Uint8Array> {
  const afgh = await pre();
  const random = seededRandom(`${party.eCert.enrolmentId} request ${from}`);
  const pseudonyms = Array.from({ length: count }, (_, index) => {
    const { account, ownerSeed, delegateeSeed } = party.keys.pseudonym(from + index);
    return { account, preKey: preKeyOf(afgh, role, { ownerSeed, delegateeSeed }, random) };
  });
  const { enrolmentId } = party.eCert;
  return createTCertRequest({ chainId: CHAIN, enrolmentId, role, requestId: random(16), epoch: EPOCH, pseudonyms }, party.keys.enrolment);
}

function preKeyOf(afgh: Afgh06, role: PseudonymRole, seeds: { ownerSeed: Uint8Array; delegateeSeed: Uint8Array }, random: RandomBytes) {
  const kind = PRE_KEY_KIND[role];
  if (kind === null) return null;
  if (kind === 'owner') {
    const key = afgh.ownerKeyFromSeed(seeds.ownerSeed);
    return { publicKey: key.publicKey, prove: (context: Uint8Array) => afgh.proveOwnerKey(key, context, random) };
  }
  const key = afgh.delegateeKeyFromSeed(seeds.delegateeSeed);
  return { publicKey: key.publicKey, prove: (context: Uint8Array) => afgh.proveDelegateeKey(key, context, random) };
}

/** A batch of T-Certs, issued as the PKG does it. */
export async function issueBatch(
  party: Awaited<ReturnType<typeof enrol>>,
  role: PseudonymRole,
  count: number,
  committees: OpeningCommittees,
  from = 0,
): Promise<IssuedTCert[]> {
  const request = verifyTCertRequest(await batchRequest(party, role, count, from), party.eCert, CHAIN, await pre());
  const pkg = { key: pkgKey, schedule: WEEKLY_EPOCHS, committees, atMs: NOW_MS };
  return issueTCerts(request, pkg, seededRandom(`issue ${party.eCert.enrolmentId} ${from}`));
}
