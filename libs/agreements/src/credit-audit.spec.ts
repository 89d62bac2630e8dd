import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeId } from '@medveil/encoding';
import type { Ledger } from '@medveil/ledger';
import { CreditAudit } from './credit-audit.js';
import { checkConservation } from './conservation.js';
import { accountTable } from './state.js';
import { bytes32, World } from './testing/world.js';

/** More than are counted in one go. */
const ACCOUNTS = 300;

/** A ledger whose blocks are made by the test, and an audit whose pauses end when the test says. */
function audited() {
  const world = new World();
  world.fund(world.institute, 5);
  const account = accountTable.read(world.view, world.institute.id);
  assert.ok(account);
  for (let i = 0; i < ACCOUNTS; i += 1) accountTable.write(world.view, { ...account, balance: 0 }, makeId('acc', bytes32(`account ${i}`)));
  let height = 1;
  let view = world.view.copy();
  const ledger = { get head() { return { header: { height } }; }, view: () => view } as unknown as Pick<Ledger, 'head' | 'view'>;
  const paused: (() => void)[] = [];
  const audit = new CreditAudit(ledger, () => new Promise<void>((resolve) => { paused.push(resolve); }));
  const nextBlock = () => {
    world.fund(world.institute, 10);
    height += 1;
    view = world.view.copy();
  };
  return { world, audit, nextBlock, paused };
}

async function drained(paused: (() => void)[]): Promise<number> {
  let pauses = 0;
  for (let idle = 0; idle < 20; idle += 1) {
    await new Promise((resolve) => { setImmediate(resolve); });
    for (const go of paused.splice(0)) {
      pauses += 1;
      idle = 0;
      go();
    }
  }
  return pauses;
}

describe('the audit of credits', () => {
  it('counts what a whole count counts, lets others go on in between, and counts a block once', async () => {
    const { world, audit, paused } = audited();
    const asked = Promise.all([audit.totals(), audit.totals()]);
    const pauses = await drained(paused);
    const [first, second] = await asked;
    assert.deepEqual([first, second], [checkConservation(world.view), first]);
    assert.equal(pauses, 1);
    assert.deepEqual(await audit.totals(), first);
  });

  it('answers for the block that was asked about, also where blocks come while it counts', async () => {
    const { world, audit, nextBlock, paused } = audited();
    const before = audit.totals();
    await new Promise((resolve) => { setImmediate(resolve); });
    nextBlock();
    const after = audit.totals();
    await drained(paused);
    assert.equal((await before).minted, 5);
    assert.deepEqual(await after, checkConservation(world.view));
    assert.equal((await after).minted, 15);
  });
});
