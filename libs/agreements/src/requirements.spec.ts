import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requirementIdOf } from './envelope.js';
import { listRequirements, readRequirement } from './queries.js';
import { domainsOf, feeOf } from './rules/requirements.js';
import { claim, claimBody, freshClaim, licence, openRequirement, register, release, releaseBody, terms } from './testing/exchange.js';
import { bytes32, CHAIN, DAY_MS, REGISTRY, World } from './testing/world.js';

describe('a requirement', () => {
  it('takes reward times quantity into escrow and fixes the fee', () => {
    const world = new World();
    const requirementId = openRequirement(world);
    const requirement = readRequirement(world.view, requirementId)!;
    assert.equal(world.balance(world.institute), 7_000);
    assert.equal(requirement.escrow, 3_000);
    assert.equal(requirement.feePerRecord, 20);
    assert.deepEqual(requirement.domains, ['measurements']);
  });

  it('needs the money', () => {
    const world = new World();
    world.fund(world.institute, 2_999);
    world.refuses('agreements/insufficient-funds', world.institute, releaseBody(world.institute, terms(world)));
    world.refuses('agreements/amount-too-large', world.institute, releaseBody(world.institute, terms(world, { rewardPerRecord: Number.MAX_SAFE_INTEGER })));
  });

  it('is released once', () => {
    const world = new World();
    openRequirement(world);
    world.refuses('agreements/duplicate-requirement', world.institute, releaseBody(world.institute, terms(world)));
  });

  it('has dates that make sense', () => {
    const world = new World();
    world.fund(world.institute, 10_000);
    const expiresAtMs = world.timeMs + DAY_MS;
    for (const bad of [
      { expiresAtMs: world.timeMs },
      { expiresAtMs: world.timeMs + 731 * DAY_MS, licence: licence(world, { untilMs: world.timeMs + 1000 * DAY_MS }) },
      { expiresAtMs, licence: licence(world, { untilMs: expiresAtMs }) },
      { expiresAtMs, licence: licence(world, { deleteByMs: expiresAtMs }) },
    ]) {
      world.refuses('agreements/bad-terms', world.institute, releaseBody(world.institute, terms(world, bad)));
    }
  });

  it('names a pinned verification key, by instance and hash', () => {
    const world = new World();
    world.fund(world.institute, 10_000);
    world.refuses('agreements/unknown-verification-key', world.institute, releaseBody(world.institute, terms(world, { verificationKeyHash: bytes32('other') })));
    world.refuses('agreements/unknown-verification-key', world.institute, releaseBody(world.institute, terms(world, { instance: 'large' })));
  });

  it('comes with a proof on a sample, made for these terms by this institution', () => {
    const world = new World();
    world.fund(world.institute, 10_000);
    const good = releaseBody(world.institute, terms(world));
    const bad = [
      { ...good, sample: { ...good.sample, proof: good.sample.proof.map((byte, index) => (index === 5 ? byte ^ 1 : byte)) } },
      { ...good, sample: releaseBody(world.institute, terms(world, { quantity: 2 })).sample },
      { ...good, sample: releaseBody(world.university, terms(world)).sample },
      { ...good, sample: { ...good.sample, domainNullifiers: [] } },
      { ...good, sample: { ...good.sample, record: bytes32('another sample') } },
    ];
    for (const body of bad) world.refuses('agreements/bad-sample-proof', world.institute, body);
    world.send(world.institute, good);
  });

  it("cannot be met with the institution's sample proof", () => {
    const world = new World();
    const requirementId = openRequirement(world);
    const patient = world.pseudonym('ana');
    register(world, patient, 'r1');
    const { sample } = releaseBody(world.institute, terms(world));
    world.send(world.pkg, { type: 'update-issuers', root: sample.issuerRoot, immediate: false });
    world.refuses('agreements/bad-eligibility-proof', patient, { ...claimBody(world, patient, 'ana', requirementId, 'r1'), ...sample, record: bytes32('r1') });
  });

  it('is exclusive only in a domain', () => {
    const world = new World();
    world.fund(world.institute, 10_000);
    world.refuses('agreements/exclusive-without-domain', world.institute, releaseBody(world.institute, terms(world, { parts: ['demographics'], licence: licence(world, { kind: 'exclusive' }) })));
    release(world, world.institute, { parts: ['demographics'] });
  });

  it('takes no parts twice or out of order', () => {
    const world = new World();
    for (const parts of [['laboratory', 'laboratory'], ['laboratory', 'demographics'], []] as const) {
      assert.throws(() => world.build(world.institute, releaseBody(world.institute, terms(world, { parts: [...parts] }))), { code: 'agreements/malformed' });
    }
  });
});

describe('the end of a requirement', () => {
  it('by the institution returns what is not held, and claims under way go on', () => {
    const world = new World();
    const requirementId = openRequirement(world);
    const { claimId } = freshClaim(world, 'ana', requirementId);
    world.refuses('agreements/not-permitted', world.university, { type: 'close-requirement', requirementId });
    world.send(world.institute, { type: 'close-requirement', requirementId });
    assert.equal(world.balance(world.institute), 9_000);
    world.refuses('agreements/requirement-closed', world.institute, { type: 'close-requirement', requirementId });
    const patient = world.pseudonym('ben');
    register(world, patient, 'r2');
    world.refuses('agreements/requirement-closed', patient, claimBody(world, patient, 'ben', requirementId, 'r2'));
    const events = world.pass(3 * DAY_MS);
    assert.deepEqual(events.map(({ type, data }) => [type, data['claimId']]), [['refunded', claimId], ['claim-lapsed', claimId]]);
    assert.equal(world.balance(world.institute), 10_000);
  });

  it('by expiry needs nobody to come and push', () => {
    const world = new World();
    const requirementId = openRequirement(world);
    const events = world.pass(60 * DAY_MS);
    assert.deepEqual(events, [{ type: 'requirement-closed', data: { requirementId, how: 'expired', refunded: 3_000 } }]);
    assert.equal(world.balance(world.institute), 10_000);
    const patient = world.pseudonym('ana');
    register(world, patient, 'r1');
    world.refuses('agreements/requirement-expired', patient, claimBody(world, patient, 'ana', requirementId, 'r1'));
  });

  it('counts from its time on, even where the block has not worked it off yet', () => {
    const world = new World();
    const requirementId = openRequirement(world);
    const patient = world.pseudonym('ana');
    register(world, patient, 'r1');
    world.timeMs += 60 * DAY_MS;
    world.refuses('agreements/requirement-expired', patient, claimBody(world, patient, 'ana', requirementId, 'r1'));
  });

  it('is asked of one that exists', () => {
    const world = new World();
    const requirementId = requirementIdOf(CHAIN, world.institute.id, terms(world));
    world.refuses('agreements/unknown-requirement', world.institute, { type: 'close-requirement', requirementId });
  });
});

describe('quantity', () => {
  it('is a number of places: taken by claims, open again when one lapses', () => {
    const world = new World();
    const requirementId = openRequirement(world, { quantity: 2 });
    freshClaim(world, 'ana', requirementId);
    freshClaim(world, 'ben', requirementId);
    const patient = world.pseudonym('cleo');
    register(world, patient, 'r3');
    world.refuses('agreements/quantity-reached', patient, claimBody(world, patient, 'cleo', requirementId, 'r3'));
    world.pass(3 * DAY_MS);
    claim(world, patient, 'cleo', requirementId, 'r3');
    assert.equal(readRequirement(world.view, requirementId)?.taken, 1);
  });
});

describe('what follows from terms', () => {
  it('are domains in the order of the registry, each once', () => {
    assert.deepEqual(domainsOf(REGISTRY, ['vital-signs', 'laboratory', 'conditions', 'medications']), ['measurements', 'history', 'treatments']);
    assert.deepEqual(domainsOf(REGISTRY, ['demographics']), []);
  });

  it('is a fee that rounds down and never exceeds the reward', () => {
    assert.deepEqual([feeOf(49, 200), feeOf(50, 200), feeOf(1_000, 10_000), feeOf(Number.MAX_SAFE_INTEGER, 10_000)], [0, 1, 1_000, Number.MAX_SAFE_INTEGER]);
  });
});

describe('the list of requirements', () => {
  it('comes in pages', () => {
    const world = new World();
    world.fund(world.institute, 100_000);
    for (let i = 1; i <= 5; i += 1) release(world, world.institute, { rewardPerRecord: i });
    const first = [...listRequirements(world.view, { limit: 3 })].map(([id]) => id);
    const rest = [...listRequirements(world.view, { after: first[2]!, limit: 3 })].map(([id]) => id);
    assert.equal(new Set([...first, ...rest]).size, 5);
  });
});
