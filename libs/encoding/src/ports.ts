/** UTC milliseconds since the epoch. */
export type Clock = () => number;

/** @returns `length` cryptographically strong random bytes */
export type RandomBytes = (length: number) => Uint8Array;
