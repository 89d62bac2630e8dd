import { createHash } from 'node:crypto';
import type { RandomBytes } from '@medveil/encoding';
import { type Engine, loadEngine } from '../index.js';

/** Reproducible bytes: SHA-256 of the seed and a counter. */
export function seededRandom(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const blocks: Buffer[] = [];
    for (let filled = 0; filled < length; filled += 32) {
      blocks.push(createHash('sha256').update(`${seed}/${counter}`).digest());
      counter += 1;
    }
    return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
  };
}

export const bothEngines = async (): Promise<readonly Engine[]> => [await loadEngine('mcl'), await loadEngine('noble')];

export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (0x80 >> (bit & 7));
  return copy;
}
