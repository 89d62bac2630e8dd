import { createContract } from '@medveil/agreements';
import { loadVerifiers, type Network } from '@medveil/host';
import { type ExecutionResult, Ledger, loadGenesis, MemoryStore, type StateMachine, WorkingState } from '@medveil/ledger';
import type { Chain } from './chain.js';

/**
 * The contract as every replica runs it, on the real state as it was before a block: what would have become of other
 * transactions there. So a replica's own answer is seen, also where the contract's front refuses to pass something on.
 */
export class WhatIf {
  private constructor(
    private readonly machine: StateMachine,
    private readonly state: WorkingState,
    private readonly at: { readonly chainId: string; readonly height: number; readonly timeMs: number },
  ) {}

  /** Executes the chain again up to the block before `height`, certificates checked. */
  static async before(height: number, chain: Chain, network: Network): Promise<WhatIf> {
    const machine = createContract({ verifiers: await loadVerifiers(network, 'development') });
    const store = new MemoryStore();
    const ledger = await Ledger.open({ genesis: loadGenesis(chain.genesis), store, stateMachine: machine });
    for (const { block, certificate } of chain.blocks.slice(0, height - 1)) await ledger.applyBlock(block, certificate);
    const entries: (readonly [string, Uint8Array])[] = [];
    for await (const entry of store.state()) entries.push(entry);
    const timeMs = chain.blocks[height - 1]?.block.header.timeMs ?? ledger.head.header.timeMs;
    return new WhatIf(machine, WorkingState.from(entries), { chainId: ledger.chainId, height, timeMs });
  }

  /** Runs transactions one after another as a block of that height, and throws the result away. @returns the last one's */
  execute(transactions: readonly Uint8Array[], timeMs = this.at.timeMs): ExecutionResult {
    const view = this.state.fork();
    const context = { ...this.at, timeMs, proposer: 'replica-0' };
    let result: ExecutionResult = { ok: true, events: [] };
    for (const transaction of transactions) result = this.machine.execute(view, context, transaction);
    return result;
  }

  /** The code of the refusal, or `accepted`. */
  codeOf(transactions: readonly Uint8Array[], timeMs?: number): string {
    const result = this.execute(transactions, timeMs);
    return result.ok ? 'accepted' : result.code;
  }
}
