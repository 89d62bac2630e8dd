import { equalBytes, toHex } from '@medveil/encoding';
import { type Block, headerHash } from './block.js';
import { requireNext } from './chain-rules.js';
import { type Execution, executeBlock } from './execution.js';
import { headOf, type LedgerHead } from './head.js';
import type { StateMachine } from './state-machine.js';
import type { StateTree } from './state-tree.js';
import type { StateWrite } from './store.js';
import type { WorkingState } from './working-state.js';

/** A block with the state after it. */
export interface ChainPoint {
  readonly head: LedgerHead;
  readonly state: WorkingState;
  readonly tree: StateTree;
}

/** A block that has been executed and may never be decided: its head has no certificate. */
export interface ExecutedBlock extends ChainPoint, Execution {
  readonly hash: Uint8Array;
  readonly writes: readonly StateWrite[];
}

/** Blocks in agreement at once, with room for those of a view that was left. */
const MAX_KEPT = 16;

/**
 * Executes blocks before they are decided, each on the state after its predecessor, which shares all that it does not
 * change. A block's hash names its whole past, so that what is kept for one chain is never taken for another's.
 */
export class Speculation {
  readonly #kept = new Map<string, ExecutedBlock>();

  constructor(private readonly machine: StateMachine) {}

  /**
   * @param ancestors each on the one before, the first on `from`
   * @throws LedgerError as `requireNext`
   */
  run(from: ChainPoint, ancestors: readonly Block[]): ExecutedBlock[] {
    const executed: ExecutedBlock[] = [];
    for (const block of ancestors) executed.push(this.execute(executed.at(-1) ?? from, block));
    return executed;
  }

  /** @throws LedgerError as `requireNext` */
  execute(before: ChainPoint, block: Block): ExecutedBlock {
    const hash = headerHash(block.header);
    const known = this.#kept.get(toHex(hash));
    if (known !== undefined && equalBytes(block.header.previousHash, before.head.hash)) return known;
    requireNext(before.head, block);
    const executed = executeOn(before, block, hash, this.machine);
    this.#kept.set(toHex(hash), executed);
    for (const name of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(name);
    }
    return executed;
  }

  /** Forgets what a decided block has overtaken. */
  forgetUpTo(height: number): void {
    for (const [name, { head }] of this.#kept) if (head.header.height <= height) this.#kept.delete(name);
  }
}

function executeOn(before: ChainPoint, block: Block, hash: Uint8Array, machine: StateMachine): ExecutedBlock {
  const state = before.state.fork();
  const execution = executeBlock(state, machine, block);
  const writes = state.writes();
  const tree = before.tree.update(writes.map(({ key, value }) => [key, value] as const));
  const { head: last } = before;
  const isChange = !equalBytes(block.header.replicaSetHash, last.header.replicaSetHash);
  const certifiers = { replicaSet: last.nextSet, epoch: isChange ? block.header.height + 1 : last.epoch };
  const head = headOf({ block, hash, certificate: null, receipts: execution.encodedReceipts }, tree, certifiers);
  return { ...execution, hash, writes, tree, state: state.fork(), head };
}

/** The ids of transactions that these blocks accept. */
export const acceptedIn = (blocks: readonly ExecutedBlock[]): Set<string> =>
  new Set(blocks.flatMap(({ receipts }) => receipts.flatMap(({ ok, transactionId }) => (ok && transactionId !== null ? [transactionId] : []))));
