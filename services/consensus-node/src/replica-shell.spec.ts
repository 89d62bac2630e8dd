import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CodedError, encodeCanonical } from '@medveil/encoding';
import { signingKeyFromSeed } from '@medveil/identity';
import { type Admission, createGenesis, Ledger, MemoryStore, type StateMachine } from '@medveil/ledger';
import { ed25519Keys, ed25519Verifier, replicaConfig, type WalEntry } from '@medveil/pbft';
import { PoolWatch } from './pool-watch.js';
import { configurationOf, ReplicaShell, type WriteAheadLog } from './replica-shell.js';
import { eventually } from './spec-world.js';

const keys = [1, 2, 3, 4].map((seed) => signingKeyFromSeed(new Uint8Array(32).fill(seed)));
const machine = { beginBlock: () => [], execute: () => ({ ok: true, events: [] }), nextDeadlineMs: () => null } satisfies Omit<StateMachine, 'checkTransaction'>;
const admit = (): Admission => ({ ok: true, sender: 'anyone', nonce: 0 });

/** The primary of four, whose disk is in the test's hands. */
async function primary(append: (entries: readonly WalEntry[]) => Promise<void>, { checkTransaction = admit, ...limits }: { checkTransaction?: typeof admit; poolRequests?: number } = {}) {
  const genesis = createGenesis({
    version: 1, chainId: 'shell', timeMs: Date.now(), replicaSet: keys.map(({ publicKey }, index) => ({ id: `replica-${index}`, publicKey })), parameters: null, state: [],
  });
  const ledger = await Ledger.open({ genesis, store: new MemoryStore(), stateMachine: { ...machine, checkTransaction } });
  const wal: WriteAheadLog = { append, compact: append };
  const seen: string[] = [];
  const failures: unknown[] = [];
  const shell = new ReplicaShell({
    config: replicaConfig({ chainId: 'shell', name: 'replica-0', configuration: configurationOf(ledger.head), statusIntervalMs: 60_000, ...limits }),
    signerOf: ed25519Keys((keys[0] as (typeof keys)[number]).secretKey), verifier: ed25519Verifier, ledger, proposer: 'replica-0', wal, walEntries: [], recovering: false,
    transport: { send: (_to, kind) => void seen.push(kind) }, pool: new PoolWatch(ledger, () => Date.now()), clock: () => Date.now(), clockToleranceMs: 10_000,
    observer: { applied: () => undefined, viewEntered: () => undefined, reconfigured: () => undefined, evidence: () => undefined, proposalRefused: () => undefined, failed: (error) => void failures.push(error) },
  });
  return { shell, seen, failures };
}

describe('the shell around a replica', () => {
  it('sends nothing that rests on a log entry before that is on disk', async () => {
    const writing: { entries: readonly WalEntry[]; done: () => void }[] = [];
    const { shell, seen } = await primary((entries) => new Promise((resolve) => { writing.push({ entries, done: resolve }); }));
    shell.start();
    void shell.submit([encodeCanonical({ transaction: 1 })]);
    const { entries, done } = await eventually(() => writing.find((write) => write.entries.some(({ type }) => type === 'pre-prepare')));
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    assert.equal(seen.includes('pre-prepare'), false);
    assert.ok(entries.some(({ type }) => type === 'proposal'));
    done();
    await eventually(() => (seen.includes('pre-prepare') ? true : undefined));
    await shell.stop();
  });

  it('stops for good where its disk fails, and says so', async () => {
    const { shell, seen, failures } = await primary(async () => { throw new CodedError('test/disk-full', 'no room'); });
    shell.start();
    void shell.submit([encodeCanonical({ transaction: 1 })]);
    await eventually(() => (failures.length > 0 ? true : undefined));
    assert.equal(seen.includes('pre-prepare'), false);
    const said = seen.length;
    assert.equal(shell.feed({ type: 'work-due' }), false);
    assert.equal(shell.feedMessage('replica-1', Uint8Array.of(1)), false);
    const [refused] = await shell.submit([encodeCanonical({ transaction: 2 })]);
    assert.deepEqual(refused?.ok === false && refused.code, 'consensus-node/replica-stopped');
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    assert.deepEqual([failures.length, seen.length], [1, said]);
    await shell.stop();
  });

  it('drops what comes before it has started, and starts all the same', async () => {
    const { shell, seen, failures } = await primary(async () => undefined);
    assert.equal(shell.feedMessage('replica-1', Uint8Array.of(1)), false);
    const [refused] = await shell.submit([encodeCanonical({ transaction: 1 })]);
    assert.deepEqual(refused?.ok === false && refused.code, 'consensus-node/busy');
    shell.start();
    void shell.submit([encodeCanonical({ transaction: 2 })]);
    await eventually(() => (seen.includes('pre-prepare') ? true : undefined));
    assert.deepEqual(failures, []);
    await shell.stop();
  });

  it('says which transactions the pool has no room for, and takes one that it knows for held', async () => {
    const { shell } = await primary(async () => undefined, { poolRequests: 2 });
    shell.start();
    const transactions = [1, 2, 3].map((transaction) => encodeCanonical({ transaction }));
    const codes = async (sent: readonly Uint8Array[]) => (await shell.submit(sent)).map((admission) => (admission.ok ? 'held' : admission.code));
    assert.deepEqual(await codes(transactions), ['held', 'held', 'consensus-node/pool-full']);
    assert.deepEqual(await codes(transactions.toReversed()), ['consensus-node/pool-full', 'held', 'held']);
    await shell.stop();
  });

  it('leaves nobody without an answer where it stops', async () => {
    const { shell } = await primary(async () => undefined);
    shell.start();
    const asked = shell.submit([encodeCanonical({ transaction: 1 })]);
    await shell.stop();
    const [told] = await asked;
    assert.deepEqual(told?.ok === false && told.code, 'consensus-node/replica-stopped');
  });

  it('checks transactions while the protocol has nothing to do, a few at a time', async () => {
    let checked = 0;
    const proposedAfter: number[] = [];
    const checkTransaction = (): Admission => {
      checked += 1;
      // Meanwhile the protocol is given something to do.
      if (checked === 1) shell.feed({ type: 'work-due' });
      return { ok: false, code: 'test/no', reason: 'no' };
    };
    const { shell, seen } = await primary(async (entries) => { if (entries.some(({ type }) => type === 'pre-prepare')) proposedAfter.push(checked); }, { checkTransaction });
    shell.start();
    const admissions = await shell.submit(Array.from({ length: 1_000 }, (_, transaction) => encodeCanonical({ transaction })));
    assert.deepEqual([admissions.length, checked, seen.includes('pre-prepare')], [1_000, 1_000, true]);
    assert.ok((proposedAfter[0] ?? Infinity) <= 16, `proposed after ${String(proposedAfter[0])} checks`);
    await shell.stop();
  });
});
