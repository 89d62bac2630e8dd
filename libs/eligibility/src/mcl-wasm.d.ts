/**
 * The raw module of mcl-wasm: every call makes an instance of its own with its own curve, where the package's main
 * entry holds one instance and one curve for the whole process. Pointers are offsets into the instance's memory.
 */
declare module 'mcl-wasm/dist/mcl_c.js' {
  export interface MclModule {
    readonly HEAP8: Int8Array;
    readonly _malloc: (bytes: number) => number;
    readonly _mclBn_init: (curve: number, compiledTimeVar: number) => number;
    readonly _mclBn_verifyOrderG1: (on: number) => void;
    readonly _mclBn_verifyOrderG2: (on: number) => void;
    readonly _mclBn_getUint64NumToPrecompute: () => number;
    readonly _mclBn_precomputeG2: (table: number, q: number) => void;
    readonly _mclBn_millerLoop: (out: number, p: number, q: number) => void;
    readonly _mclBn_millerLoopVec: (out: number, ps: number, qs: number, n: number) => void;
    readonly _mclBn_precomputedMillerLoop2: (out: number, p1: number, table1: number, p2: number, table2: number) => void;
    readonly _mclBn_finalExp: (out: number, x: number) => void;
    readonly _mclBn_pairing: (out: number, p: number, q: number) => void;
    readonly _mclBnFp_neg: (out: number, x: number) => void;
    readonly _mclBnFp_setLittleEndian: (out: number, bytes: number, size: number) => number;
    readonly _mclBnFp2_mul: (out: number, x: number, y: number) => void;
    readonly _mclBnFp_setInt32: (out: number, value: number) => void;
    readonly _mclBnFp_invVec: (out: number, xs: number, n: number) => void;
    readonly _mclBnFr_deserialize: (out: number, bytes: number, size: number) => number;
    readonly _mclBnG1_clear: (out: number) => void;
    readonly _mclBnG1_deserialize: (out: number, bytes: number, size: number) => number;
    readonly _mclBnG1_serialize: (bytes: number, size: number, p: number) => number;
    readonly _mclBnG1_isZero: (p: number) => number;
    readonly _mclBnG1_isValid: (p: number) => number;
    readonly _mclBnG1_add: (out: number, p: number, q: number) => void;
    readonly _mclBnG1_dbl: (out: number, p: number) => void;
    readonly _mclBnG1_neg: (out: number, p: number) => void;
    readonly _mclBnG1_mul: (out: number, p: number, scalar: number) => void;
    readonly _mclBnG1_mulVec: (out: number, ps: number, scalars: number, n: number) => void;
    readonly _mclBnG2_isEqual: (p: number, q: number) => number;
    readonly _mclBnG2_clear: (out: number) => void;
    readonly _mclBnG2_add: (out: number, p: number, q: number) => void;
    readonly _mclBnG2_mul: (out: number, p: number, scalar: number) => void;
    readonly _mclBnG2_dbl: (out: number, p: number) => void;
    readonly _mclBnG2_deserialize: (out: number, bytes: number, size: number) => number;
    readonly _mclBnG2_serialize: (bytes: number, size: number, p: number) => number;
    readonly _mclBnG2_isZero: (p: number) => number;
    readonly _mclBnG2_isValid: (p: number) => number;
    readonly _mclBnGT_setInt32: (out: number, value: number) => void;
    readonly _mclBnGT_mul: (out: number, a: number, b: number) => void;
    readonly _mclBnGT_isEqual: (a: number, b: number) => number;
  }
  const createModule: (options: { cryptoGetRandomValues(buffer: Uint8Array): void }) => Promise<MclModule>;
  export default createModule;
}
