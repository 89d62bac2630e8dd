import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeCanonical, encodeCanonical } from '@medveil/encoding';
import { createGenesis, StateTree, verifyStateTreeProof, WorkingState, type Genesis } from '@medveil/ledger';
import { genesisEntries } from './genesis.js';
import { createContract } from './machine.js';
import { accountTable, stateKeys } from './state.js';
import { ruleVerifiers } from './testing/verifiers.js';
import { bytes32, CHAIN, DAY_MS, specGenesis, START_MS, World } from './testing/world.js';
import { freshClaim, openRequirement } from './testing/exchange.js';

/** The contract on the ledger's own state, as a replica runs it. */
const genesisOf = (): Genesis =>
  createGenesis({
    version: 1, chainId: CHAIN, timeMs: START_MS, parameters: {},
    replicaSet: ['a', 'b', 'c', 'd'].map((id) => ({ id, publicKey: bytes32(id) })),
    state: genesisEntries(specGenesis(), ruleVerifiers),
  });

describe('on the ledger', () => {
  it('the same transactions come to the same state root on every replica', () => {
    const world = new World();
    const sent: Uint8Array[] = [];
    const { contract } = world;
    const execute = contract.execute.bind(contract);
    contract.execute = (view, block, bytes) => {
      sent.push(bytes);
      return execute(view, block, bytes);
    };
    const requirementId = openRequirement(world);
    freshClaim(world, 'ana', requirementId);
    world.refuses('agreements/insufficient-funds', world.university, { type: 'redeem', amount: 1, reference: bytes32('x') });
    const replay = (): Uint8Array => {
      const state = WorkingState.from(genesisOf().entries);
      const machine = createContract({ verifiers: ruleVerifiers });
      for (const bytes of sent) machine.execute(state, world.context(), bytes);
      machine.beginBlock(state, { ...world.context(), height: 2, timeMs: world.timeMs + 3 * DAY_MS }, []);
      return StateTree.from(state.rawEntries('')).root;
    };
    assert.deepEqual(replay(), replay());
    assert.notDeepEqual(replay(), StateTree.from(genesisOf().entries).root);
  });

  it('an entry is proved by its key, and so is that there is none', () => {
    const world = new World();
    const tree = StateTree.from(genesisOf().entries);
    const key = stateKeys.account(world.institute.id);
    const value = tree.get(key)!;
    assert.ok(verifyStateTreeProof(tree.root, key, value, tree.prove(key)));
    assert.equal(accountTable.decode(decodeCanonical(value)).role, 'institution');
    const absent = stateKeys.nullifier(`req_${'0'.repeat(64)}`, bytes32('nullifier'));
    assert.ok(verifyStateTreeProof(tree.root, absent, null, tree.prove(absent)));
  });

  it('deadlines are found by time in the order of the keys', () => {
    const world = new World();
    openRequirement(world);
    const state = WorkingState.from(world.view.keys().map((key) => [key, encodeCanonical(world.view.get(key)!)] as const));
    assert.equal(world.contract.nextDeadlineMs(state), world.timeMs + 60 * DAY_MS);
    const due = { ...world.context(), timeMs: world.timeMs + 60 * DAY_MS };
    assert.deepEqual(world.contract.beginBlock(state, due, []).map(({ type }) => type), ['requirement-closed']);
    assert.equal(world.contract.nextDeadlineMs(state), null);
  });
});
