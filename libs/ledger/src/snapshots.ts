import { equalBytes } from '@medveil/encoding';
import { LedgerError } from './errors.js';
import type { StateTree } from './state-tree.js';
import type { LedgerStore } from './store.js';

/** A transfer that began with the one before the newest can be brought to its end. */
const KEPT = 2;

/** The state trees of the last heights, from which proofs are made; and of some older ones, which replicas that join are given. */
export class Snapshots {
  readonly #trees = new Map<number, StateTree>();
  /** Oldest first. */
  readonly #kept = new Map<number, StateTree>();

  /**
   * @param retained how many heights are kept, at least 2
   * @param interval every so many heights one is kept for transfers, until two later ones are
   */
  constructor(
    readonly retained: number,
    readonly interval: number,
  ) {
    if (!Number.isInteger(retained) || retained < 2) throw new RangeError('at least 2 heights must be retained');
  }

  /** The state after block `height`. Heights come in order. */
  add(height: number, tree: StateTree): void {
    this.#trees.set(height, tree);
    this.#trees.delete(height - this.retained);
    this.#keep(height, tree);
  }

  /** @throws LedgerError `ledger/height-not-retained` */
  at(height: number): StateTree {
    const tree = this.#trees.get(height) ?? this.#kept.get(height);
    if (tree === undefined) {
      throw new LedgerError('ledger/height-not-retained', 'the state of this height is no longer kept', {
        height,
        retained: this.retained,
      });
    }
    return tree;
  }

  /** The newest height below `below` that is kept for transfers, or null. */
  newest(below: number): number | null {
    return [...this.#kept.keys()].findLast((height) => height < below) ?? null;
  }

  #keep(height: number, tree: StateTree): void {
    if (height === 0 || height % this.interval !== 0) return;
    this.#kept.set(height, tree);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
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
    for (const [distance, tree] of [...trees.entries()].toReversed()) this.add(head - distance, tree);
  }
}
