import { type CborValue, decodeCanonical, encodeCanonical, equalBytes } from '@medveil/encoding';
import sortedBtree from 'sorted-btree';
import { LedgerError } from './errors.js';
import { LEDGER_LIMITS } from './limits.js';
import { replicaSetFrom } from './replica-set.js';
import { REPLICA_SET_KEY, requireStateKey, type StateReader, type StateView } from './state-view.js';
import type { StateWrite } from './store.js';

// A CommonJS module: what node imports as its default is the exports object.
const BTree = sortedBtree.default;
type Entries = InstanceType<typeof BTree<string, Uint8Array>>;

const compareKeys = (a: string, b: string): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};

interface Undo {
  readonly key: string;
  readonly previous: Uint8Array | undefined;
}

/**
 * State entries in key order, with nested transactions: `begin` marks a point, `rollback` undoes what was written
 * since, `commit` keeps it. Values are held as canonical bytes, so that nothing handed out can change the state.
 */
export class WorkingState implements StateView {
  readonly #entries: Entries;
  readonly #undo: Undo[] = [];
  readonly #marks: number[] = [];

  private constructor(entries: Entries) {
    this.#entries = entries;
  }

  /** @param entries canonical values */
  static from(entries: Iterable<readonly [key: string, value: Uint8Array]> = []): WorkingState {
    const tree: Entries = new BTree<string, Uint8Array>(undefined, compareKeys);
    for (const [key, value] of entries) tree.set(key, value);
    return new WorkingState(tree);
  }

  /** A state of its own that shares what neither changes: costs nothing until it is written to. */
  fork(): WorkingState {
    return new WorkingState(this.#entries.clone());
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string): CborValue | undefined {
    const value = this.#entries.get(key);
    return value === undefined ? undefined : decodeCanonical(value);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  bytes(key: string): Uint8Array | undefined {
    return this.#entries.get(key);
  }

  entries(prefix: string, options: { readonly after?: string } = {}): IterableIterator<[string, CborValue]> {
    return decodeEach(this.rawEntries(prefix, options));
  }

  /** As `entries`, with canonical bytes. */
  rawEntries(prefix: string, options: { readonly after?: string } = {}): IterableIterator<[string, Uint8Array]> {
    return entriesOf(this.#entries.clone(), prefix, options.after);
  }

  put(key: string, value: CborValue): void {
    requireStateKey(key);
    if (key === REPLICA_SET_KEY) replicaSetFrom(value);
    const bytes = encodeCanonical(value);
    if (bytes.length > LEDGER_LIMITS.stateValueBytes) {
      throw new LedgerError('ledger/too-large', 'a state value is too large', {
        key,
        bytes: bytes.length,
        max: LEDGER_LIMITS.stateValueBytes,
      });
    }
    this.#write(key, bytes);
  }

  delete(key: string): void {
    if (key === REPLICA_SET_KEY) throw new LedgerError('ledger/reserved-key', 'the replica set cannot be deleted', { key });
    this.#write(key, undefined);
  }

  begin(): void {
    this.#marks.push(this.#undo.length);
  }

  commit(): void {
    this.#popMark();
  }

  rollback(): void {
    const mark = this.#popMark();
    while (this.#undo.length > mark) {
      const { key, previous } = this.#undo.pop() as Undo;
      if (previous === undefined) this.#entries.delete(key);
      else this.#entries.set(key, previous);
    }
  }

  /** The net changes since this state was made or forked, in key order; what ended as it began is none. */
  writes(): StateWrite[] {
    const first = new Map<string, Uint8Array | undefined>();
    for (const { key, previous } of this.#undo) if (!first.has(key)) first.set(key, previous);
    return [...first]
      .map(([key, previous]) => ({ key, value: this.#entries.get(key) ?? null, previous: previous ?? null }))
      .filter(({ value, previous }) => !sameBytes(value, previous))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** A view of this state, as it stands and as it becomes, that cannot be written to. */
  reader(): StateReader {
    return {
      get: (key) => this.get(key),
      has: (key) => this.has(key),
      bytes: (key) => this.bytes(key),
      entries: (prefix, options) => this.entries(prefix, options),
    };
  }

  #write(key: string, value: Uint8Array | undefined): void {
    const previous = this.#entries.get(key);
    if (sameBytes(value ?? null, previous ?? null)) return;
    this.#undo.push({ key, previous });
    if (value === undefined) this.#entries.delete(key);
    else this.#entries.set(key, value);
  }

  #popMark(): number {
    const mark = this.#marks.pop();
    if (mark === undefined) throw new Error('commit or rollback without begin');
    return mark;
  }
}

const sameBytes = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : equalBytes(a, b);

function* entriesOf(entries: Entries, prefix: string, after: string | undefined): IterableIterator<[string, Uint8Array]> {
  const start = after !== undefined && after > prefix ? after : prefix;
  for (const [key, value] of entries.entries(start)) {
    if (!key.startsWith(prefix)) return;
    if (key !== after) yield [key, value];
  }
}

function* decodeEach(entries: IterableIterator<[string, Uint8Array]>): IterableIterator<[string, CborValue]> {
  for (const [key, value] of entries) yield [key, decodeCanonical(value)];
}
