import type { RandomBytes } from '@medveil/encoding';

const UNIT = 2 ** 48;

/** Drawn from the last three quarters of the longest: none is so short that it says what it follows. */
export function drawDelayMs(random: RandomBytes, longestMs: number): number {
  const fraction = random(6).reduce((sum, byte) => sum * 256 + byte, 0) / UNIT;
  return Math.floor(longestMs * (1 / 4 + (fraction * 3) / 4));
}
