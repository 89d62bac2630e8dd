import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { genesisEntries } from './genesis.js';
import { createContract, NONCES_AHEAD_MAX } from './machine.js';
import { deliver, freshClaim, openRequirement, registerBody } from './testing/exchange.js';
import { MemoryView } from './testing/memory-view.js';
import { ruleVerifiers } from './testing/verifiers.js';
import { bytes32, DAY_MS, institutionMember, keyOf, specGenesis, World } from './testing/world.js';
import { RULES, type Rules } from './rules/index.js';

describe('the beginning of a block', () => {
  it('works off deadlines in the order of their time, a bounded number in each block', () => {
    const world = new World({ parameters: { deadlinesPerBlock: 2 } });
    const requirementId = openRequirement(world, { quantity: 5, rewardPerRecord: 100 });
    const claims = ['a', 'b', 'c', 'd', 'e'].map((person) => {
      world.timeMs += 1_000;
      return freshClaim(world, person, requirementId).claimId;
    });
    world.timeMs += 4 * DAY_MS;
    const lapsedIn = () => world.pass(0).filter(({ type }) => type === 'claim-lapsed').map(({ data }) => data['claimId']);
    assert.deepEqual([lapsedIn(), lapsedIn(), lapsedIn(), lapsedIn()], [claims.slice(0, 2), claims.slice(2, 4), claims.slice(4), []]);
  });

  it('tells when the next block is needed', () => {
    const world = new World();
    assert.equal(world.contract.nextDeadlineMs(world.view), null);
    const requirementId = openRequirement(world);
    assert.equal(world.contract.nextDeadlineMs(world.view), world.timeMs + 60 * DAY_MS);
    const { claimId } = freshClaim(world, 'ana', requirementId);
    assert.equal(world.contract.nextDeadlineMs(world.view), world.timeMs + 3 * DAY_MS);
    deliver(world, claimId);
    assert.equal(world.contract.nextDeadlineMs(world.view), world.timeMs + 7 * DAY_MS);
    world.send(world.institute, { type: 'close-requirement', requirementId });
    world.send(world.institute, { type: 'confirm-delivery', claimId });
    assert.equal(world.contract.nextDeadlineMs(world.view), null);
  });
});

describe('rules', () => {
  it('change at their height, and a program that does not know them stops', () => {
    const second: Rules = { ...RULES.get(1)!, apply: (call) => call.emit('proposal-voted', { proposalId: `prp_${'0'.repeat(64)}`, voter: call.sender.id, votes: 0, needed: 0 }) };
    const world = new World({ contract: createContract({ verifiers: ruleVerifiers, rules: new Map([...RULES, [2, second]]) }) });
    world.decide({ kind: 'set-rules', version: 2, height: 3 });
    const redeem = { type: 'redeem', amount: 1, reference: bytes32('x') } as const;
    world.pass(0);
    world.refuses('agreements/insufficient-funds', world.institute, redeem);
    world.pass(0);
    assert.deepEqual(world.send(world.institute, redeem).map(({ type }) => type), ['proposal-voted']);
    const old = createContract({ verifiers: ruleVerifiers });
    assert.throws(() => old.beginBlock(world.view, world.context(), []), { code: 'agreements/unsupported-rules' });
    assert.throws(() => old.execute(world.view, world.context(), world.build(world.institute, redeem)), { code: 'agreements/unsupported-rules' });
  });
});

describe('a replica', () => {
  it('without a verification key that the ledger pins stops before it executes anything', () => {
    const world = new World();
    const unprepared = createContract({ verifiers: { ...ruleVerifiers, hasVerificationKey: () => false } });
    assert.throws(() => unprepared.beginBlock(world.view, world.context(), []), { code: 'agreements/missing-verification-key' });
  });
});

describe('the pool check', () => {
  it('holds what may come next and refuses what cannot', () => {
    const world = new World();
    const body = { type: 'redeem', amount: 1, reference: bytes32('x') } as const;
    const check = (bytes: Uint8Array) => {
      const admission = world.contract.checkTransaction(world.view, world.context(), bytes);
      return admission.ok ? admission.sender : admission.code;
    };
    const before = world.view.copy();
    assert.equal(check(world.build(world.institute, body)), world.institute.id);
    assert.equal(check(world.build(world.institute, body, { nonce: NONCES_AHEAD_MAX - 1 })), world.institute.id);
    assert.equal(check(world.build(world.institute, body, { nonce: NONCES_AHEAD_MAX })), 'agreements/wrong-nonce');
    assert.equal(check(new Uint8Array(3)), 'agreements/malformed');
    assert.equal(check(world.build(world.pseudonym('ana'), registerBody('r1'))), world.pseudonym('ana').id);
    assert.equal(check(world.build(world.pseudonym('ana', { issuer: keyOf('eve') }), registerBody('r1'))), 'agreements/bad-certificate');
    assert.equal(check(world.build(world.institute, { type: 'mint', account: world.institute.id, amount: 1, reference: bytes32('x') })), 'agreements/not-permitted');
    assert.ok(world.view.equals(before));
  });
});

describe('genesis', () => {
  it('gives the same entries whatever the order they were laid in, and none twice', () => {
    const entries = genesisEntries(specGenesis(), ruleVerifiers);
    const keys = entries.map(({ key }) => key);
    assert.deepEqual(keys, [...new Set(keys)].toSorted());
  });

  it('refuses what would not be allowed later', () => {
    const twice = specGenesis();
    const bad = [
      { chainId: 'no spaces allowed' },
      { consortium: [] },
      { allowDevelopmentKeys: false },
      { pkgAccountKey: keyOf('north').publicKey },
      { members: [...twice.members, twice.members[0]!] },
      { members: [{ ...institutionMember('academy'), delegateeProof: bytes32('none') } as never] },
      { verificationKeys: [] },
    ];
    for (const overrides of bad) {
      assert.throws(() => genesisEntries(specGenesis(overrides), ruleVerifiers), { code: 'agreements/bad-genesis' });
    }
  });

  it('is needed', () => {
    const world = new World();
    const empty = new MemoryView();
    assert.throws(() => world.contract.beginBlock(empty, world.context(), []), { code: /agreements\// });
    assert.throws(() => world.contract.execute(empty, world.context(), new Uint8Array(1)), { code: 'agreements/not-initialised' });
  });
});
