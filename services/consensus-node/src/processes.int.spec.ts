import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { buildTransaction } from '@medveil/agreements';
import { fromBase64Url, toBase64Url, toHex } from '@medveil/encoding';
import { accountId } from '@medveil/identity';
import { decodeBlock, headerHash, transactionIdOf } from '@medveil/ledger';
import { eventually, REPLICAS, type ReplicaName } from './spec-world.js';
import { Cluster } from './testing/cluster.js';

const PATIENCE = 2_000;

/** Sends numbered transactions of one account and remembers what it was shown as committed. */
class Author {
  readonly #sent: string[] = [];
  /** by transaction: the header of the block in which somebody showed it */
  readonly acknowledged = new Map<string, string>();

  constructor(private readonly cluster: Cluster) {}

  /** Sends `count` more to a replica, and again, until every one of `at` has them. */
  async commit(count: number, to: ReplicaName, at: readonly ReplicaName[]): Promise<void> {
    this.#sign(count);
    let looks = 0;
    await eventually(async () => {
      if (looks % 40 === 0) await this.#send(to);
      looks += 1;
      const chains = await Promise.all(at.map(async (name) => this.#committedAt(name)));
      return chains.every((chain) => this.#sent.every((text) => chain.has(idOf(text)))) || undefined;
    }, PATIENCE);
  }

  /** Sends and waits for nothing. */
  async post(count: number, to: ReplicaName): Promise<void> {
    this.#sign(count);
    await this.#send(to);
  }

  /** Everything that was ever acknowledged stands in every one of these chains, in the same blocks. */
  async requireNothingLost(...replicas: readonly ReplicaName[]): Promise<void> {
    for (const name of replicas) {
      const chain = await this.#committedAt(name);
      for (const [id, header] of this.acknowledged) assert.equal(chain.get(id), header, `${id} at ${name}`);
    }
  }

  /** How many of those sent are not in a node's chain. */
  async missingAt(name: ReplicaName): Promise<number> {
    const chain = await this.#committedAt(name);
    return this.#sent.filter((text) => !chain.has(idOf(text))).length;
  }

  async look(name: ReplicaName): Promise<void> {
    await this.#committedAt(name);
  }

  #sign(count: number): void {
    const { treasury } = this.cluster.files;
    for (let number = 0; number < count; number += 1) {
      const { bytes } = buildTransaction({
        chainId: 'cluster', account: treasury, nonce: this.#sent.length, validUntilMs: Date.now() + 3_600_000,
        body: { type: 'mint', account: accountId(treasury.publicKey), amount: 1, reference: new Uint8Array(32) },
      });
      this.#sent.push(toBase64Url(bytes));
    }
  }

  async #send(to: ReplicaName): Promise<void> {
    const waiting = this.#sent.filter((text) => !this.acknowledged.has(idOf(text)));
    if (waiting.length > 0) await this.cluster.node(to).client.submit(waiting);
  }

  /** Header by transaction, of a node's whole chain. */
  async #committedAt(name: ReplicaName): Promise<Map<string, string>> {
    const committed = new Map<string, string>();
    for (let from = 1; ; ) {
      const { items, height } = await this.cluster.node(name).client.blocks({ from, limit: 100 });
      for (const item of items) {
        const { header, transactions } = decodeBlock(fromBase64Url(item.block));
        for (const transaction of transactions) committed.set(transactionIdOf(transaction), toHex(headerHash(header)));
      }
      from += items.length;
      if (items.length === 0 || from > height) break;
    }
    for (const [id, header] of committed) {
      const known = this.acknowledged.get(id);
      assert.ok(known === undefined || known === header, `${name} shows ${id} in another block`);
      this.acknowledged.set(id, header);
    }
    return committed;
  }
}

const idOf = (text: string) => transactionIdOf(fromBase64Url(text));
const without = (...names: readonly string[]) => REPLICAS.filter((name) => !names.includes(name));

describe('four replicas as processes over TLS streams', () => {
  let cluster: Cluster;
  let author: Author;
  before(async () => {
    cluster = await Cluster.open({ replicas: REPLICAS, consensus: 'linked', settings: { PROGRESS_TIMEOUT_MS: '4000' } });
    author = new Author(cluster);
    await cluster.start(...REPLICAS);
  });
  after(async () => cluster.close());

  const status = async (name: string) => cluster.node(name).client.status();
  const leader = async (asked: ReplicaName): Promise<{ name: ReplicaName; view: number }> => {
    const { primary, view } = await status(asked);
    return { name: primary as ReplicaName, view };
  };
  /** The leader, and who follows it. */
  const roles = async () => {
    const { name, view } = await leader('replica-3');
    const [first, second, third] = without(name) as [ReplicaName, ReplicaName, ReplicaName];
    return { leader: name, view, followers: [first, second, third] as const };
  };
  const viewsOf = async (names: readonly ReplicaName[]) => Promise.all(names.map(async (name) => (await status(name)).view));

  it('commit what one of them is given', async () => {
    await author.commit(20, 'replica-2', REPLICAS);
    await author.requireNothingLost(...REPLICAS);
  });

  it('go on while a follower is killed, and it comes back from its disk', async () => {
    const { leader: primary, view, followers: [first, second, killed] } = await roles();
    await author.post(20, first);
    await cluster.kill(killed);
    await author.commit(5, first, [primary, first, second]);
    assert.deepEqual(await viewsOf([primary, first, second]), [view, view, view]);
    await cluster.start(killed);
    await author.commit(5, killed, REPLICAS);
    await author.requireNothingLost(...REPLICAS);
  });

  it('pay one timeout for a leader that is killed', async () => {
    const { leader: primary, view, followers } = await roles();
    await author.commit(5, followers[0], REPLICAS);
    await cluster.kill(primary);
    await author.commit(5, followers[0], followers);
    assert.deepEqual(await viewsOf(followers), [view + 1, view + 1, view + 1]);
    await cluster.start(primary);
    await author.commit(5, followers[1], REPLICAS);
    assert.deepEqual(await viewsOf(REPLICAS), REPLICAS.map(() => view + 1));
    await author.requireNothingLost(...REPLICAS);
  });

  it('pay one timeout for a leader that is stopped, and it resumes as a follower', async () => {
    const { leader: primary, view, followers } = await roles();
    cluster.node(primary).pause();
    await author.commit(5, followers[0], followers);
    assert.deepEqual(await viewsOf(followers), [view + 1, view + 1, view + 1]);
    cluster.node(primary).resume();
    await author.commit(5, primary, REPLICAS);
    assert.equal((await status(primary)).view, view + 1);
    await author.requireNothingLost(...REPLICAS);
  });

  it('commit nothing while two are stopped, and resume with them', async () => {
    const { leader: primary, followers: [first, second, third] } = await roles();
    cluster.node(second).pause();
    cluster.node(third).pause();
    await author.post(5, first);
    // What all have voted for already may still be decided. Time for both to say all they have to say, several times.
    await new Promise((resolve) => { setTimeout(resolve, 1_000); });
    assert.deepEqual([await author.missingAt(first), await author.missingAt(primary)], [5, 5]);
    cluster.node(second).resume();
    cluster.node(third).resume();
    await author.commit(1, first, REPLICAS);
    await author.requireNothingLost(...REPLICAS);
  });

  it('go on while a follower is cut off, and it catches up', async () => {
    const { leader: primary, view, followers: [first, second, alone] } = await roles();
    for (const link of cluster.linksOf(alone)) link.cut();
    await author.commit(10, first, [primary, first, second]);
    assert.deepEqual(await viewsOf([primary, first, second]), [view, view, view]);
    assert.ok((await status(alone)).height < (await status(first)).height);
    for (const link of cluster.linksOf(alone)) link.mend();
    await author.commit(1, alone, REPLICAS);
    await author.requireNothingLost(...REPLICAS);
  });

  it('do not leave their leader over a slow follower, which keeps up late', async () => {
    const { leader: primary, view, followers: [first, second, slow] } = await roles();
    for (const link of cluster.linksOf(slow)) link.delayMs = 150;
    await author.commit(10, first, REPLICAS);
    for (const link of cluster.linksOf(slow)) link.delayMs = 0;
    assert.deepEqual(await viewsOf([primary, first, second]), [view, view, view]);
    await author.requireNothingLost(...REPLICAS);
  });

  it('bring one back that has lost its disk', async () => {
    const { followers: [first, , wiped] } = await roles();
    await cluster.kill(wiped);
    await cluster.wipe(wiped);
    await cluster.start(wiped);
    await author.commit(5, first, REPLICAS);
    await author.requireNothingLost(...REPLICAS);
    assert.equal((await status(first)).evidence, 0);
  });

  it('have all that was acknowledged after all of them were killed at work', async () => {
    await author.post(30, 'replica-1');
    await author.look('replica-1');
    await cluster.kill(...REPLICAS);
    await cluster.start(...REPLICAS);
    await author.commit(5, 'replica-0', REPLICAS);
    await author.requireNothingLost(...REPLICAS);
  });

  it('end when they are asked to, with nothing wrong', async () => {
    assert.deepEqual(await cluster.stop(...REPLICAS), { 'replica-0': 0, 'replica-1': 0, 'replica-2': 0, 'replica-3': 0 });
  });
});
