import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  accreditationLeaf,
  attest,
  bytesToField,
  claimNullifier,
  commit,
  decodeAttestation,
  domainNullifier,
  encodeAttestation,
  FIELD_ORDER,
  fieldToBytes,
  isEligibilityError,
  issuerKeyFromSeed,
  IssuerTree,
  publicInputsOf,
  publicSignals,
  subjectOf,
  verifyAttestation,
} from './index.js';
import { ISSUER_TREE } from './issuers.js';
import { rootOfPath } from './merkle.js';

const issuer = issuerKeyFromSeed(new Uint8Array(32).fill(1));
const subject = subjectOf(123n);
const attested = { partsRoot: 99n, timeDay: 20_000, subject };

describe('field elements', () => {
  it('have one encoding of 32 bytes, below r', () => {
    for (const value of [0n, 1n, FIELD_ORDER - 1n]) assert.equal(bytesToField(fieldToBytes(value)), value);
    const alias = Uint8Array.from(fieldToBytes(0n));
    const order = FIELD_ORDER.toString(16).padStart(64, '0');
    alias.set(Buffer.from(order, 'hex'));
    assert.throws(() => bytesToField(alias), (e) => isEligibilityError(e, 'eligibility/bad-field-element'));
    assert.throws(() => bytesToField(new Uint8Array(31)), (e) => isEligibilityError(e, 'eligibility/bad-field-element'));
    assert.throws(() => fieldToBytes(FIELD_ORDER), (e) => isEligibilityError(e, 'eligibility/bad-field-element'));
  });
});

describe('an attestation', () => {
  const attestation = attest(issuer, attested);

  it('verifies for what was attested and nothing else', () => {
    assert.equal(verifyAttestation(attestation, attested), true);
    assert.equal(verifyAttestation(attestation, { ...attested, partsRoot: 98n }), false);
    assert.equal(verifyAttestation(attestation, { ...attested, subject: subjectOf(124n) }), false);
    assert.equal(verifyAttestation({ ...attestation, timeDay: 20_001 }, attested), false);
    const other = issuerKeyFromSeed(new Uint8Array(32).fill(2));
    assert.equal(verifyAttestation({ ...attestation, issuer: other.publicKey }, attested), false);
    assert.equal(verifyAttestation({ ...attestation, response: attestation.response + 1n }, attested), false);
    assert.equal(verifyAttestation({ ...attestation, challenge: attestation.challenge ^ 1n }, attested), false);
  });

  it('travels in canonical bytes', () => {
    assert.deepEqual(decodeAttestation(encodeAttestation(attestation)), attestation);
    const bytes = encodeAttestation(attestation);
    assert.throws(() => decodeAttestation(bytes.subarray(1)), (e) => isEligibilityError(e, 'eligibility/bad-attestation'));
  });

  it('needs a key of prime order', () => {
    const [zero, one] = [fieldToBytes(0n), fieldToBytes(1n)];
    const minusOne = fieldToBytes(FIELD_ORDER - 1n);
    for (const [x, y] of [[zero, one], [zero, minusOne], [one, one]] as const) {
      assert.throws(() => accreditationLeaf(new Uint8Array([...x, ...y])), (e) => isEligibilityError(e, 'eligibility/bad-issuer'));
    }
  });
});

describe('the commitment', () => {
  it('depends on the parts, the day, the subject and r', () => {
    const { h, blinding } = commit(attested, 5n);
    assert.equal(h.length, 32);
    assert.equal(blinding.length, 32);
    for (const [other, r] of [
      [{ ...attested, partsRoot: 98n }, 5n],
      [{ ...attested, timeDay: 1 }, 5n],
      [{ ...attested, subject: 4n }, 5n],
      [attested, 6n],
    ] as const) {
      assert.notDeepEqual(commit(other, r).h, h);
    }
  });

  it('stays what it was: formats that are on ledgers do not change', () => {
    assert.equal(Buffer.from(commit({ partsRoot: 1n, timeDay: 2, subject: subjectOf(3n) }, 4n).h).toString('hex'), '020650966d7196c1f419dbbf4ddbf1caf8485d83accffb4e50f36269579877bd');
    assert.equal(claimNullifier(1n, 2n).toString(16), '1233ff27501bcef7f34100ef89f365aa9ba83ab8cc9ab2cf469c9c08aa6dd58f');
    assert.equal(domainNullifier(1n, 2n).toString(16), '900a81b9db4447cbcf02e4dc91fe40b9aa753ed5e5ac0945e1ac9cef98482b4');
  });
});

describe('nullifiers', () => {
  it('differ between persons, requirements and domains, and an unused domain gives none', () => {
    const all = [claimNullifier(1n, 2n), claimNullifier(1n, 3n), claimNullifier(2n, 2n), domainNullifier(1n, 2n), domainNullifier(2n, 2n), domainNullifier(1n, 3n)];
    assert.equal(new Set(all).size, all.length);
    assert.equal(domainNullifier(1n, 0n), 0n);
  });
});

describe('the tree of issuers', () => {
  it('grows, keeps places, and loses the removed', () => {
    const keys = [1, 2, 3].map((n) => accreditationLeaf(issuerKeyFromSeed(new Uint8Array(32).fill(n)).publicKey));
    const [a, b, c] = keys as [Uint8Array, Uint8Array, Uint8Array];
    const tree = IssuerTree.of([a, b]);
    assert.equal(tree.insert(c), 2);
    assert.deepEqual(tree.root, IssuerTree.of(keys).root);
    assert.equal(tree.placeOf(b), 1);
    assert.equal(rootOfPath(ISSUER_TREE, bytesToField(b), tree.path(1)), bytesToField(tree.root));
    tree.remove(1);
    assert.equal(tree.placeOf(b), undefined);
    assert.deepEqual(tree.root, IssuerTree.of([a, new Uint8Array(32), c]).root);
    assert.equal(tree.placeOf(c), 2);
  });

  it('holds a self-attester under his subject', () => {
    assert.notDeepEqual(accreditationLeaf(issuer.publicKey, subject), accreditationLeaf(issuer.publicKey));
  });
});

describe('public inputs', () => {
  const statement = {
    h: fieldToBytes(1n),
    policyHash: fieldToBytes(2n),
    result: 1,
    requirementId: 'req_00',
    claimNullifier: fieldToBytes(3n),
    domains: ['a', 'b'],
    domainNullifiers: [fieldToBytes(4n), fieldToBytes(5n)],
    issuerRoot: fieldToBytes(6n),
    pseudonym: new Uint8Array(32),
    chainId: 'c',
  };

  it('stand in the order of the circuit, unused domains last and zero', () => {
    const signals = publicSignals(publicInputsOf(statement));
    assert.equal(signals.length, 16);
    assert.deepEqual([0, 1, 2, 4, 9, 10, 13].map((i) => signals[i]), [1n, 2n, 1n, 3n, 4n, 5n, 6n]);
    assert.deepEqual([7, 8, 11, 12].map((i) => signals[i]), [0n, 0n, 0n, 0n]);
  });

  it('refuse a domain twice, too many, and one without nullifier', () => {
    const nullifiers = [1n, 2n, 3n, 4n, 5n].map(fieldToBytes);
    for (const domains of [['a', 'a'], ['a', 'b', 'c', 'd', 'e'], ['a', 'b', 'c']]) {
      const bad = { ...statement, domains, domainNullifiers: nullifiers.slice(0, domains.length === 3 ? 2 : domains.length) };
      assert.throws(() => publicInputsOf(bad), (e) => isEligibilityError(e, 'eligibility/bad-public-inputs'));
    }
  });
});
