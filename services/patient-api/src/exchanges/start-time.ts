import type { RandomBytes } from '@medveil/encoding';

const RANDOM_BYTES = 4;

/**
 * When work on an exchange begins: a random time within `withinMs`, at most half of what the requirement has left. Exchanges of one patient that were
 * decided together are then no nearer to each other on the ledger than to those of others.
 */
export function startAtMs({ nowMs, withinMs, expiresAtMs }: { readonly nowMs: number; readonly withinMs: number; readonly expiresAtMs: number }, random: RandomBytes): number {
  const longestMs = Math.max(0, Math.min(withinMs, Math.floor((expiresAtMs - nowMs) / 2)));
  const drawn = Buffer.from(random(RANDOM_BYTES)).readUInt32BE() / 2 ** (8 * RANDOM_BYTES);
  return nowMs + Math.floor(drawn * (longestMs + 1));
}
