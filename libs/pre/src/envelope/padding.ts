import { PreError } from '../errors.js';

/** Parts below this all look alike. */
const SMALLEST_CLASS = 4096;
/** Up to here classes are powers of two; above, Padmé. */
const LARGEST_DOUBLING = 2 ** 20;
const MAX_PLAINTEXT = 2 ** 40;

/**
 * The size class of a body: what an observer of the ciphertext learns instead of its size.
 * Small parts, where a few observations more or less would show, fall into nine classes (powers of two from 4 KiB to 1 MiB).
 * Above that a doubling would waste too much: Padmé (Nikitin et al., PETS 2019) keeps the leading ⌊log2 log2 size⌋ + 2 bits,
 * which is less than 3.2 % of padding and at most 64 classes an octave.
 * @param size plaintext bytes, 0 to 2^40
 * @returns payload bytes, at least `size`; a class is its own class
 * @throws PreError `pre/out-of-range`
 */
export function paddedSize(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0 || size > MAX_PLAINTEXT) {
    throw new PreError('pre/out-of-range', 'a body is 0 to 2^40 bytes', { allowed: MAX_PLAINTEXT });
  }
  if (size <= SMALLEST_CLASS) return SMALLEST_CLASS;
  if (size <= LARGEST_DOUBLING) return 2 ** Math.ceil(Math.log2(size));
  const exponent = Math.floor(Math.log2(size));
  const mantissaBits = Math.floor(Math.log2(exponent)) + 1;
  const unit = 2 ** (exponent - mantissaBits);
  return Math.ceil(size / unit) * unit;
}
