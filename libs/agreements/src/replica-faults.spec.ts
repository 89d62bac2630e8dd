import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReplicaSet } from '@medveil/ledger';
import { commitPayload, ed25519Signer, encodeEvidence, type Evidence } from '@medveil/pbft';
import { readReplicaBond, readReplicaFault } from './queries.js';
import type { Action } from './transactions.js';
import { bytes32, CHAIN, DAY_MS, replicaKey, replicaOf, REPLICAS, World } from './testing/world.js';

const NO_DIGEST = new Uint8Array(32);

/** Two COMMITs of one place that a replica, seated at `replica` in the set of `epoch`, has signed with the key of `id`. */
function evidenceOf(id: string, changed: Partial<Evidence> = {}): Evidence {
  const place = { epoch: 1, view: 0, sequence: 7, ...changed };
  const statement = (name: string) => {
    const about = bytes32(name);
    return { about, previousDigest: NO_DIGEST, signature: ed25519Signer(replicaKey(id).secretKey).sign(commitPayload(CHAIN, { ...place, digest: about })) };
  };
  return { kind: 'commit', replica: REPLICAS.findIndex((replica) => replica.id === id), ...place, first: statement('one block'), second: statement('another'), ...changed };
}

const changeTo = (replicas: ReplicaSet): Action => ({ kind: 'set-replica-set', replicas: [...replicas] });
const report = (evidence: Evidence) => ({ type: 'report-evidence', evidence: encodeEvidence(evidence) }) as const;

describe('evidence against a replica', () => {
  it('is recorded once, told, and costs the bond what the consortium has set', () => {
    const world = new World({ parameters: { equivocationPenalty: 30 } });
    const [operator, other] = world.voters;
    world.fund(operator!, 100);
    world.send(operator!, { type: 'post-bond', replica: 'b', amount: 40 });
    const [recorded] = world.send(other!, report(evidenceOf('b')));
    assert.deepEqual([recorded?.type, recorded?.data['replica'], recorded?.data['penalty']], ['evidence-recorded', 'b', 30]);
    assert.deepEqual([readReplicaBond(world.view, 'b')?.amount, world.balance(world.fees), world.balance(operator!)], [10, 30, 60]);
    assert.equal(readReplicaFault(world.view, evidenceOf('b'))?.reporter, other!.id);
    world.refuses('agreements/already-recorded', operator!, report(evidenceOf('b')));
    const { first, second } = evidenceOf('b');
    world.refuses('agreements/already-recorded', operator!, report(evidenceOf('b', { first: second, second: first })));
    // No more than there is.
    world.send(operator!, report(evidenceOf('b', { sequence: 8 })));
    assert.equal(readReplicaBond(world.view, 'b')?.amount, 0);
  });

  it('has to hold: two statements that differ, under the key that the replica had in that configuration', () => {
    const world = new World();
    const good = evidenceOf('b');
    const bad: Evidence[] = [
      { ...good, second: good.first },
      { ...good, replica: 2 },
      { ...good, replica: 9 },
      { ...good, sequence: 8 },
      evidenceOf('b', { epoch: 5 }),
    ];
    for (const evidence of bad) world.refuses('agreements/bad-evidence', world.voters[0]!, report(evidence));
    world.refuses('agreements/bad-evidence', world.voters[0]!, { type: 'report-evidence', evidence: Uint8Array.of(1) });
    world.refuses('agreements/not-permitted', world.treasury, report(good));
  });

  it('is checked with the set of its time, also when the replica has left or has another key', () => {
    const world = new World();
    const fromHeight = world.height + 2;
    world.decide({ kind: 'set-replica-set', replicas: [replicaOf('e'), ...REPLICAS.slice(1)] });
    world.send(world.voters[0]!, report(evidenceOf('a')));
    world.refuses('agreements/bad-evidence', world.voters[0]!, report(evidenceOf('a', { epoch: fromHeight, replica: 0 })));
    world.send(world.voters[0]!, report(evidenceOf('e', { epoch: fromHeight, replica: 0 })));
  });

  it('stands in the way of a change of the set that leaves the replica as it is', () => {
    const world = new World();
    world.send(world.voters[0]!, report(evidenceOf('b')));
    const [a, b, c, d] = REPLICAS;
    const proposal = { action: changeTo([a!, b!, c!, d!, replicaOf('e')]), reference: bytes32('x').subarray(0, 16), voteUntilMs: world.timeMs + DAY_MS };
    world.refuses('agreements/bad-proposal', world.voters[0]!, { type: 'vote', proposal });
    world.decide(changeTo([a!, { id: 'b', publicKey: bytes32('next key') }, c!, d!]));
    world.pass(1_000);
    world.pass(1_000);
    world.decide(changeTo([a!, { id: 'b', publicKey: bytes32('next key') }, c!, d!, replicaOf('e')]), 'later');
  });
});

describe('a bond', () => {
  it('is its owner’s again once the replica has been out of the set for the time that the consortium has set', () => {
    const world = new World({ parameters: { bondWithdrawalMs: DAY_MS } });
    const [operator, other] = world.voters;
    world.fund(operator!, 100);
    world.fund(other!, 100);
    world.send(operator!, { type: 'post-bond', replica: 'a', amount: 40 });
    world.refuses('agreements/not-permitted', other!, { type: 'post-bond', replica: 'a', amount: 1 });
    world.refuses('agreements/insufficient-funds', operator!, { type: 'post-bond', replica: 'a', amount: 61 });
    world.refuses('agreements/not-permitted', other!, { type: 'withdraw-bond', replica: 'a' });
    world.refuses('agreements/bond-in-force', operator!, { type: 'withdraw-bond', replica: 'a' });
    world.decide({ kind: 'set-replica-set', replicas: [...REPLICAS.slice(1), replicaOf('e')] });
    world.refuses('agreements/bond-in-force', operator!, { type: 'withdraw-bond', replica: 'a' });
    world.pass(DAY_MS);
    world.send(operator!, { type: 'withdraw-bond', replica: 'a' });
    assert.equal(world.balance(operator!), 100);
    assert.equal(readReplicaBond(world.view, 'a'), null);
  });
});
