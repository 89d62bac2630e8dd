import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CodedError, toHex } from '@medveil/encoding';
import { replicaConfig } from './config.js';
import { decodeMessage, encodeMessage } from './message-codec.js';
import { messagePayload } from './payloads.js';
import { createReplica } from './replica.js';
import { verifyCommitCertificate } from './verify-certificates.js';
import { verifyEvidence } from './evidence.js';
import { CHAIN_ID, configuration, keyring, NetworkOfFour } from './testing/network-of-four.js';
import { toyReader } from './simulator/toy-ledger.js';

const firstSigner = () => {
  const signer = keyring.signersOf(0)(keyring.publicKey({ replica: 0, version: 0 }));
  assert.ok(signer !== null);
  return signer;
};

const heights = (four: NetworkOfFour): number[] => four.ledgers.slice(0, 4).map((ledger) => ledger.head().sequence);

describe('the normal case', () => {
  it('delivers a request that one replica took in as the same certified block everywhere', () => {
    const four = new NetworkOfFour();
    four.request(2, 'c0/0');
    assert.deepEqual(heights(four), [1, 1, 1, 1]);
    const delivered = [0, 1, 2, 3].map((id) => four.of(id, 'deliver')[0]);
    assert.equal(new Set(delivered.map((effect) => toHex(effect?.digest ?? new Uint8Array()))).size, 1);
    for (const effect of delivered) {
      assert.ok(effect !== undefined && verifyCommitCertificate(effect.certificate, configuration.replicaSet, CHAIN_ID, keyring.verifier));
    }
  });

  it('writes what a vote rests on before it sends the vote', () => {
    const four = new NetworkOfFour();
    four.request(0, 'c0/0');
    const before = (kind: string, entry: string): boolean => {
      const effects = four.effects[1] ?? [];
      const sent = effects.findIndex((effect) => effect.type === 'broadcast' && effect.kind === kind);
      const written = effects.findIndex((effect) => effect.type === 'persist' && effect.entries.some((e) => e.type === entry));
      return written >= 0 && written < sent;
    };
    assert.ok(before('prepare', 'pre-prepare'));
    assert.ok(before('prepare', 'proposal'));
    assert.ok(before('commit', 'prepared'));
  });

  it('makes no block when the primary hears nothing, and a block of the next view once the others lose patience', () => {
    const four = new NetworkOfFour();
    four.arrives = (from, to) => from !== 0 && to !== 0;
    four.request(2, 'c0/0');
    assert.deepEqual(heights(four), [0, 0, 0, 0]);
    for (const id of [1, 2, 3]) four.step(id, { type: 'timer', id: 'progress' });
    four.settle();
    assert.deepEqual(heights(four), [0, 1, 1, 1]);
    assert.deepEqual(four.replicas.slice(0, 4).map((replica) => replica.report().view), [0, 1, 1, 1]);
  });

  it('brings a replica that was cut off back by certified blocks', () => {
    const four = new NetworkOfFour();
    four.arrives = (from, to) => from !== 3 && to !== 3;
    for (let i = 0; i < 5; i += 1) four.request(0, `c0/${i}`);
    assert.deepEqual(heights(four), [5, 5, 5, 0]);
    four.arrives = () => true;
    for (const id of [0, 1, 2, 3]) four.step(id, { type: 'timer', id: 'status' });
    four.settle();
    assert.deepEqual(heights(four), [5, 5, 5, 5]);
  });

  it('tells how far the others are by what f+1 of them claim, not by one', () => {
    const four = new NetworkOfFour();
    four.arrives = (from, to) => from !== 3 && to !== 3;
    for (let i = 0; i < 5; i += 1) four.request(0, `c0/${i}`);
    four.start(3);
    const seen = [0, 1, 2].map((speaker) => {
      four.arrives = (from, to, kind) => from === speaker && to === 3 && kind === 'status';
      four.step(speaker, { type: 'timer', id: 'status' });
      four.settle();
      const report = four.replicas[3]?.report();
      return [report?.heard, report?.certified, report?.executed];
    });
    assert.deepEqual(seen, [[1, 0, 0], [2, 5, 0], [3, 5, 0]]);
  });

  it('lets the log begin anew at a stable checkpoint', () => {
    const four = new NetworkOfFour();
    for (let i = 0; i < 3; i += 1) four.request(0, `c0/${i}`);
    const compacted = four.of(1, 'compact-log').at(-1);
    assert.ok(compacted !== undefined && compacted.entries.some((entry) => entry.type === 'stable' && entry.certificate.sequence === 2));
    assert.equal(four.replicas[1]?.report().stable, 2);
  });
});

const prePrepareOf = (four: NetworkOfFour) => {
  const sent = four.of(0, 'broadcast').find((effect) => effect.kind === 'pre-prepare');
  const message = sent === undefined ? null : decodeMessage(sent.bytes);
  assert.ok(message?.type === 'pre-prepare');
  return message;
};

describe('what a peer can do', () => {
  it('is exposed when it proposes twice: evidence that a third party can check', () => {
    const four = new NetworkOfFour();
    four.arrives = (_from, _to, kind) => kind === 'pre-prepare' || kind === 'request';
    four.request(0, 'c0/0');
    const first = prePrepareOf(four);
    const other = { ...first, digest: new Uint8Array(32).fill(7), proposal: null, outline: null };
    const signature = firstSigner().sign(messagePayload(CHAIN_ID, other));
    four.step(1, { type: 'message', from: '0', bytes: encodeMessage({ ...other, signature }) });
    const evidence = four.of(1, 'evidence')[0]?.evidence;
    assert.ok(evidence !== undefined && evidence.replica === 0 && evidence.kind === 'pre-prepare');
    assert.ok(verifyEvidence(evidence, configuration.replicaSet, CHAIN_ID, keyring.verifier));
    assert.equal(verifyEvidence({ ...evidence, second: evidence.first }, configuration.replicaSet, CHAIN_ID, keyring.verifier), false);
    assert.equal(verifyEvidence(evidence, configuration.replicaSet, 'another chain', keyring.verifier), false);
  });

  it('is counted, and nothing thrown: garbage, another name, a bad signature, a replica that is not', () => {
    const four = new NetworkOfFour();
    four.request(0, 'c0/0');
    const good = prePrepareOf(four);
    const bad = [
      new Uint8Array([1, 2, 3]),
      encodeMessage({ ...good, sequence: 2, signature: new Uint8Array(64) }),
      encodeMessage({ ...good, replica: 99 }),
    ];
    for (const bytes of bad) four.step(1, { type: 'message', from: '3', bytes });
    assert.deepEqual(four.replicas[1]?.report().dropped.get('3'), { 'reject/bad-encoding': 1, 'reject/bad-signature': 1, 'reject/unknown-replica': 1 });
  });
});

describe('the shell', () => {
  it('must start the replica first, and once', () => {
    const config = replicaConfig({ chainId: CHAIN_ID, name: '0', configuration });
    const replica = createReplica(config, { signerOf: keyring.signersOf(0), verifier: keyring.verifier, proposals: toyReader });
    assert.throws(() => replica.step({ type: 'work-due' }), (error: CodedError) => error.code === 'pbft/bad-input');
  });

  it('gets told which setting is wrong', () => {
    assert.throws(
      () => replicaConfig({ chainId: CHAIN_ID, name: '', configuration }),
      (error: CodedError) => error.code === 'pbft/bad-config' && error.details['setting'] === 'name',
    );
  });
});
