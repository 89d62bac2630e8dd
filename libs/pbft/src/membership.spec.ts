import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeMessage, encodeMessage } from './message-codec.js';
import { messagePayload } from './payloads.js';
import { firstSeats, type Seat } from './simulator/signatures.js';
import { setRequest } from './simulator/toy-ledger.js';
import { CHAIN_ID, keyring, NetworkOfFour } from './testing/network-of-four.js';

const seatsOf = (...replicas: readonly number[]): Seat[] => replicas.map((replica) => ({ replica, version: 0 }));
const heights = (four: NetworkOfFour): number[] => four.ledgers.map((ledger) => ledger.head().sequence);

/** Four replicas, the fifth following; block 1 holds the change, block 2 names the set, block 3 is the first that it decides. */
function changedTo(seats: readonly Seat[]): NetworkOfFour {
  const four = new NetworkOfFour();
  four.start(4);
  four.request(0, setRequest(1, seats));
  return four;
}

/** Ticks, so that those who are not told ask. */
function tick(four: NetworkOfFour, ...replicas: readonly number[]): void {
  for (let round = 0; round < 3; round += 1) {
    for (const id of replicas) for (const timer of ['status', 'fetch'] as const) four.step(id, { type: 'timer', id: timer });
    four.settle();
  }
}

describe('a change of the replica set', () => {
  it('holds from the second block after it, for those who stay, come and go', () => {
    const four = changedTo(seatsOf(1, 2, 3, 4));
    tick(four, 0, 1, 2, 3, 4);
    assert.deepEqual(heights(four), [2, 2, 2, 2, 2]);
    assert.deepEqual(four.replicas.map((replica) => replica.report().seat), [null, 0, 1, 2, 3]);
    four.request(2, 'c0/0');
    const [delivered] = four.of(4, 'deliver').slice(-1);
    assert.deepEqual([delivered?.sequence, delivered?.certificate.epoch, delivered?.certificate.view], [3, 3, 0]);
    assert.equal(four.of(0, 'broadcast').some(({ bytes }) => (decodeMessage(bytes) as { epoch?: number }).epoch === 3), false);
    tick(four, 0);
    assert.deepEqual(heights(four), [3, 3, 3, 3, 3]);
  });

  it('to another key of the same replica needs no newcomer and no pause', () => {
    const four = changedTo([{ replica: 0, version: 1 }, ...seatsOf(1, 2, 3)]);
    four.request(1, 'c0/0');
    assert.deepEqual(heights(four).slice(0, 4), [3, 3, 3, 3]);
    assert.equal(four.replicas[0]?.report().seat, 0);
  });

  it('leaves out who lacks the key that the set names: it follows', () => {
    const stranger = { replica: 0, version: 3 };
    const four = new NetworkOfFour(2);
    four.request(1, setRequest(1, [stranger, ...seatsOf(1, 2, 3)]));
    assert.equal(four.replicas[0]?.report().seat, null);
    assert.equal(four.replicas[1]?.report().seat, 1);
  });

  it('is met from disk at any point of it, as at every other', () => {
    const four = changedTo(firstSeats(4).toReversed());
    four.request(1, 'c0/0');
    for (const id of [0, 1, 2, 3]) {
      four.start(id, four.log(id));
      assert.deepEqual([four.replicas[id]?.report().epoch, four.replicas[id]?.report().seat], [3, 3 - id]);
    }
    four.request(3, 'c0/1');
    assert.deepEqual(heights(four).slice(0, 4), [4, 4, 4, 4]);
  });

  it('keeps a replica that lost its blocks, not its log, silent until it is where it made its last promise', () => {
    const four = changedTo(firstSeats(4).toReversed());
    four.request(1, 'c0/0');
    const log = four.log(2);
    four.loseBlocks(2);
    four.arrives = (from, to) => from !== 2 && to !== 2;
    four.start(2, log);
    four.effects[2] = [];
    for (const timer of ['progress', 'view-change', 'status'] as const) four.step(2, { type: 'timer', id: timer });
    four.settle();
    assert.deepEqual(four.of(2, 'broadcast').map(({ kind }) => kind).filter((kind) => kind !== 'status'), []);
    four.arrives = () => true;
    tick(four, 0, 1, 2, 3);
    four.request(1, 'c0/1');
    tick(four, 0, 1, 2, 3);
    assert.deepEqual(heights(four).slice(0, 4), [4, 4, 4, 4]);
  });
});

describe('what was said in a former configuration', () => {
  it('does not count in the new one, though the same key may sign in both', () => {
    const four = changedTo(firstSeats(4).toReversed());
    const signer = keyring.signersOf(2)(keyring.publicKey({ replica: 2, version: 0 }));
    const content = { type: 'view-change', epoch: 1, newView: 3, base: null, prepared: [], replica: 2, signature: new Uint8Array(64) } as const;
    const old = { ...content, signature: signer?.sign(messagePayload(CHAIN_ID, content)) ?? new Uint8Array(64) };
    four.step(1, { type: 'message', from: '2', bytes: encodeMessage(old) });
    // Under the new configuration's name the signature is another's.
    four.step(1, { type: 'message', from: '2', bytes: encodeMessage({ ...old, epoch: 3, replica: 1 }) });
    assert.deepEqual(four.replicas[1]?.report().dropped.get('2'), { 'ignore/other-configuration': 1, 'reject/bad-signature': 1 });
  });
});
