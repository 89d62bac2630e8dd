import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REPLICA_SET_KEY, type ReplicaIdentity } from '@medveil/ledger';
import { DEFAULT_PARAMETERS } from './parameters.js';
import { readAccount, readMember, readMembers, readParametersInForce, readRegistry, readRules, readVerificationKeys } from './queries.js';
import { votesNeeded } from './rules/governance.js';
import type { Action, Proposal } from './transactions.js';
import { freshClaim, openRequirement, registerBody, release, releaseBody, terms, claimBody } from './testing/exchange.js';
import { bytes32, DAY_MS, institutionMember, keyOf, REGISTRY, replicaOf, REPLICAS, World } from './testing/world.js';

const proposal = (world: World, action: Action, overrides: Partial<Proposal> = {}): Proposal => ({
  action, reference: bytes32('p').subarray(0, 16), voteUntilMs: world.timeMs + DAY_MS, ...overrides,
});
const pin: Action = { kind: 'pin-member', member: institutionMember('academy') };

describe('a vote', () => {
  it('needs 2f+1 of 3f+1', () => {
    assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 10].map(votesNeeded), [1, 2, 3, 3, 4, 5, 5, 7]);
  });

  it('takes effect with the third of four voters, not before and not twice', () => {
    const world = new World();
    const [first, second, third, fourth] = world.voters;
    const body = { type: 'vote', proposal: proposal(world, pin) } as const;
    assert.deepEqual(world.send(first!, body).map(({ type }) => type), ['proposal-voted']);
    world.refuses('agreements/already-voted', first!, body);
    world.send(second!, body);
    assert.equal(readMembers(world.view, 'institution').length, 2);
    assert.deepEqual(world.send(third!, body).map(({ type }) => type), ['proposal-voted', 'member-pinned']);
    assert.equal(readMembers(world.view, 'institution').length, 3);
    world.refuses('agreements/proposal-decided', fourth!, body);
  });

  it('counts for exactly the content voted for', () => {
    const world = new World();
    const [first, second, third] = world.voters;
    const other: Action = { kind: 'pin-member', member: { ...institutionMember('academy'), name: 'Academy' } as never };
    world.send(first!, { type: 'vote', proposal: proposal(world, pin) });
    world.send(second!, { type: 'vote', proposal: proposal(world, other) });
    world.send(third!, { type: 'vote', proposal: proposal(world, pin) });
    assert.equal(readMembers(world.view, 'institution').length, 2);
  });

  it('comes in time, and from those who vote', () => {
    const world = new World();
    world.refuses('agreements/proposal-expired', world.voters[0]!, { type: 'vote', proposal: proposal(world, pin, { voteUntilMs: world.timeMs - 1 }) });
    world.refuses('agreements/not-permitted', world.fees, { type: 'vote', proposal: proposal(world, pin) });
  });
});

describe('pinning', () => {
  it('gives an institution an account and its keys a place that the PKG cannot reach', () => {
    const world = new World();
    world.decide(pin);
    const academy = { name: 'academy', key: keyOf('academy'), id: readMembers(world.view, 'institution').find((id) => readMember(world.view, id)?.name === 'academy')!, certificate: null };
    world.fund(academy, 5_000);
    release(world, academy);
    world.refuses('agreements/key-in-use', world.voters[0]!, { type: 'vote', proposal: proposal(world, pin) });
  });

  it('asks for the proof that the delegatee key is known', () => {
    const world = new World();
    const member = institutionMember('academy');
    for (const forged of [{ ...member, delegateeProof: bytes32('no proof') }, { ...institutionMember('faculty'), delegateeProof: (member as { delegateeProof: Uint8Array }).delegateeProof }]) {
      world.refuses('agreements/bad-delegatee-key', world.voters[0]!, { type: 'vote', proposal: proposal(world, { kind: 'pin-member', member: forged as typeof member }) });
    }
  });

  it('ends by vote: the account is stopped, and no claim goes to it any more', () => {
    const world = new World();
    const requirementId = openRequirement(world);
    const patient = world.pseudonym('ana');
    world.send(patient, registerBody('r1'));
    world.decide({ kind: 'unpin-member', account: world.institute.id });
    world.refuses('agreements/revoked', world.institute, releaseBody(world.institute, terms(world, { quantity: 1 })));
    world.refuses('agreements/unknown-member', patient, claimBody(world, patient, 'ana', requirementId, 'r1'));
    world.refuses('agreements/unknown-member', world.voters[0]!, { type: 'vote', proposal: proposal(world, { kind: 'unpin-member', account: world.institute.id }) });
    world.refuses('agreements/unknown-member', world.voters[0]!, { type: 'vote', proposal: proposal(world, { kind: 'unpin-member', account: world.voters[1]!.id }) });
    assert.notEqual(readAccount(world.view, world.institute.id)?.revokedAtMs, null);
  });
});

describe('what the consortium sets', () => {
  it('are parameters, which agreements already made do not feel', () => {
    const world = new World();
    const requirementId = openRequirement(world);
    world.decide({ kind: 'set-parameters', parameters: { ...DEFAULT_PARAMETERS, feeBasisPoints: 5_000, deliverWithinMs: 1_000 } });
    assert.equal(readParametersInForce(world.view)?.feeBasisPoints, 5_000);
    const { claimId, patient } = freshClaim(world, 'ana', requirementId);
    assert.ok(world.pass(1_000).some(({ type, data }) => type === 'claim-lapsed' && data['claimId'] === claimId));
    assert.equal(world.balance(patient), 0);
  });

  it('is the registry of domains', () => {
    const world = new World();
    world.decide({ kind: 'set-registry', registry: { ...REGISTRY, domains: [...REGISTRY.domains, 'spare'] } });
    assert.equal(readRegistry(world.view)?.domains.length, 4);
    const grown = { ...REGISTRY, domains: [...REGISTRY.domains, 'spare'], parts: { ...REGISTRY.parts, demographics: 'spare' } };
    world.decide({ kind: 'set-registry', registry: grown }, 'a part gains a domain');
    for (const domain of ['measurements', null]) {
      const registry = { ...grown, parts: { ...grown.parts, conditions: domain } };
      world.refuses('agreements/bad-proposal', world.voters[0]!, { type: 'vote', proposal: proposal(world, { kind: 'set-registry', registry }) });
    }
  });

  it('are verification keys, but none of development where they are not allowed', () => {
    const strict = new World({ genesis: { allowDevelopmentKeys: false, verificationKeys: [{ instance: 'small', hash: bytes32('ceremony'), development: false }] } });
    const verificationKeys = [{ instance: 'large', hash: bytes32('vk'), development: true }];
    strict.refuses('agreements/bad-proposal', strict.voters[0]!, { type: 'vote', proposal: proposal(strict, { kind: 'set-verification-keys', verificationKeys }) });
    const world = new World();
    world.decide({ kind: 'set-verification-keys', verificationKeys });
    assert.deepEqual(readVerificationKeys(world.view), verificationKeys);
    world.refuses('agreements/bad-proposal', world.voters[0]!, { type: 'vote', proposal: proposal(world, { kind: 'set-verification-keys', verificationKeys: [...verificationKeys, ...verificationKeys] }) });
  });

  it('are the replicas', () => {
    const world = new World();
    const replicas = [...REPLICAS, replicaOf('e')];
    const [changed] = world.decide({ kind: 'set-replica-set', replicas }).slice(-1);
    assert.deepEqual(world.view.get(REPLICA_SET_KEY), replicas);
    assert.deepEqual(changed?.data, { replicas: ['a', 'b', 'c', 'd', 'e'], fromHeight: world.height + 2 });
  });

  it('are not more new replicas, keys or departures at once than may fail, one change after another, and no set that tolerates no fault', () => {
    const world = new World({ genesis: { allowDevelopmentKeys: false, verificationKeys: [{ instance: 'small', hash: bytes32('ceremony'), development: false }] } });
    const [a, b, c, d] = REPLICAS as [ReplicaIdentity, ReplicaIdentity, ReplicaIdentity, ReplicaIdentity];
    const refused = (replicas: ReplicaIdentity[]): void =>
      world.refuses('agreements/bad-proposal', world.voters[0]!, { type: 'vote', proposal: proposal(world, { kind: 'set-replica-set', replicas }) });
    refused([a, a, b, c]);
    refused([a, b, c]);
    refused([a, b, replicaOf('e'), replicaOf('f')]);
    refused([a, b, { ...c, publicKey: bytes32('next') }, { ...d, publicKey: bytes32('other') }]);
    refused([a, b, c, d, replicaOf('e'), replicaOf('f')]);
    world.decide({ kind: 'set-replica-set', replicas: [b, a, c, { ...d, publicKey: bytes32('next') }] });
    refused([b, a, c, replicaOf('e')]);
    world.pass(1_000);
    refused([b, a, c, replicaOf('e')]);
    world.pass(1_000);
    world.decide({ kind: 'set-replica-set', replicas: [b, a, c, replicaOf('e')] }, 'later');
  });

  it('are newer rules from a later height on', () => {
    const world = new World();
    world.refuses('agreements/bad-proposal', world.voters[0]!, { type: 'vote', proposal: proposal(world, { kind: 'set-rules', version: 1, height: 100 }) });
    world.refuses('agreements/bad-proposal', world.voters[0]!, { type: 'vote', proposal: proposal(world, { kind: 'set-rules', version: 2, height: world.height }) });
    world.decide({ kind: 'set-rules', version: 2, height: 100 });
    assert.deepEqual(readRules(world.view), { version: 1, next: { version: 2, height: 100 } });
  });
});
