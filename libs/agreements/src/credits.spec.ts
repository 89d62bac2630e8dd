import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkConservation, totalCredits } from './conservation.js';
import { Draft } from './draft.js';
import { accountTable } from './state.js';
import { freshClaim, deliver, openRequirement } from './testing/exchange.js';
import { bytes32, World } from './testing/world.js';

const reference = bytes32('reference');

describe('credits', () => {
  it('are minted by the treasury to who is registered, and burnt by their holder', () => {
    const world = new World();
    world.fund(world.institute, 500);
    world.send(world.institute, { type: 'redeem', amount: 200, reference });
    assert.equal(world.balance(world.institute), 300);
    assert.deepEqual(checkConservation(world.view), { minted: 500, redeemed: 200, balances: 300n, held: 0n, vouchers: 0n });
    world.refuses('agreements/unknown-account', world.treasury, { type: 'mint', account: world.pseudonym('nobody').id, amount: 1, reference });
    world.refuses('agreements/insufficient-funds', world.institute, { type: 'redeem', amount: 301, reference });
  });

  it('never exceed what can be counted', () => {
    const world = new World();
    world.fund(world.institute, Number.MAX_SAFE_INTEGER);
    world.refuses('agreements/amount-too-large', world.treasury, { type: 'mint', account: world.institute.id, amount: 1, reference });
  });

  it('are counted wherever they are', () => {
    const world = new World();
    const requirementId = openRequirement(world);
    const { claimId } = freshClaim(world, 'ana', requirementId);
    deliver(world, claimId);
    world.send(world.institute, { type: 'open-dispute', claimId, evidenceHash: reference });
    assert.equal(totalCredits(world.view), 10_000n);
    assert.equal(checkConservation(world.view).held, 3_100n);
  });
});

describe('the conservation check', () => {
  it('stops a change that makes or loses credits, and writes nothing of it', () => {
    const world = new World();
    const before = world.view.copy();
    for (const difference of [1, -1]) {
      world.fund(world.institute, 1);
      const funded = world.view.copy();
      const draft = new Draft(world.view);
      const account = accountTable.read(world.view, world.institute.id)!;
      accountTable.write(draft, { ...account, balance: account.balance + difference }, world.institute.id);
      assert.throws(() => draft.commit(world.view), { code: 'agreements/credits-not-conserved' });
      assert.ok(world.view.equals(funded));
    }
    assert.ok(!world.view.equals(before));
  });

  it('finds a state that was tampered with', () => {
    const world = new World();
    const account = accountTable.read(world.view, world.institute.id)!;
    accountTable.write(world.view, { ...account, balance: 7 }, world.institute.id);
    assert.throws(() => checkConservation(world.view), { code: 'agreements/credits-not-conserved' });
  });
});
