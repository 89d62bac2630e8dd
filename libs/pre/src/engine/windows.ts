/** Fixed-base tables: base^(j·2^(w·i)) for every window i and digit j, so that a power costs one product a window. */
export interface Windows {
  /** w */
  readonly bits: number;
  readonly count: number;
  /** 2^w − 1 */
  readonly digits: number;
}

/** @param bits 1 to 8 */
export const windowsOf = (bits: number): Windows => ({ bits, count: Math.ceil(255 / bits), digits: (1 << bits) - 1 });

/** Row-major position of digit j (from 1) in window i. */
export const tableIndex = ({ digits }: Windows, window: number, digit: number): number => window * digits + digit - 1;

/** @param scalar 32 bytes, big-endian. @returns a digit for each window, least significant first */
export function windowDigits({ bits, count, digits }: Windows, scalar: Uint8Array): Uint8Array {
  const result = new Uint8Array(count);
  for (let window = 0; window < count; window += 1) {
    const bit = window * bits;
    const byte = scalar.length - 1 - (bit >> 3);
    const pair = (scalar[byte] as number) | ((scalar[byte - 1] ?? 0) << 8);
    result[window] = (pair >> (bit & 7)) & digits;
  }
  return result;
}

/** The table in order of `tableIndex`. */
export function buildTable<T>({ count, digits }: Windows, base: T, mul: (x: T, y: T) => T): T[] {
  const table: T[] = [];
  let start = base;
  for (let window = 0; window < count; window += 1) {
    let power = start;
    for (let digit = 1; digit <= digits; digit += 1) {
      table.push(power);
      power = mul(power, start);
    }
    start = power;
  }
  return table;
}
