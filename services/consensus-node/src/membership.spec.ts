import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Action } from '@medveil/agreements';
import { encodeCanonical, fromBase64Url, toBase64Url } from '@medveil/encoding';
import { decodeReplicaSetChange, LightClient, type ReplicaSet } from '@medveil/ledger';
import { eventually, NEWCOMER, random, REPLICAS, type ReplicaName, World } from './spec-world.js';

const [first, second, third, fourth] = REPLICAS;
const MEMBERS_LATER: readonly ReplicaName[] = [second, third, fourth, NEWCOMER];

describe('replicas whose set the consortium changes', () => {
  let world: World;
  before(async () => {
    world = await World.open();
    await world.start(...REPLICAS);
    await world.mint(4);
    await world.agreed(...REPLICAS);
  });
  after(async () => world.close());

  const setOf = (name: ReplicaName): ReplicaSet => world.node(name).replicaSet;

  /** The operators of genesis vote, each at their own node. */
  async function vote(proposal: string): Promise<void> {
    for (const name of REPLICAS) if (world.running.has(name)) await world.client(name, ['consensus:vote']).vote(proposal);
  }

  const propose = (replicas: ReplicaSet): Promise<void> => {
    const action: Action = { kind: 'set-replica-set', replicas: [...replicas] };
    return vote(toBase64Url(encodeCanonical({ action, reference: random(16), voteUntilMs: Date.now() + 3_600_000 })));
  };

  /** Transactions all the while, until these nodes are in the configuration that begins after `epoch`. */
  async function changed(epoch: number, ...names: readonly ReplicaName[]): Promise<number> {
    await eventually(async () => {
      await world.mint(1);
      await world.agreed(...names);
      return names.every((name) => world.node(name).report().epoch > epoch) || undefined;
    }, 100);
    return world.node(names[0] as ReplicaName).report().epoch;
  }

  it('follow as strangers until the ledger names them: a fifth joins, and votes', async () => {
    await world.start(NEWCOMER);
    await world.mint(1);
    await world.agreed(...REPLICAS, NEWCOMER);
    assert.deepEqual([world.node(NEWCOMER).report().seat, (await world.node(NEWCOMER).status()).isMember], [null, false]);
    await propose([...setOf(first), { id: NEWCOMER, publicKey: world.replicaKey(NEWCOMER).publicKey }]);
    await changed(1, ...REPLICAS, NEWCOMER);
    assert.equal(world.node(NEWCOMER).report().seat, 4);
    // Without one of the others there is no quorum but with the fifth.
    await world.stop(second);
    await world.mint(2);
    await world.agreed(first, third, fourth, NEWCOMER);
    await world.start(second);
    await world.agreed(...REPLICAS, NEWCOMER);
  });

  it('leave: the first has no seat any more, follows, serves blocks, and says so; the others go on', async () => {
    const { epoch } = world.node(first).report();
    await propose(setOf(first).filter(({ id }) => id !== first));
    await changed(epoch, ...MEMBERS_LATER, first);
    const status = await world.client(first).status();
    assert.deepEqual([status.isMember, world.node(first).report().seat], [false, null]);
    await world.mint(2);
    const { height } = await world.agreed(...MEMBERS_LATER, first);
    assert.equal((await world.client(first).blocks({ from: height, limit: 1 })).items.length, 1);
  });

  it('change their key while they run, and come back from disk with the new one', async () => {
    const { epoch } = world.node(second).report();
    const replaced = setOf(second).find(({ id }) => id === second);
    const { proposal } = await world.client(second, ['consensus:vote']).rotateReplicaKey();
    await vote(proposal);
    await changed(epoch, ...MEMBERS_LATER);
    const now = setOf(second).find(({ id }) => id === second);
    assert.notDeepEqual(now?.publicKey, replaced?.publicKey);
    assert.equal(world.node(second).report().seat, 0);
    await world.stop(second);
    await world.start(second);
    assert.equal(world.node(second).report().seat, 0);
    // It is needed for a quorum.
    await world.stop(third);
    await world.mint(2);
    await world.agreed(second, fourth, NEWCOMER);
    await world.start(third);
    await world.mint(1);
    await world.agreed(...MEMBERS_LATER);
  });

  it('all start again from their folders in the configuration they were in', async () => {
    const { epoch } = world.node(second).report();
    await world.stop(first, ...MEMBERS_LATER);
    await world.start(first, ...MEMBERS_LATER);
    assert.deepEqual(MEMBERS_LATER.map((name) => world.node(name).report().epoch), [epoch, epoch, epoch, epoch]);
    await world.mint(2);
    await world.agreed(first, ...MEMBERS_LATER);
  });

  it('are followed by a light client from the genesis document alone', async () => {
    const node = world.node(first);
    const { items } = await node.reader.replicaSetChanges(0);
    assert.equal(items.length, 3);
    let client = LightClient.fromGenesis(fromBase64Url(node.reader.genesis().genesis));
    for (const item of items) client = client.follow(decodeReplicaSetChange(fromBase64Url(item)));
    const { head } = node.ledger;
    for (let height = 1; height <= head.header.height; height += 1) {
      const stored = await node.ledger.store.block(height);
      assert.ok(stored?.certificate);
      client.verifyHeader({ header: stored.block.header, certificate: stored.certificate });
    }
    assert.deepEqual(client.currentSet.replicaSet.map(({ id }) => id), [second, third, fourth, NEWCOMER]);
    assert.equal(client.currentSet.fromHeight, node.report().epoch);
  });
});
