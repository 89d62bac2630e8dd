import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CodedError, concatBytes } from '@medveil/encoding';
import { exportLedger, importLedger, readExport } from './export.js';
import { genesisOf, TestChain } from './fixtures/chain.js';
import { keyValueMachine, transactionOf } from './fixtures/machine.js';
import type { StateMachine } from './state-machine.js';
import { type ChainVerdict, verifyChain } from './verify-chain.js';

const code = (expected: string) => (error: CodedError) => error.code === expected;

async function grown(): Promise<TestChain> {
  const chain = await TestChain.open();
  for (const key of ['a', 'b', 'c', 'd']) await chain.grow([transactionOf({ op: 'put', key, value: key })]);
  return chain;
}

async function exported(chain: TestChain): Promise<Uint8Array> {
  const frames: Uint8Array[] = [];
  for await (const frame of exportLedger(chain.ledger)) frames.push(frame);
  return concatBytes(...frames);
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function importing(data: Uint8Array, genesis = genesisOf()): Promise<number> {
  return importLedger(inPieces(data, 999), (await TestChain.open({ genesis })).ledger);
}

async function verdictWith(stateMachine: StateMachine): Promise<ChainVerdict> {
  const { genesis, blocks } = await readExport(inPieces(await exported(await grown()), 4_096));
  assert.deepEqual(genesis, genesisOf().bytes);
  return verifyChain(blocks, genesisOf(), stateMachine);
}

describe('export and import', () => {
  it('carries a chain over, however its bytes are cut', async () => {
    const chain = await grown();
    const bytes = await exported(chain);
    for (const size of [1, 7, 1_000, bytes.length]) {
      const copy = await TestChain.open();
      assert.equal(await importLedger(inPieces(bytes, size), copy.ledger), 4);
      assert.deepEqual(copy.ledger.head, chain.ledger.head);
    }
  });

  it('goes on from where a ledger stands', async () => {
    const chain = await grown();
    const copy = await TestChain.open();
    await importLedger(inPieces(await exported(chain), 500), copy.ledger);
    await chain.grow([transactionOf({ op: 'put', key: 'e', value: 1 })]);
    assert.equal(await importLedger(inPieces(await exported(chain), 500), copy.ledger), 5);
    assert.deepEqual(copy.ledger.head, chain.ledger.head);
  });

  it('refuses another chain, and notices what is cut off, swapped or changed', async () => {
    const chain = await grown();
    const frames: Uint8Array[] = [];
    for await (const frame of exportLedger(chain.ledger)) frames.push(frame);
    const bytes = concatBytes(...frames);
    const swapped = concatBytes(...frames.slice(0, 1), ...frames.slice(2, 3), ...frames.slice(1, 2), ...frames.slice(3));
    const flipped = bytes.map((byte, index) => (index === bytes.length - 300 ? byte ^ 1 : byte));
    await assert.rejects(importing(bytes, genesisOf({ timeMs: 1 })), code('ledger/wrong-genesis'));
    await assert.rejects(importing(concatBytes(...frames.slice(0, -1))), code('ledger/bad-export'));
    await assert.rejects(importing(bytes.subarray(0, -3)), code('ledger/bad-export'));
    await assert.rejects(importing(concatBytes(bytes, Uint8Array.of(0, 0, 0, 0))), code('ledger/bad-export'));
    await assert.rejects(importing(swapped), code('ledger/bad-export'));
    await assert.rejects(importing(new Uint8Array(0)), code('ledger/bad-export'));
    await assert.rejects(importing(new Uint8Array(64).fill(255)), code('ledger/bad-export'));
    await assert.rejects(importing(flipped), (error: CodedError) => error.code.startsWith('ledger/'));
  });
});

describe('verifying a chain by executing it again', () => {
  it('agrees with an honest chain', async () => {
    const chain = await grown();
    assert.deepEqual(await verdictWith(keyValueMachine), { ok: true, height: 4, stateRoot: chain.ledger.head.stateRoot });
  });

  it('says at which height, and in what, it first differs', async () => {
    const otherState: StateMachine = {
      ...keyValueMachine,
      execute(view, context, transaction) {
        if (context.height === 2) view.put('smuggled', 1);
        return keyValueMachine.execute(view, context, transaction);
      },
    };
    const otherEvents: StateMachine = {
      ...keyValueMachine,
      execute(view, context, transaction) {
        const result = keyValueMachine.execute(view, context, transaction);
        return context.height === 3 ? { ok: true, events: [] } : result;
      },
    };
    const state = await verdictWith(otherState);
    assert.deepEqual(!state.ok && [state.height, state.code, state.field], [3, 'ledger/wrong-root', 'stateRoot']);
    const events = await verdictWith(otherEvents);
    assert.deepEqual(!events.ok && [events.height, events.code, events.field], [4, 'ledger/wrong-root', 'receiptsRoot']);
  });
});
