import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { encodeCanonical, isCodedError, toBase64Url } from '@medveil/encoding';
import { replicaSetValue } from '@medveil/ledger';
import { certifyBlock, testReplicas } from '../testing/index.js';
import type { CertifiedBlocks } from '../api/contract.js';
import { isForgery } from './follower.js';
import { genesisOf, random, REPLICA_SET_KEY, World } from './spec-ledger.js';
import { fromWire, toWire } from './verified-block.js';
import { HeightWaiters } from './waiters.js';

const put = (key: string, value = 1): Uint8Array => encodeCanonical({ put: key, value });

describe('following the ledger', () => {
  let world: World;
  beforeEach(async () => { world = await World.open(); });
  afterEach(async () => world.close());

  /** Changes the blocks of each answer. */
  const falsifyBlocks = (change: (items: CertifiedBlocks['items']) => CertifiedBlocks['items']): void => {
    world.front.falsify = (path, answer) => (path === '/v1/blocks' ? { ...(answer as CertifiedBlocks), items: change((answer as CertifiedBlocks).items) } : answer);
  };
  const refused = async (code: string): Promise<void> => {
    await world.follower();
    const error = await world.failure();
    assert.ok(isCodedError(error), String(error));
    assert.equal(error.code, code);
    assert.ok(isForgery(error));
    assert.equal(world.blocks.length, 0);
  };

  it('hands over each block in order once the next header proves it, as it comes', async () => {
    await world.front.commit(put('a'), put('b'));
    const follower = await world.follower();
    await follower.reached(1);
    assert.deepEqual(world.blocks.map(({ height, receipts }) => [height, receipts.map(({ ok }) => ok)]), [[1, [true, true, true]]]);
    assert.equal(follower.certifiedHeight, 2);
    await world.front.commit(put('c'));
    await follower.reached(3);
    assert.deepEqual(world.blocks.map(({ height }) => height), [1, 2, 3]);
    assert.deepEqual(world.errors, []);
  });

  it('goes on from its cursor after a restart, and sees a block again whose handling or noting failed', async () => {
    await world.front.commit(put('a'));
    const first = await world.follower();
    await first.reached(1);
    await first.stop();
    await world.front.commit(put('b'));
    let fails = 1;
    const heights: number[] = [];
    const second = await world.follower({
      handle: async ({ height }) => {
        heights.push(height);
        if (fails-- > 0) throw new Error('not now');
      },
    });
    assert.equal(second.certifiedHeight, 2);
    await second.reached(3);
    assert.deepEqual(heights, [2, 2, 3]);
    assert.deepEqual(world.cursor.cursor?.height, 3);
  });

  it('waits at the front, and does not hurry where that does not wait', async () => {
    await world.front.commit(put('a'));
    const follower = await world.follower();
    await follower.reached(1);
    world.front.falsify = (path, answer) => (path === '/v1/blocks' ? { ...(answer as CertifiedBlocks), items: [] } : answer);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    assert.ok(world.front.requests.filter((line) => line.startsWith('GET /v1/blocks')).length <= 3);
    assert.match(world.front.requests.at(-1) ?? '', /from=2&limit=50&reach=3&waitMs=15000/);
    await follower.stop();
    await assert.rejects(follower.reached(9));
  });

  it('refuses a certificate of others, and one that is a signature short', async () => {
    await world.front.commit(put('a'));
    const others = testReplicas(4, random);
    for (const certify of [(block: ReturnType<typeof fromWire>) => certifyBlock(block.block.header, others), ({ certificate }: ReturnType<typeof fromWire>) => ({ ...certificate, signatures: certificate.signatures.slice(1) })]) {
      falsifyBlocks((items) => items.map((item) => {
        const block = fromWire(item);
        return toWire({ ...block, certificate: certify(block) });
      }));
      await refused('ledger/bad-certificate');
    }
  });

  it('refuses receipts and transactions that the headers do not name', async () => {
    await world.front.commit(put('a'), put('b'));
    falsifyBlocks((items) => items.map((item, index) => (index === 0 ? { ...item, receipts: toBase64Url(encodeCanonical(fromWire(item).receipts.toReversed())) } : item)));
    await refused('client/unverified');
    falsifyBlocks((items) => items.map((item, index) => {
      const certified = fromWire(item);
      return index === 0 ? toWire({ ...certified, block: { ...certified.block, transactions: [put('x')] } }) : item;
    }));
    await refused('client/unverified');
  });

  it('refuses a gap, blocks of another order, a chain that is not the one it followed, and no blocks at all', async () => {
    await world.front.commit(put('a'));
    await world.front.commit(put('b'));
    falsifyBlocks((items) => items.slice(1));
    await refused('client/unverified');
    falsifyBlocks(([first, second, ...rest]) => (first === undefined || second === undefined ? [] : [first, ...rest, second]));
    await refused('ledger/wrong-height');
    world.front.falsify = (_path, answer) => answer;
    world.cursor.cursor = { height: 2, hash: new Uint8Array(32) };
    await refused('client/unverified');
    falsifyBlocks((items) => items.map((item) => ({ ...item, block: 'AAAA' })));
    world.cursor.cursor = null;
    await world.follower();
    assert.ok(isForgery(await world.failure()));
  });

  it('refuses the chain of another genesis', async () => {
    await world.front.commit(put('a'));
    const follower = await world.follower({ genesis: genesisOf(testReplicas(4, random), 'another-chain').bytes });
    assert.ok(isForgery(await world.failure()));
    assert.equal(follower.height, 0);
  });

  it('follows changes of the replica set, also those that came before its restart', async () => {
    const next = testReplicas(4, random, 'next');
    const change = encodeCanonical({ put: REPLICA_SET_KEY, value: replicaSetValue(next.map(({ id, key }) => ({ id, publicKey: key.publicKey }))) });
    await world.front.commit(change);
    world.front.replicas = next;
    await world.front.commit(put('after'));
    const follower = await world.follower();
    await follower.reached(3);
    assert.deepEqual(world.errors, []);
    assert.equal(follower.lightClient.currentSet.fromHeight, 3);
    await follower.stop();
    await world.front.commit(put('later'));
    const again = await world.follower();
    await again.reached(5);
    assert.deepEqual(world.errors, []);
  });

  it('does not take an unreachable or late front for a lying one', async () => {
    world.front.falsify = () => { throw Object.assign(new Error('x'), { status: 503 }); };
    await world.follower();
    assert.equal(isForgery(await world.failure()), false);
  });
});

describe('waiting for a height', () => {
  it('leaves nothing behind, however it ends', async () => {
    const waiters = new HeightWaiters();
    const [gone, long] = [new AbortController(), new AbortController()];
    const early = waiters.wait(3, [long.signal, undefined]);
    const aborted = waiters.wait(9, [gone.signal, long.signal]);
    waiters.reached(3);
    await early;
    gone.abort();
    await assert.rejects(aborted);
    await assert.rejects(waiters.wait(1, [gone.signal]));
    assert.equal(waiters.size, 0);
  });
});
