import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { sha256, utf8 } from '@medveil/encoding';
import { type EligibilityStatement, FIELD_ORDER, fieldToBytes, loadVerifier, verificationKeyHash } from '@medveil/eligibility';
import { afgh06, type Afgh06, DELEGATEE_PUBLIC_KEY_BYTES, encodeLabel, type Engine, loadEngine } from '@medveil/pre';
import { createVerifiers, preStatementOf } from './create-verifiers.js';
import { delegateeKeyContext } from './envelope.js';
import { simulatedKey, simulateProof } from './testing/simulated-proofs.js';
import { bytes32, CHAIN, DAY_MS, keyOf, pkgKey, START_MS, World } from './testing/world.js';
import type { Verifiers } from './verifiers.js';

let engine: Engine;
let pre: Afgh06;
let verifiers: Verifiers;

before(async () => {
  await loadVerifier();
  engine = await loadEngine();
  pre = afgh06(engine);
  verifiers = createVerifiers({ pre, verificationKeys: [simulatedKey] });
});

/** Deterministic, so that a failure can be run again. */
const randomOf = (name: string) => (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 32) bytes.set(sha256(utf8(`${name} ${at}`)).subarray(0, Math.min(32, length - at)), at);
  return bytes;
};
const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
const field = (name: string): Uint8Array => fieldToBytes(BigInt(`0x${Buffer.from(bytes32(name)).toString('hex')}`) % FIELD_ORDER);

const statement = (): EligibilityStatement => ({
  h: field('h'), policyHash: field('policy'), result: 1, requirementId: `req_${'1'.repeat(64)}`, claimNullifier: field('nullifier'),
  domains: ['measurements'], domainNullifiers: [field('domain')], issuerRoot: field('issuers'), pseudonym: bytes32('pseudonym'), chainId: CHAIN,
});

describe('eligibility proofs', () => {
  it('hold for the statement they were made for and for no other', () => {
    const hash = verificationKeyHash(simulatedKey);
    const proof = simulateProof(statement());
    assert.ok(verifiers.verifyEligibility(hash, statement(), proof));
    const others: Partial<EligibilityStatement>[] = [
      { h: field('h2') }, { policyHash: field('policy2') }, { result: 0 }, { requirementId: `req_${'2'.repeat(64)}` }, { claimNullifier: field('nullifier2') },
      { domains: ['history'] }, { domainNullifiers: [field('domain2')] }, { domains: [], domainNullifiers: [] }, { issuerRoot: field('issuers2') },
      { pseudonym: bytes32('thief') }, { chainId: 'another' },
    ];
    for (const other of others) assert.equal(verifiers.verifyEligibility(hash, { ...statement(), ...other }, proof), false, JSON.stringify(Object.keys(other)));
    for (const at of [1, 40, 100]) assert.equal(verifiers.verifyEligibility(hash, statement(), flip(proof, at)), false);
  });

  it('take no input that is not below r, and no domain without its nullifier', () => {
    const hash = verificationKeyHash(simulatedKey);
    const { claimNullifier } = statement();
    const alias = BigInt(`0x${Buffer.from(claimNullifier).toString('hex')}`) + FIELD_ORDER;
    const aliased = Uint8Array.from(Buffer.from(alias.toString(16).padStart(64, '0'), 'hex'));
    const proof = simulateProof(statement());
    assert.equal(verifiers.verifyEligibility(hash, { ...statement(), claimNullifier: aliased }, proof), false);
    assert.equal(verifiers.verifyEligibility(hash, { ...statement(), domainNullifiers: [] }, proof), false);
    assert.equal(verifiers.verifyEligibility(hash, statement(), new Uint8Array(5)), false);
  });

  it('are not judged under a key that is not loaded', () => {
    assert.ok(!verifiers.hasVerificationKey(bytes32('other')));
    assert.throws(() => verifiers.verifyEligibility(bytes32('other'), statement(), new Uint8Array(128)), { code: 'agreements/missing-verification-key' });
  });
});

describe('re-encryption proofs', () => {
  it('hold for one claim, part, version, owner and delegatee', () => {
    const owner = pre.ownerKeyFromSeed(bytes32('owner'));
    const delegatee = pre.delegateeKeyFromSeed(bytes32('delegatee'));
    const label = { chainId: CHAIN, record: bytes32('record'), part: 'laboratory', version: 1 } as const;
    const { capsule } = pre.encapsulate(owner.publicKey, encodeLabel(label), randomOf('capsule'));
    const reKey = pre.reKeyGen(owner, encodeLabel(label), delegatee.publicKey);
    const transformed = pre.reEncrypt(capsule, reKey);
    const delivered = { ...label, claimId: `clm_${'1'.repeat(64)}`, ownerKey: owner.publicKey, delegateeKey: delegatee.publicKey, capsule, transformed };
    const proof = pre.proveReEncryption({ ...preStatementOf(delivered), reKey }, randomOf('proof'));
    assert.ok(verifiers.verifyReEncryption({ ...delivered, proof }));
    const other = pre.delegateeKeyFromSeed(bytes32('another delegatee'));
    for (const wrong of [
      { claimId: `clm_${'2'.repeat(64)}` }, { version: 2 }, { part: 'other' as const }, { record: bytes32('another') }, { chainId: 'another' },
      { delegateeKey: other.publicKey }, { transformed: flip(transformed, 100) }, { capsule: flip(capsule, 60) }, { ownerKey: new Uint8Array(0) },
    ]) {
      assert.equal(verifiers.verifyReEncryption({ ...delivered, ...wrong, proof }), false, Object.keys(wrong)[0]);
    }
    assert.equal(verifiers.verifyReEncryption({ ...delivered, proof: flip(proof, 20) }), false);
  });
});

describe('delegatee keys', () => {
  it('are proved for one account on one chain', () => {
    const key = pre.delegateeKeyFromSeed(bytes32('delegatee'));
    const account = keyOf('institute').publicKey;
    const proof = pre.proveDelegateeKey(key, delegateeKeyContext(CHAIN, account), randomOf('possession'));
    assert.ok(verifiers.verifyDelegateeKey(key.publicKey, proof, delegateeKeyContext(CHAIN, account)));
    assert.ok(!verifiers.verifyDelegateeKey(key.publicKey, proof, delegateeKeyContext('another', account)));
    assert.ok(!verifiers.verifyDelegateeKey(key.publicKey, proof, delegateeKeyContext(CHAIN, keyOf('university').publicKey)));
  });

  it("are related to an owner's that has the same secret, and what is malformed counts as related", () => {
    const owner = pre.ownerKeyFromSeed(bytes32('one seed'));
    const delegatee = pre.delegateeKeyFromSeed(bytes32('one seed'));
    assert.equal(verifiers.areRelatedKeys(owner.publicKey, delegatee.publicKey), false);
    const same = new Uint8Array(DELEGATEE_PUBLIC_KEY_BYTES);
    same[0] = delegatee.publicKey[0]!;
    same.set(engine.g2.encode(engine.g2.pow(engine.g2.generator, engine.scalars.decode(owner.secret.subarray(1)))), 1);
    assert.equal(verifiers.areRelatedKeys(owner.publicKey, same), true);
    assert.equal(verifiers.areRelatedKeys(new Uint8Array(3), delegatee.publicKey), true);
  });
});

describe('certificates', () => {
  it('are read where they are valid, and null otherwise', () => {
    const { certificate } = new World().pseudonym('ana', { notAfterMs: START_MS + DAY_MS });
    assert.equal(verifiers.verifyTCert(certificate!, pkgKey.publicKey, CHAIN, START_MS)?.role, 'patient');
    assert.equal(verifiers.verifyTCert(certificate!, pkgKey.publicKey, CHAIN, START_MS + DAY_MS), null);
    assert.equal(verifiers.verifyTCert(new Uint8Array(2), pkgKey.publicKey, CHAIN, START_MS), null);
  });
});
