import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { decodeCommitCertificate, encodeCommitCertificate } from './certificate-codec.js';
import type { CommitCertificate, PreparedCertificate } from './certificates.js';
import { ed25519Signer, ed25519Verifier } from './ed25519.js';
import type { ViewChange } from './messages.js';
import { chooseProposals } from './new-view-proposals.js';
import { commitPayload } from './payloads.js';
import { faultsTolerated, quorumSize } from './replica-set.js';
import { PRODUCTION_RULES } from './rules.js';
import { verifyCommitCertificate } from './verify-certificates.js';
import { frameWalEntry, readWal } from './wal.js';

const secrets = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte));
const replicaSet = { publicKeys: secrets.map((secret) => ed25519.getPublicKey(secret)) };
const vote = { epoch: 1, view: 3, sequence: 7, digest: new Uint8Array(32).fill(9) };

const certificate = (signers: readonly number[]): CommitCertificate => ({
  ...vote,
  signatures: signers.map((replica) => ({ replica, signature: ed25519Signer(secrets[replica] ?? new Uint8Array()).sign(commitPayload('chain', vote)) })),
});

describe('a commit certificate', () => {
  it('convinces a light client by 2f+1 signatures under chain, epoch, view, sequence and digest alone', () => {
    assert.ok(verifyCommitCertificate(certificate([0, 1, 3]), replicaSet, 'chain'));
    assert.ok(verifyCommitCertificate(decodeCommitCertificate(encodeCommitCertificate(certificate([1, 2, 3]))), replicaSet, 'chain'));
  });

  it('is refused with too few, repeated, disordered, foreign or altered signatures', () => {
    const good = certificate([0, 1, 2]);
    const refused: CommitCertificate[] = [
      certificate([0, 1]),
      certificate([0, 1, 1]),
      certificate([1, 0, 2]),
      { ...good, sequence: 8 },
      { ...good, view: 4 },
      { ...good, epoch: 2 },
      { ...good, digest: new Uint8Array(32) },
      { ...good, signatures: good.signatures.map((signature) => ({ ...signature, replica: signature.replica + 1 })) },
    ];
    for (const bad of refused) assert.equal(verifyCommitCertificate(bad, replicaSet, 'chain'), false);
    assert.equal(verifyCommitCertificate(good, replicaSet, 'other'), false);
  });

  it('is signed as RFC 8032 says: two libraries agree', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret, payload) => {
        const signature = ed25519Signer(secret).sign(payload);
        assert.deepEqual(signature, ed25519.sign(payload, secret));
        assert.ok(ed25519Verifier.verify(ed25519.getPublicKey(secret), payload, signature));
      }),
      { numRuns: 20 },
    );
  });
});

describe('quorums', () => {
  it('of any set size share a correct replica, and are reached without the faulty ones', () => {
    for (let replicas = 1; replicas <= 64; replicas += 1) {
      const f = faultsTolerated(replicas);
      assert.ok(2 * quorumSize(replicas) - replicas > f);
      assert.ok(quorumSize(replicas) <= replicas - f);
      if (replicas === 3 * f + 1) assert.equal(quorumSize(replicas), 2 * f + 1);
    }
  });
});

const bytes = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const prepared = (view: number, sequence: number, digest: number, previous: number): PreparedCertificate => ({
  view,
  sequence,
  digest: bytes(digest),
  previousDigest: bytes(previous),
  prePrepare: new Uint8Array(64),
  prepares: [],
});
const viewChange = (replica: number, base: CommitCertificate | null, ...certificates: PreparedCertificate[]): ViewChange => ({
  type: 'view-change',
  epoch: 1,
  newView: 9,
  base,
  prepared: certificates,
  replica,
  signature: new Uint8Array(64),
});

const base = (sequence: number, digest: number): CommitCertificate => ({ epoch: 1, view: 0, sequence, digest: bytes(digest), signatures: [] });

describe('what a NEW-VIEW proposes again', () => {
  it('is what was prepared in the highest view', () => {
    const { proposals } = chooseProposals([viewChange(0, null, prepared(0, 1, 5, 0)), viewChange(1, null, prepared(2, 1, 6, 0))], 1, PRODUCTION_RULES);
    assert.deepEqual(proposals.map((p) => p.digest), [bytes(6)]);
  });

  it('starts above the highest certified block, whatever was prepared below', () => {
    const chosen = chooseProposals([viewChange(0, null, prepared(0, 1, 5, 0)), viewChange(1, base(1, 5))], 1, PRODUCTION_RULES);
    assert.equal(chosen.base?.sequence, 1);
    assert.deepEqual(chosen.proposals, []);
  });

  it('has no gap, and ends where the chain of the highest views ends', () => {
    const stale = viewChange(0, null, prepared(0, 1, 5, 0), prepared(0, 2, 7, 5));
    const fresh = viewChange(1, null, prepared(1, 1, 6, 0));
    assert.deepEqual(chooseProposals([stale, fresh], 1, PRODUCTION_RULES).proposals.map((p) => p.sequence), [1]);
    assert.deepEqual(chooseProposals([stale], 1, PRODUCTION_RULES).proposals.map((p) => p.sequence), [1, 2]);
  });
});

describe('the write-ahead log', () => {
  const entry = { type: 'committed', certificate: certificate([0, 1, 2]) } as const;

  it('comes back without its torn last record, at whichever byte it was torn', () => {
    const [whole, torn] = [frameWalEntry(entry), frameWalEntry({ type: 'recovered' })];
    for (let length = 0; length < torn.length; length += 1) {
      const read = readWal(new Uint8Array([...whole, ...torn.subarray(0, length)]));
      assert.equal(read.entries.length, 1);
      assert.equal(read.validBytes, whole.length);
    }
    assert.equal(readWal(new Uint8Array([...whole, ...torn])).entries.length, 2);
  });

  it('is refused where a record inside it is damaged', () => {
    const [first, second] = [frameWalEntry(entry), frameWalEntry({ type: 'recovered' })];
    first[20] = (first[20] ?? 0) ^ 1;
    assert.throws(() => readWal(new Uint8Array([...first, ...second])), { code: 'pbft/bad-log' });
  });
});
