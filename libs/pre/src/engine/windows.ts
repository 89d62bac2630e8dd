/**
 * Fixed-base tables with signed digits: base^(j·2^(w·i)) for every window i and digit j, so that a power costs one product a window.
 * Inverses are free in these groups, so that the table holds positive digits only.
 */
export interface Windows {
  /** w */
  readonly bits: number;
  readonly count: number;
  /** The largest digit, 2^(w−1). */
  readonly digits: number;
}

/**
 * @param bits 2 to 13
 * @param scalarBits one more than the longest scalar has
 */
export const windowsOf = (bits: number, scalarBits = 256): Windows => ({ bits, count: Math.ceil(scalarBits / bits), digits: 1 << (bits - 1) });

/** Row-major position of digit j (from 1) in window i. */
export const tableIndex = ({ digits }: Windows, window: number, digit: number): number => window * digits + digit - 1;

/**
 * @param scalar big-endian, 32 bytes below r or 8 bytes
 * @returns a digit from −2^(w−1) to 2^(w−1) for each window, least significant first
 */
export function signedDigits({ bits, count, digits }: Windows, scalar: Uint8Array): Int16Array {
  const result = new Int16Array(count);
  let carry = 0;
  for (let window = 0; window < count; window += 1) {
    const bit = window * bits;
    const byte = scalar.length - 1 - (bit >> 3);
    const word = (scalar[byte] ?? 0) | ((scalar[byte - 1] ?? 0) << 8) | ((scalar[byte - 2] ?? 0) << 16);
    const digit = ((word >> (bit & 7)) & (2 * digits - 1)) + carry;
    carry = digit > digits ? 1 : 0;
    result[window] = digit - carry * 2 * digits;
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
      if (digit < digits) power = mul(power, start);
    }
    start = mul(power, power);
  }
  return table;
}
