import type { CborValue } from '@medveil/encoding';
import { LedgerError } from './errors.js';
import { LEDGER_LIMITS } from './limits.js';

/**
 * What may be read of the state: a map from keys to canonical values.
 * A key is 1 to 256 characters of printable ASCII without space (`!` to `~`), so that its order as text, as
 * bytes and in LevelDB is one. By convention a path, `claim/clm_…/licence`; `ledger/` belongs to the ledger.
 */
export interface StateReader {
  /** @returns a fresh copy of the value, or undefined where the key is absent */
  get(key: string): CborValue | undefined;
  has(key: string): boolean;
  /**
   * The canonical bytes under a key, for who keeps what was decoded from them: the same object as long as the entry is not
   * written to, shared by all readers, and never to be written into. A view that has none at hand leaves this out.
   */
  bytes?(key: string): Uint8Array | undefined;
  /**
   * The entries whose key begins with `prefix`, in ascending key order, as they were at the call:
   * writing while iterating is allowed and not seen. `after` starts behind that key (it need not exist).
   */
  entries(prefix: string, options?: { readonly after?: string }): IterableIterator<[key: string, value: CborValue]>;
}

/** What a transaction sees and changes. What a rejected transaction wrote is undone by the ledger. */
export interface StateView extends StateReader {
  /** @throws LedgerError `ledger/bad-key`, `ledger/too-large`, `ledger/malformed` (a bad replica set) */
  put(key: string, value: CborValue): void;
  /** Deleting an absent key is no change. @throws LedgerError `ledger/reserved-key` for the replica set */
  delete(key: string): void;
}

/** The replica set in force, see `replica-set.ts`. A transaction of the consortium replaces it by `put`. */
export const REPLICA_SET_KEY = 'ledger/replica-set';

/** The genesis document's `parameters`; their meaning is the state machine's. */
export const PARAMETERS_KEY = 'ledger/parameters';

const KEY_PATTERN = /^[!-~]+$/;

export function requireStateKey(key: string): void {
  if (key.length === 0 || key.length > LEDGER_LIMITS.stateKeyLength || !KEY_PATTERN.test(key)) {
    throw new LedgerError('ledger/bad-key', 'a state key is 1 to 256 printable ASCII characters without space', {
      length: key.length,
      max: LEDGER_LIMITS.stateKeyLength,
    });
  }
}
