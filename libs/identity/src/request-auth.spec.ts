import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { toBase64Url, utf8 } from '@medveil/encoding';
import { accountId, signRaw } from './accounts.js';
import { type RevocationCheck, emptyRevocationList, revocationCheck, revoke } from './revocation.js';
import { type AssertionTrust, issueAccessToken, scopesFor, signAssertion, verifyAccessToken, verifyAssertion } from './request-auth.js';
import { CHAIN, DAY_MS, NOW_MS, bytesOf, coded, enrol, issueBatch, keyOf, pkgKey, seededRandom, testAuthority, testCommittees } from './spec-support.js';
import { decodeTCert } from './t-cert.js';

const AUDIENCE = 'https://contract.example/v1/token';
const random = seededRandom('auth');
const clock = () => NOW_MS;
const ports = { clock, random };
const nothingRevoked = revocationCheck(emptyRevocationList(CHAIN, NOW_MS));

function rememberingGuard() {
  const seen = new Map<string, number>();
  const firstUse = (jti: string, untilMs: number) => {
    const fresh = !seen.has(jti);
    seen.set(jti, untilMs);
    return Promise.resolve(fresh);
  };
  return { seen, firstUse };
}

type Client = Parameters<typeof signAssertion>[0];

describe('client assertion', () => {
  let institution: Client;
  let pseudonym: Client;
  let tCert: Uint8Array;
  let authority: Uint8Array;
  before(async () => {
    const ca = await testAuthority();
    authority = ca.certificate;
    const party = await enrol('ins_1', 'institution', ca);
    institution = { key: party.keys.enrolment, credential: { kind: 'enrolment', certificate: party.certificate }, subject: 'ins_1' };
    const patient = await enrol('pat_1', 'patient', ca);
    const { account } = patient.keys.pseudonym(0);
    tCert = (await issueBatch(patient, 'patient', 1, (await testCommittees()).committees))[0]?.certificate ?? assert.fail();
    pseudonym = { key: account, credential: { kind: 'pseudonym', certificate: tCert }, subject: accountId(account.publicKey) };
  });

  const trust = (change: Partial<AssertionTrust> = {}): AssertionTrust => ({
    audience: AUDIENCE,
    authority,
    pkgPublicKey: pkgKey.publicKey,
    chainId: CHAIN,
    revocation: nothingRevoked,
    clock,
    firstUse: rememberingGuard().firstUse,
    ...change,
  });

  it('shows an enrolment by its E-Cert', async () => {
    const principal = await verifyAssertion(await signAssertion(institution, AUDIENCE, ports), trust());
    assert.deepEqual({ ...principal, serial: '' }, { kind: 'enrolment', subject: 'ins_1', account: accountId(institution.key.publicKey), role: 'institution', serial: '' });
  });

  it('shows a pseudonym by its T-Cert, and nothing of the person', async () => {
    const assertion = await signAssertion(pseudonym, AUDIENCE, ports);
    const principal = await verifyAssertion(assertion, trust());
    assert.deepEqual([principal.kind, principal.subject, principal.role], ['pseudonym', pseudonym.subject, 'patient']);
    const decoded = assertion.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    assert.ok(decoded.every((part) => !part.includes('pat_1')));
  });

  it('is good once', async () => {
    const guard = rememberingGuard();
    const assertion = await signAssertion(institution, AUDIENCE, ports);
    await verifyAssertion(assertion, trust({ firstUse: guard.firstUse }));
    await assert.rejects(verifyAssertion(assertion, trust({ firstUse: guard.firstUse })), coded('identity/replayed'));
    assert.ok([...guard.seen.values()].every((untilMs) => untilMs > NOW_MS + 120_000));
  });

  it('spends no identifier on a bad assertion', async () => {
    const guard = rememberingGuard();
    const assertion = await signAssertion(institution, AUDIENCE, ports);
    await assert.rejects(verifyAssertion(assertion, trust({ audience: 'https://other.example', firstUse: guard.firstUse })), coded('identity/bad-credential'));
    assert.equal(guard.seen.size, 0);
  });

  it('is refused for another audience, too late, and from the future', async () => {
    const assertion = await signAssertion(institution, AUDIENCE, ports);
    await assert.rejects(verifyAssertion(assertion, trust({ audience: `${AUDIENCE}s` })), coded('identity/bad-credential'));
    await assert.rejects(verifyAssertion(assertion, trust({ clock: () => NOW_MS + 151_000 })), coded('identity/expired'));
    await assert.rejects(verifyAssertion(assertion, trust({ clock: () => NOW_MS - 31_000 })), coded('identity/not-yet-valid'));
  });

  it('is refused when signed with another key than the certificate’s, or for another subject', async () => {
    for (const change of [{ key: keyOf('thief') }, { subject: 'ins_2' }]) {
      await assert.rejects(verifyAssertion(await signAssertion({ ...institution, ...change }, AUDIENCE, ports), trust()), coded('identity/bad-credential'));
    }
  });

  it('is refused with a revoked or foreign certificate', async () => {
    const { serial } = await verifyAssertion(await signAssertion(institution, AUDIENCE, ports), trust());
    const revocation: RevocationCheck = revocationCheck(
      revoke(emptyRevocationList(CHAIN, NOW_MS), { eCerts: [serial], tCerts: [decodeTCert(tCert)] }, NOW_MS),
    );
    for (const client of [institution, pseudonym]) {
      await assert.rejects(verifyAssertion(await signAssertion(client, AUDIENCE, ports), trust({ revocation })), coded('identity/revoked'));
    }
    const foreign = (await testAuthority('foreign', keyOf('foreign'))).certificate;
    await assert.rejects(verifyAssertion(await signAssertion(institution, AUDIENCE, ports), trust({ authority: foreign })), coded('identity/foreign-authority'));
    await assert.rejects(
      verifyAssertion(await signAssertion(pseudonym, AUDIENCE, ports), trust({ pkgPublicKey: keyOf('x').publicKey })),
      coded('identity/bad-signature'),
    );
  });

  it('is refused in any other form: no certificate, two, another type or algorithm, no signature, too long', async () => {
    const { certificate } = institution.credential;
    const x5c = [Buffer.from(certificate).toString('base64')];
    const claims = { iss: 'ins_1', sub: 'ins_1', aud: AUDIENCE, jti: 'j'.repeat(32), iat: NOW_MS / 1000, exp: NOW_MS / 1000 + 60 };
    const good = { alg: 'EdDSA', typ: 'client-assertion+jwt', x5c };
    await verifyAssertion(handMade(good, claims), trust());
    const bad: [object, object][] = [
      [{ ...good, x5c: undefined }, claims],
      [{ ...good, tcert: toBase64Url(tCert) }, claims],
      [{ ...good, x5c: [...x5c, ...x5c] }, claims],
      [{ ...good, x5c: undefined, tcert: '***' }, claims],
      [{ ...good, typ: 'at+jwt' }, claims],
      [{ ...good, alg: 'none' }, claims],
      [{ ...good, alg: 'HS256' }, claims],
      [good, { ...claims, jti: undefined }],
      [good, { ...claims, exp: undefined }],
      [good, { ...claims, exp: claims.iat + 301 }],
      [good, { ...claims, sub: 'ins_2' }],
    ];
    for (const [header, payload] of bad) {
      await assert.rejects(verifyAssertion(handMade(header, payload), trust()), coded('identity/bad-credential'), JSON.stringify([header, payload]));
    }
    const unsigned = handMade(good, claims).replace(/[^.]*$/, '');
    for (const text of [unsigned, '', 'a.b.c', `${'a'.repeat(40_000)}.b.c`]) {
      await assert.rejects(verifyAssertion(text, trust()), coded('identity/bad-credential'));
    }
  });

  const handMade = (header: object, claims: object): string => {
    const signed = [header, claims].map((part) => toBase64Url(utf8(JSON.stringify(part)))).join('.');
    return `${signed}.${toBase64Url(signRaw(institution.key, utf8(signed)))}`;
  };
});

describe('access token', () => {
  const service = { issuer: 'https://contract.example', audience: 'contract', chainId: CHAIN };
  const key = keyOf('token service');
  const principal = { kind: 'pseudonym' as const, subject: accountId(bytesOf('account')), account: accountId(bytesOf('account')), role: 'patient' as const, serial: 'ab'.repeat(16) };
  const issue = (lifetimeMs = 600_000) => issueAccessToken({ ...principal, scopes: scopesFor(principal) }, { ...service, key, lifetimeMs }, ports);
  const verify = (token: string, change: object = {}) => verifyAccessToken(token, { ...service, publicKey: key.publicKey, clock, ...change });

  it('carries who may do what', async () => {
    assert.deepEqual(await verify(await issue()), { ...principal, scopes: ['ledger:read', 'transactions:submit', 'ciphertexts:write', 'grants:write'] });
  });

  it('gives scopes by role and kind of certificate, and fewer when fewer are asked for', () => {
    assert.deepEqual(scopesFor(principal, 'ledger:read enrolments:admin'), ['ledger:read']);
    assert.deepEqual(scopesFor({ ...principal, kind: 'enrolment' }), ['certificates:renew', 'pseudonyms:request', 'issuers:accredit']);
    assert.deepEqual(scopesFor({ ...principal, role: 'replica' }), []);
  });

  it('is refused elsewhere, later, from another issuer and for another ledger', async () => {
    const token = await issue();
    await assert.rejects(verify(token, { audience: 'proxy' }), coded('identity/bad-credential'));
    await assert.rejects(verify(token, { issuer: 'https://evil.example' }), coded('identity/bad-credential'));
    await assert.rejects(verify(token, { publicKey: keyOf('x').publicKey }), coded('identity/bad-credential'));
    await assert.rejects(verify(token, { chainId: 'other' }), coded('identity/wrong-chain'));
    await assert.rejects(verify(token, { clock: () => NOW_MS + DAY_MS }), coded('identity/expired'));
  });

  it('does not pass with raised scopes, nor an assertion in its place', async () => {
    const [header, payload, signature] = (await issue()).split('.') as [string, string, string];
    const raised = Buffer.from(payload, 'base64url').toString().replace('ledger:read', 'enrolments:admin');
    await assert.rejects(verify(`${header}.${toBase64Url(utf8(raised))}.${signature}`), coded('identity/bad-credential'));
    const client = { key, credential: { kind: 'enrolment' as const, certificate: new Uint8Array(1) }, subject: 'contract' };
    await assert.rejects(verify(await signAssertion(client, service.audience, ports)), coded('identity/bad-credential'));
  });
});
