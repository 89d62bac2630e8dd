import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { NEWCOMER, REPLICAS, type ReplicaName, World } from './spec-world.js';

describe('a node that is new, or was away for long', () => {
  let world: World;
  before(async () => {
    world = await World.open();
    world.snapshots = { interval: 4 };
    await world.start(...REPLICAS);
    for (let round = 0; round < 6; round += 1) {
      await world.mint(1);
      await world.agreed(...REPLICAS);
    }
    const urlOf = (name: ReplicaName): string => world.running.get(name)?.url ?? '';
    world.snapshots = { interval: 4, minLead: 3, peers: { 'replica-0': urlOf('replica-0'), 'replica-1': urlOf('replica-1') } };
  });
  after(async () => world.close());

  it('takes the state of a snapshot from the others, and executes only the blocks after it', async () => {
    await world.start(NEWCOMER);
    await world.mint(1);
    const { height } = await world.agreed(...REPLICAS, NEWCOMER);
    const { ledger } = world.node(NEWCOMER);
    assert.equal(await ledger.store.block(1), undefined);
    assert.ok((await ledger.store.block(height)) !== undefined);
    assert.equal(await world.node(NEWCOMER).creditsConserved(), true);
  });

  it('does the same after it has lost its disk, and votes again', async () => {
    await world.stop('replica-3');
    await world.wipe('replica-3');
    await world.start('replica-3');
    assert.equal(world.node('replica-3').report().recovering, true);
    assert.equal(await world.node('replica-3').ledger.store.block(1), undefined);
    for (let round = 0; round < 5; round += 1) {
      await world.mint(1);
      await world.agreed(...REPLICAS);
    }
    assert.equal(world.node('replica-3').report().recovering, false);
  });

  it('goes on from its own disk where it is not far behind', async () => {
    await world.stop('replica-2');
    await world.start('replica-2');
    await world.mint(1);
    await world.agreed(...REPLICAS);
    assert.ok((await world.node('replica-2').ledger.store.block(1)) !== undefined);
  });
});
