import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { buildTransaction, createContract } from '@medveil/agreements';
import { loadVerifiers } from '@medveil/host';
import { accountId } from '@medveil/identity';
import { headerHash, Ledger } from '@medveil/ledger';
import { LevelStore } from '@medveil/ledger/level';
import { commitPayload, ed25519Signer } from '@medveil/pbft';
import { isLedgerCommand, type LedgerCommand, runLedgerCommand } from './ledger-commands.js';
import { createNetworkFiles, type NetworkFiles } from './testing/network-files.js';

const REPLICAS = ['replica-0', 'replica-1', 'replica-2', 'replica-3'];
const BLOCKS = 4;

async function run(command: LedgerCommand, ...given: string[]) {
  const said = { out: '', error: '' };
  const host = {
    argv: [], env: {}, exitCode: undefined as number | string | null | undefined, once: () => undefined, off: () => undefined,
    stdout: { write: (text: string) => { said.out += text; } }, stderr: { write: (text: string) => { said.error += text; } },
  };
  await runLedgerCommand(host, command, given);
  return { ...said, code: host.exitCode, answer: said.out === '' ? null : (JSON.parse(said.out) as Record<string, unknown>) };
}

describe('the commands about a ledger', () => {
  let folder: string;
  let files: NetworkFiles;
  let exported: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'medveil-commands-'));
    files = await createNetworkFiles({ folder, chainId: 'commands', replicas: REPLICAS, nowMs: Date.now() });
    await growChain();
    exported = join(folder, 'chain');
  });
  after(async () => rm(folder, { recursive: true, force: true }));

  /** Blocks of one mint each, certified by all replicas, in replica-0's folder. */
  async function growChain(): Promise<void> {
    const { genesis, treasury, network } = files;
    const store = await LevelStore.open(join(files.dataFolder('replica-0'), 'ledger'));
    const ledger = await Ledger.open({ genesis, store, stateMachine: createContract({ verifiers: await loadVerifiers(network, 'development') }) });
    for (let nonce = 0; nonce < BLOCKS; nonce += 1) {
      const { bytes } = buildTransaction({
        chainId: 'commands', account: treasury, nonce, validUntilMs: Date.now() + 60_000, body: { type: 'mint', account: accountId(treasury.publicKey), amount: 1, reference: new Uint8Array(32) },
      });
      const { block } = await ledger.buildBlock({ transactions: [bytes], timeMs: Date.now(), proposer: 'replica-0' });
      const vote = { epoch: 1, view: 0, sequence: block.header.height, digest: headerHash(block.header) };
      const signatures = REPLICAS.map((name, replica) => ({ replica, signature: ed25519Signer(files.replicaKey(name).secretKey).sign(commitPayload('commands', vote)) }));
      await ledger.applyBlock(block, { ...vote, signatures });
    }
    await store.close();
  }

  const about = (replica: string) => ['--network', files.networkFile, '--data', files.dataFolder(replica)];

  it('export a chain, import it elsewhere, and find both good', async () => {
    const { code, answer } = await run('export', ...about('replica-0'), '--file', exported);
    assert.deepEqual([code, answer?.['exported']], [0, BLOCKS]);
    const imported = await run('import', ...about('replica-1'), '--file', exported);
    assert.deepEqual([imported.code, imported.answer?.['imported'], imported.answer?.['head']], [0, BLOCKS, answer?.['head']]);
    assert.equal((await run('import', ...about('replica-1'), '--file', exported)).answer?.['imported'], 0);
    const verdicts = [await run('verify', ...about('replica-1')), await run('verify', '--network', files.networkFile, '--file', exported)];
    for (const verdict of verdicts) assert.deepEqual([verdict.code, verdict.answer?.['ok'], verdict.answer?.['height']], [0, true, BLOCKS]);
    assert.equal(verdicts[0]?.answer?.['stateRoot'], imported.answer?.['stateRoot']);
  });

  it('say at which height a chain first differs', async () => {
    const bytes = await readFile(exported);
    // The amount of the third mint: the transactions are then not those of the header.
    let at = 0;
    for (let found = 0; found < 3; found += 1) at = bytes.indexOf(Buffer.from('famount', 'latin1'), at + 1);
    assert.ok(at > 0);
    const changed = Buffer.from(bytes);
    changed[at + 7] = 2;
    const file = join(folder, 'changed');
    await writeFile(file, changed);
    const { code, answer } = await run('verify', '--network', files.networkFile, '--file', file);
    assert.deepEqual([code, answer?.['ok'], answer?.['height'], answer?.['code'], answer?.['field']], [1, false, 3, 'ledger/wrong-root', 'transactionsRoot']);
  });

  it('refuse what is cut off, of another chain, or in use, and say so', async () => {
    const cut = join(folder, 'cut');
    await writeFile(cut, (await readFile(exported)).subarray(0, -3));
    const { code, error } = await run('verify', '--network', files.networkFile, '--file', cut);
    assert.equal(code, 1);
    assert.match(error, /^ledger\/bad-export: /);
    const store = await LevelStore.open(join(files.dataFolder('replica-0'), 'ledger'));
    assert.match((await run('verify', ...about('replica-0'))).error, /^consensus-node\/folder-in-use: /);
    await store.close();
  });

  it('explain themselves where the command is not right', async () => {
    for (const [command, given] of [['export', []], ['import', ['--network', 'x', '--file', 'y']], ['verify', ['--network', 'x']], ['verify', ['--nonsense']]] as const) {
      const { code, error } = await run(command, ...given);
      assert.equal(code, 2);
      assert.match(error, new RegExp(`^${command}: .*\nusage`));
    }
    assert.deepEqual([isLedgerCommand('verify'), isLedgerCommand('--help'), isLedgerCommand(undefined)], [true, false, false]);
  });
});
