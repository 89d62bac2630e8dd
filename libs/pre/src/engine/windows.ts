/** Fixed-base tables: base^(j·2^(5i)) for every window i and digit j, so that a power costs one product a window. */
export const WINDOW_BITS = 5;
export const WINDOWS = Math.ceil(255 / WINDOW_BITS);
export const DIGITS = (1 << WINDOW_BITS) - 1;

/** Row-major position of digit j (1 to DIGITS) in window i. */
export const tableIndex = (window: number, digit: number): number => window * DIGITS + digit - 1;

/** @param scalar 32 bytes, big-endian. @returns `WINDOWS` digits, least significant first */
export function windowDigits(scalar: Uint8Array): Uint8Array {
  const digits = new Uint8Array(WINDOWS);
  for (let window = 0; window < WINDOWS; window += 1) {
    const bit = window * WINDOW_BITS;
    const byte = scalar.length - 1 - (bit >> 3);
    const pair = (scalar[byte] as number) | ((scalar[byte - 1] ?? 0) << 8);
    digits[window] = (pair >> (bit & 7)) & DIGITS;
  }
  return digits;
}

/** The table in order of `tableIndex`. */
export function buildTable<T>(base: T, mul: (x: T, y: T) => T): T[] {
  const table: T[] = [];
  let start = base;
  for (let window = 0; window < WINDOWS; window += 1) {
    let power = start;
    for (let digit = 1; digit <= DIGITS; digit += 1) {
      table.push(power);
      power = mul(power, start);
    }
    start = power;
  }
  return table;
}
