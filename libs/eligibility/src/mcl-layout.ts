/** Sizes of mcl's structures in bytes, which leave room for its largest field. */
export const FR = 32;
export const FP = 48;
export const G1 = 3 * FP;
export const G2 = 6 * FP;
export const GT = 12 * FP;

/** Offset of a structure in the memory of one mcl instance. */
export type Pointer = number;
