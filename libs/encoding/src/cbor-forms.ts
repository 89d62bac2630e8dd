/** What may be signed or hashed: no floats by convention, no undefined, no maps with other than string keys. */
export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue };

/** RFC 8949, section 3.1: the upper three bits of an item's first byte. */
export const MAJOR = { natural: 0x00, negative: 0x20, bytes: 0x40, text: 0x60, list: 0x80, map: 0xa0 } as const;
/** Whole first bytes. */
export const FALSE = 0xf4;
export const TRUE = 0xf5;
export const NULL = 0xf6;
export const FLOAT64 = 0xfb;

/** The lower five bits say in how many bytes the argument follows, or hold it. */
export const ARGUMENT = { oneByte: 24, twoBytes: 25, fourBytes: 26, eightBytes: 27 } as const;
export const TWO_TO_32 = 0x1_0000_0000;

/** Lists and maps within one another. A fixed bound: what a replica takes must not depend on the size of its stack. */
export const DEPTH_MAX = 256;
