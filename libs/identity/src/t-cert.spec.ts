import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type CborValue, decodeCanonical, encodeCanonical, equalBytes, toHex } from '@medveil/encoding';
import { sign } from './accounts.js';
import { WEEKLY_EPOCHS, validityOfEpoch } from './epochs.js';
import { isIdentityError } from './errors.js';
import { CHAIN, EPOCH, NOW_MS, type TestCommittees, bytesOf, coded, enrol, flipped, issueBatch, keyOf, pkgKey, testAuthority, testCommittees } from './spec-support.js';
import { type IssuedTCert, acceptTCert } from './t-cert-issue.js';
import { type TCert, decodeTCert, signTCert, verifyTCert } from './t-cert.js';

type CborMap = Record<string, CborValue>;

const DOMAIN = 'medveil/t-cert/1';
const { notBeforeMs, notAfterMs } = validityOfEpoch(EPOCH, WEEKLY_EPOCHS);

describe('T-Cert', () => {
  let committees: TestCommittees['committees'];
  let alice: Awaited<ReturnType<typeof enrol>>;
  let issued: IssuedTCert;
  let bytes: Uint8Array;
  let cert: TCert;
  const verifiedAt = (ms: number) => () => verifyTCert(bytes, pkgKey.publicKey, CHAIN, ms);
  const accept = (given: IssuedTCert, change: object = {}) => {
    const { accountKey, preKey } = cert;
    const expected = { pkgPublicKey: pkgKey.publicKey, chainId: CHAIN, atMs: NOW_MS, enrolmentId: 'pat_alice', role: 'patient' as const, accountKey, preKey, committees };
    return acceptTCert(given, { ...expected, ...change });
  };
  before(async () => {
    ({ committees } = await testCommittees());
    alice = await enrol('pat_alice', 'patient', await testAuthority());
    [issued] = (await issueBatch(alice, 'patient', 1, committees)) as [IssuedTCert];
    bytes = issued.certificate;
    cert = decodeTCert(bytes);
  });

  it('is issued for the keys asked for, and verified by anyone with the PKG’s key', () => {
    const verified = verifyTCert(bytes, pkgKey.publicKey, CHAIN, NOW_MS);
    assert.deepEqual(verified, cert);
    assert.deepEqual(verified.accountKey, alice.keys.pseudonym(0).account.publicKey);
    assert.equal(verified.role, 'patient');
    assert.deepEqual([verified.notBeforeMs, verified.notAfterMs], [notBeforeMs, notAfterMs]);
    assert.ok(notBeforeMs <= NOW_MS && NOW_MS < notAfterMs);
  });

  it('stays small: with 3 auditors and 4 replicas below 1,200 bytes', () => {
    assert.equal(cert.opening.length, 803);
    assert.ok(bytes.length < 1200, `${bytes.length} bytes`);
  });

  it('holds for its epochs only', () => {
    verifiedAt(notBeforeMs)();
    verifiedAt(notAfterMs - 1)();
    assert.throws(verifiedAt(notBeforeMs - 1), coded('identity/not-yet-valid'));
    assert.throws(verifiedAt(notAfterMs), coded('identity/expired'));
  });

  it('is refused on another chain and from another PKG', () => {
    assert.throws(() => verifyTCert(bytes, pkgKey.publicKey, 'other-chain', NOW_MS), coded('identity/wrong-chain'));
    assert.throws(() => verifyTCert(bytes, keyOf('other PKG').publicKey, CHAIN, NOW_MS), coded('identity/bad-signature'));
    const forged = signTCert({ ...cert, serial: bytesOf('x').slice(0, 16) }, alice.keys.enrolment);
    assert.throws(() => verifyTCert(forged, pkgKey.publicKey, CHAIN, NOW_MS), coded('identity/bad-signature'));
  });

  it('has every field under the signature', () => {
    const changes: Partial<TCert>[] = [
      { serial: flipped(cert.serial, 0) },
      { role: 'hospital' },
      { accountKey: keyOf('thief').publicKey },
      { preKey: flipped(cert.preKey ?? new Uint8Array(), 5) },
      { notBeforeMs: cert.notBeforeMs - 1 },
      { notAfterMs: cert.notAfterMs + 1 },
      { opening: flipped(cert.opening, 60) },
      { signature: flipped(cert.signature, 0) },
    ];
    for (const change of changes) {
      const altered = encodeCanonical({ ...cert, ...change });
      assert.throws(() => verifyTCert(altered, pkgKey.publicKey, CHAIN, NOW_MS), coded('identity/bad-signature'), Object.keys(change)[0]);
    }
    const otherChain = encodeCanonical({ ...cert, chainId: 'other-chain' });
    assert.throws(() => verifyTCert(otherChain, pkgKey.publicKey, 'other-chain', NOW_MS), coded('identity/bad-signature'));
  });

  it('does not survive any altered, missing or added byte', () => {
    for (let at = 0; at < bytes.length; at += 1) {
      assert.throws(() => verifyTCert(flipped(bytes, at, 1 << at % 8), pkgKey.publicKey, CHAIN, NOW_MS), isIdentityError, `byte ${at}`);
    }
    for (const bad of [bytes.slice(0, -1), Uint8Array.from([...bytes, 0]), new Uint8Array(), new Uint8Array(20_000)]) {
      assert.throws(() => verifyTCert(bad, pkgKey.publicKey, CHAIN, NOW_MS), coded('identity/bad-certificate'));
    }
  });

  it('has one form: no unknown field, no version but 1, no key that its role must not have, even under the PKG’s signature', () => {
    const { signature: _, ...unsigned } = decodeCanonical(bytes) as CborMap;
    const variants: CborMap[] = [
      { ...unsigned, extra: 1 },
      { ...unsigned, version: 2 },
      { ...unsigned, preKey: null },
      { ...unsigned, role: 'auditor' },
      { ...unsigned, role: 'replica' },
      { ...unsigned, serial: new Uint8Array(15) },
    ];
    for (const variant of variants) {
      const body = encodeCanonical(variant);
      const resigned = encodeCanonical({ ...variant, signature: sign(pkgKey, DOMAIN, body) });
      assert.throws(() => verifyTCert(resigned, pkgKey.publicKey, CHAIN, NOW_MS), coded('identity/bad-certificate'));
    }
    const weak = signTCert({ ...cert, accountKey: new Uint8Array(32) }, pkgKey);
    assert.throws(() => verifyTCert(weak, pkgKey.publicKey, CHAIN, NOW_MS), coded('identity/bad-key'));
  });

  describe('as its holder checks it', () => {
    it('is accepted when it carries the holder’s keys and identity', async () => {
      assert.deepEqual(await accept(issued), cert);
    });

    it('is refused with other keys, another role or another’s identity', async () => {
      const other = keyOf('other').publicKey;
      await assert.rejects(accept(issued, { accountKey: other }), coded('identity/bad-certificate'));
      await assert.rejects(accept(issued, { preKey: null }), coded('identity/bad-certificate'));
      await assert.rejects(accept(issued, { role: 'hospital' }), coded('identity/bad-certificate'));
      await assert.rejects(accept(issued, { enrolmentId: 'pat_mallory' }), coded('identity/bad-opening'));
    });

    it('is refused where its opening was taken from another T-Cert, even by the PKG', async () => {
      const [, second] = (await issueBatch(alice, 'patient', 2, committees, 10)) as [IssuedTCert, IssuedTCert];
      const swapped = signTCert({ ...cert, opening: decodeTCert(second.certificate).opening }, pkgKey);
      await assert.rejects(accept({ certificate: swapped, witness: second.witness }), coded('identity/bad-opening'));
    });
  });
});

describe('T-Certs of one holder', () => {
  it('share no run of 8 bytes, other than what all T-Certs of the epoch share', async () => {
    const { committees } = await testCommittees();
    const authority = await testAuthority();
    const [alice, bob] = [await enrol('pat_alice', 'patient', authority), await enrol('pat_bob', 'patient', authority)];
    const alices = [...(await issueBatch(alice, 'patient', 3, committees)), ...(await issueBatch(alice, 'patient', 2, committees, 3))];
    const all = [...alices, ...(await issueBatch(bob, 'patient', 2, committees))].map(({ certificate }) => certificate);
    const [first, ...rest] = all;
    assert.ok(first !== undefined && rest.every(({ length }) => length === first.length));

    const common = Array.from(first, (byte, at) => rest.every((other) => other[at] === byte));
    const ownRuns = all.slice(0, alices.length).map((certificate) => new Set(runs(certificate, common, 8)));
    assert.ok(ownRuns.every(({ size }) => size > 700), 'most of a T-Cert is its own');
    for (const [index, mine] of ownRuns.entries()) {
      for (const other of ownRuns.slice(index + 1)) assert.deepEqual([...mine].filter((run) => other.has(run)), []);
    }
  });

  it('have serials, keys and openings of their own', async () => {
    const { committees } = await testCommittees();
    const alice = await enrol('pat_alice', 'patient', await testAuthority());
    const certs = (await issueBatch(alice, 'patient', 3, committees)).map(({ certificate }) => decodeTCert(certificate));
    for (const field of ['serial', 'accountKey', 'preKey', 'opening', 'signature'] as const) {
      assert.equal(new Set(certs.map((cert) => toHex(cert[field] ?? new Uint8Array()))).size, certs.length, field);
    }
    assert.ok(certs.every((cert) => !equalBytes(cert.accountKey, alice.eCert.publicKey)));
  });
});

/** All runs of `length` bytes that hold no byte of what is common, in hexadecimal. */
function runs(bytes: Uint8Array, common: readonly boolean[], length: number): string[] {
  const starts = Array.from({ length: bytes.length - length + 1 }, (_, at) => at);
  return starts.filter((at) => !common.slice(at, at + length).includes(true)).map((at) => toHex(bytes.subarray(at, at + length)));
}
