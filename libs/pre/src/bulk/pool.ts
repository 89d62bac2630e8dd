import type { RandomBytes } from '@medveil/encoding';
import { Piscina } from 'piscina';
import type { Encapsulation, EngineName, ReEncryptionStatement, ReKeyEntry } from '../index.js';
import { PreError } from '../errors.js';
import type { Outcome, Task } from './tasks.js';

export interface BulkOptions {
  /** Worker threads: `cpuQuota` says how many make sense. */
  readonly threads: number;
  readonly engine?: EngineName;
}

/**
 * The scheme's operations over many items, on worker threads. Results come in the order of the items; a bad item has an error in its
 * place and fails no other.
 */
export interface Bulk {
  reEncrypt(items: readonly { readonly capsule: Uint8Array; readonly reKey: Uint8Array }[]): Promise<readonly Outcome<Uint8Array>[]>;
  verifyReEncryption(items: readonly (ReEncryptionStatement & { readonly proof: Uint8Array })[]): Promise<readonly boolean[]>;
  /** Many capsules of one owner. Seeds are drawn here, in order. */
  encapsulate(ownerPublicKey: Uint8Array, labels: readonly Uint8Array[], random: RandomBytes): Promise<readonly Outcome<Encapsulation>[]>;
  /** As `Afgh06.badReKeys`, without its limit. */
  badReKeys(entries: readonly ReKeyEntry[], random: RandomBytes): Promise<readonly number[]>;
  /** Lets what runs finish, then ends the threads. */
  close(): Promise<void>;
}

/** Items a thread takes at a time: tens of milliseconds of work. */
const SLICE = 32;
const IDLE_TIMEOUT_MS = 10_000;
/** Bytes of randomness that a batch check draws for one key. */
const WEIGHT_BYTES = 16;

/** @throws PreError `pre/out-of-range` for fewer than one or more than 256 threads */
export function openBulk({ threads, engine }: BulkOptions): Bulk {
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) throw new PreError('pre/out-of-range', '1 to 256 threads', { threads });
  const pool = new Piscina({
    filename: new URL('worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: IDLE_TIMEOUT_MS,
  });
  const run = async (task: Task): Promise<readonly unknown[]> => pool.run({ engine, task }) as Promise<readonly unknown[]>;

  /** Each lane takes the next slice when it is done with one, so that no more than the threads' work is queued. */
  async function inSlices<T, R>(items: readonly T[], perform: (slice: readonly T[], start: number) => Promise<readonly R[]>): Promise<readonly R[]> {
    const results: (readonly R[])[] = [];
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next * SLICE < items.length) {
        const index = next;
        next += 1;
        results[index] = await perform(items.slice(index * SLICE, (index + 1) * SLICE), index * SLICE);
      }
    };
    await Promise.all(Array.from({ length: threads }, lane));
    return results.flat();
  }

  return {
    reEncrypt: (items) => inSlices(items, async (slice) => (await run({ kind: 're-encrypt', items: slice })) as Outcome<Uint8Array>[]),
    verifyReEncryption: async (items) =>
      inSlices(items, async (slice) => ((await run({ kind: 'verify', items: slice })) as { value: boolean }[]).map(({ value }) => value)),
    encapsulate: (ownerPublicKey, labels, random) => {
      const items = labels.map((label) => ({ label, seed: random(32) }));
      return inSlices(items, async (slice) => (await run({ kind: 'encapsulate', ownerPublicKey, items: slice })) as Outcome<Encapsulation>[]);
    },
    badReKeys: (entries, random) =>
      inSlices(entries, async (slice, start) => {
        const randomness = random(WEIGHT_BYTES * slice.length);
        const bad = (await run({ kind: 'bad-re-keys', items: slice, randomness })) as number[];
        return bad.map((position) => start + position);
      }),
    close: () => pool.close(),
  };
}
