import { equalBytes } from '@medveil/encoding';
import { LedgerError } from './errors.js';
import type { StateTree } from './state-tree.js';
import type { LedgerStore } from './store.js';

/** The state trees of the last heights, from which proofs are made. */
export class Snapshots {
  readonly #trees = new Map<number, StateTree>();

  /** @param retained how many heights are kept, at least 2 */
  constructor(readonly retained: number) {
    if (!Number.isInteger(retained) || retained < 2) throw new RangeError('at least 2 heights must be retained');
  }

  /** The state after block `height`. Heights come in order. */
  add(height: number, tree: StateTree): void {
    this.#trees.set(height, tree);
    this.#trees.delete(height - this.retained);
  }

  /** @throws LedgerError `ledger/height-not-retained` */
  at(height: number): StateTree {
    const tree = this.#trees.get(height);
    if (tree === undefined) {
      throw new LedgerError('ledger/height-not-retained', 'the state of this height is no longer kept', {
        height,
        retained: this.retained,
      });
    }
    return tree;
  }

  /**
   * After a restart: from the state after the last block back to the oldest height whose writes are kept.
   * Every tree is compared with the root that the next header carries.
   * @throws LedgerError `ledger/corrupt-store`
   */
  async rebuild(store: LedgerStore, head: number, state: StateTree): Promise<void> {
    const trees = [state];
    for (let height = head; height > 0 && trees.length < this.retained; height -= 1) {
      const writes = await store.writes(height);
      const stored = await store.block(height);
      const after = trees.at(-1);
      if (writes === undefined || stored === undefined || after === undefined) break;
      const before = after.update(writes.map(({ key, previous }) => [key, previous] as const));
      if (!equalBytes(before.root, stored.block.header.stateRoot)) {
        throw new LedgerError('ledger/corrupt-store', 'the stored state is not the one the chain commits to', { height: height - 1 });
      }
      trees.push(before);
    }
    this.#trees.clear();
    for (const [distance, tree] of trees.entries()) this.#trees.set(head - distance, tree);
  }
}
