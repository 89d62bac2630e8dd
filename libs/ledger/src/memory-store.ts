import { type Id, toHex } from '@medveil/encoding';
import type { ReplicaSet } from './replica-set.js';
import type { LedgerAppend, LedgerInstall, LedgerStore, StateWrite, StoredBlock, TransactionLocation } from './store.js';

/** A chain in memory, for tests, re-execution and tools. */
export class MemoryStore implements LedgerStore {
  readonly #blocks = new Map<number, StoredBlock>();
  #height: number | null = null;
  readonly #heights = new Map<string, number>();
  readonly #transactions = new Map<string, TransactionLocation>();
  readonly #state = new Map<string, Uint8Array>();
  readonly #writes = new Map<number, readonly StateWrite[]>();
  readonly #replicaSets: { height: number; replicaSet: ReplicaSet }[] = [];

  async append({ stored, writes, transactions, replicaSet, keepWritesFrom }: LedgerAppend): Promise<void> {
    const { height } = stored.block.header;
    if (height !== (this.#height ?? -1) + 1) throw new RangeError('blocks are appended in order');
    this.#blocks.set(height, stored);
    this.#height = height;
    this.#heights.set(toHex(stored.hash), height);
    for (const location of transactions) {
      if (location.ok || this.#transactions.get(location.id)?.ok !== true) this.#transactions.set(location.id, location);
    }
    for (const { key, value } of writes) {
      if (value === null) this.#state.delete(key);
      else this.#state.set(key, value);
    }
    this.#writes.set(height, writes);
    for (const kept of this.#writes.keys()) if (kept < keepWritesFrom) this.#writes.delete(kept);
    if (replicaSet !== null) this.#replicaSets.push({ height, replicaSet });
  }

  async install({ genesis, stored, entries, replicaSets }: LedgerInstall): Promise<void> {
    for (const part of [this.#blocks, this.#heights, this.#transactions, this.#state, this.#writes]) part.clear();
    for (const { block, hash, ...rest } of [genesis, stored]) {
      this.#blocks.set(block.header.height, { block, hash, ...rest });
      this.#heights.set(toHex(hash), block.header.height);
    }
    for (const [key, value] of entries) this.#state.set(key, value);
    this.#replicaSets.splice(0, Infinity, ...replicaSets);
    this.#height = stored.block.header.height;
  }

  async height(): Promise<number | null> {
    return this.#height;
  }

  async block(height: number): Promise<StoredBlock | undefined> {
    return this.#blocks.get(height);
  }

  async heightOf(hash: Uint8Array): Promise<number | undefined> {
    return this.#heights.get(toHex(hash));
  }

  async transactions(ids: readonly Id<'txn'>[]): Promise<(TransactionLocation | undefined)[]> {
    return ids.map((id) => this.#transactions.get(id));
  }

  async writes(height: number): Promise<readonly StateWrite[] | undefined> {
    return this.#writes.get(height);
  }

  async *state(): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
    yield* [...this.#state].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  async replicaSetChanges(): Promise<readonly { height: number; replicaSet: ReplicaSet }[]> {
    return [...this.#replicaSets];
  }

  async close(): Promise<void> {
    // Nothing to release: the chain lives as long as this object.
  }
}
