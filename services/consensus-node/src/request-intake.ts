import type { Admission } from '@medveil/ledger';
import type { ReplicaId } from '@medveil/pbft';

/** Who handed transactions in. */
export type Origin = 'client' | ReplicaId;

/** Of one origin: what may wait for its check. */
const MAX_TRANSACTIONS = 4_096;
const MAX_BYTES = 16 * 1024 * 1024;
/** Checked in one go, each with its signature: what a message of the protocol that arrives meanwhile waits for. */
const CHUNK = 8;

interface Batch {
  readonly transactions: readonly Uint8Array[];
  readonly admissions: Admission[];
  readonly settle: (admissions: readonly Admission[]) => void;
  readonly fail: (error: unknown) => void;
}

interface Line {
  readonly batches: Batch[];
  transactions: number;
  bytes: number;
}

/**
 * Transactions that nobody has checked yet. Anybody can send any number of them, so they wait until the protocol has nothing to do:
 * so many of each origin and no more, and the origins take turns.
 */
export class RequestIntake {
  readonly #lines = new Map<Origin, Line>();
  #stopped = false;

  constructor(private readonly check: (transaction: Uint8Array) => Admission) {}

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** Transactions that wait. */
  get size(): number {
    let size = 0;
    for (const { transactions } of this.#lines.values()) size += transactions;
    return size;
  }

  /**
   * @returns what was said of each, once all of them are checked; all are refused with `consensus-node/busy` where too many wait already,
   *   with `consensus-node/replica-stopped` after the end
   */
  take(transactions: readonly Uint8Array[], origin: Origin): Promise<readonly Admission[]> {
    const line = this.#lines.get(origin) ?? { batches: [], transactions: 0, bytes: 0 };
    const bytes = bytesOf(transactions);
    if (this.#stopped) return Promise.resolve(transactions.map(() => STOPPED));
    if (line.transactions + transactions.length > MAX_TRANSACTIONS || line.bytes + bytes > MAX_BYTES) return Promise.resolve(transactions.map(() => BUSY));
    line.transactions += transactions.length;
    line.bytes += bytes;
    this.#lines.set(origin, line);
    return new Promise((settle, fail) => { line.batches.push({ transactions, admissions: [], settle, fail }); });
  }

  /** Checks a few, of the origin whose turn it is. */
  checkSome(): void {
    const [next] = this.#lines;
    if (next === undefined) return;
    const [origin, line] = next;
    this.#lines.delete(origin);
    for (let left = CHUNK; left > 0 && line.batches.length > 0; ) left -= this.#checkFirst(line, left);
    if (line.batches.length > 0) this.#lines.set(origin, line);
  }

  /** @returns how many were checked, at least one: so that empty batches count, too */
  #checkFirst(line: Line, most: number): number {
    const [batch] = line.batches;
    if (batch === undefined) return most;
    const { transactions, admissions } = batch;
    const before = admissions.length;
    try {
      for (const transaction of transactions.slice(before, before + most)) admissions.push(this.check(transaction));
      if (admissions.length < transactions.length) return most;
      batch.settle(admissions);
    } catch (error) {
      batch.fail(error);
    }
    line.batches.shift();
    line.transactions -= transactions.length;
    line.bytes -= bytesOf(transactions);
    return Math.max(1, admissions.length - before);
  }

  /** Nothing of what waits is taken, nor anything that comes. */
  stop(): void {
    this.#stopped = true;
    for (const { batches } of this.#lines.values()) for (const { transactions, settle } of batches) settle(transactions.map(() => STOPPED));
    this.#lines.clear();
  }
}

export const BUSY: Admission = { ok: false, code: 'consensus-node/busy', reason: 'too many transactions wait to be checked: send it again' };
export const POOL_FULL: Admission = { ok: false, code: 'consensus-node/pool-full', reason: 'too many transactions wait to be ordered: send it again' };
export const STOPPED: Admission = { ok: false, code: 'consensus-node/replica-stopped', reason: 'the replica has stopped' };

const bytesOf = (transactions: readonly Uint8Array[]): number => transactions.reduce((sum, { length }) => sum + length, 0);
