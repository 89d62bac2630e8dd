import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readReplicaFault } from '@medveil/agreements';
import { sha256, utf8 } from '@medveil/encoding';
import { commitPayload, decodeEvidence, ed25519Signer, encodeMessage } from '@medveil/pbft';
import { CHAIN, eventually, REPLICAS, type ReplicaName, World } from './spec-world.js';

const [witness, other, , liar] = REPLICAS;

describe('a replica that contradicts itself', () => {
  let world: World;
  before(async () => {
    world = await World.open();
    await world.start(...REPLICAS);
    await world.mint(2);
    await world.agreed(...REPLICAS);
  });
  after(async () => world.close());

  /** Two COMMITs for one place, signed with the liar's key, shown to these nodes. */
  function lie(...names: readonly ReplicaName[]) {
    const signer = ed25519Signer(world.replicaKey(liar).secretKey);
    const sequence = world.node(witness).ledger.head.header.height + 4;
    for (const name of ['one block', 'another']) {
      const vote = { epoch: 1, view: 9, sequence, digest: sha256(utf8(name)) };
      const bytes = encodeMessage({ type: 'commit', ...vote, replica: 3, signature: signer.sign(commitPayload(CHAIN, vote)) });
      for (const node of names) world.node(node).takeConsensusMessage(liar, bytes);
    }
    return { kind: 'commit', epoch: 1, replica: 3, view: 9, sequence } as const;
  }

  const recorded = (name: ReplicaName, contradiction: ReturnType<typeof lie>) =>
    eventually(() => readReplicaFault(world.node(name).ledger.view(), contradiction) ?? undefined);

  it('is on the ledger with the proof, once, whoever saw it; every node shows it', async () => {
    const contradiction = lie(witness, other);
    const entry = await recorded(other, contradiction);
    assert.equal(entry.replica, liar);
    await world.mint(1);
    await world.agreed(...REPLICAS);
    for (const name of REPLICAS) assert.deepEqual(world.node(name).evidence().map((bytes) => decodeEvidence(bytes).sequence), [contradiction.sequence]);
    await eventually(async () => ((await readdir(join(world.dataFolder(witness), 'evidence'))).length === 0 ? true : undefined));
  });

  it('is reported after a restart, if the node stopped before the ledger had it', async () => {
    await world.stop(other, liar);
    const contradiction = lie(witness);
    await eventually(() => (world.node(witness).evidence().length === 2 ? true : undefined));
    await world.stop(witness);
    assert.equal((await readdir(join(world.dataFolder(witness), 'evidence'))).length, 1);
    await world.start(witness, other, liar);
    await recorded(other, contradiction);
  });
});
