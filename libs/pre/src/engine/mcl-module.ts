/**
 * The part of mcl's C interface that the engine calls. The package's own wrapper keeps one curve for the
 * whole process; its loader is used directly here, so that this library has an instance of BLS12-381 of its own
 * and another library of the same process can hold BN254.
 */
import createModule from 'mcl-wasm/dist/mcl_c.js';
import { PreError } from '../errors.js';

/** Addresses in the module's memory. */
type Pointer = number;
type Unary = (y: Pointer, x: Pointer) => void;
type Binary = (z: Pointer, x: Pointer, y: Pointer) => void;
type Predicate = (x: Pointer) => number;
type Equality = (x: Pointer, y: Pointer) => number;
/** @returns bytes read or written, 0 on failure */
type Deserialize = (x: Pointer, buffer: Pointer, length: number) => number;
type Serialize = (buffer: Pointer, capacity: number, x: Pointer) => number;
type Normalize = (y: Pointer, x: Pointer, count: number) => void;
/** @returns 0 on success */
type SetBytes = (x: Pointer, buffer: Pointer, length: number) => number;

export interface MclModule {
  readonly wasmMemory: { readonly buffer: ArrayBuffer };
  _malloc(bytes: number): Pointer;
  _free(pointer: Pointer): void;
  _mclBn_init(curve: number, compiledTimeVar: number): number;
  _mclBn_setETHserialization(on: number): void;
  _mclBn_verifyOrderG1(on: number): void;
  _mclBn_verifyOrderG2(on: number): void;

  _mclBnFr_setInt32(x: Pointer, value: number): void;
  readonly _mclBnFr_setBigEndianMod: SetBytes;
  readonly _mclBnFr_deserialize: Deserialize;
  readonly _mclBnFr_serialize: Serialize;
  readonly _mclBnFr_isZero: Predicate;
  readonly _mclBnFr_add: Binary;
  readonly _mclBnFr_sub: Binary;
  readonly _mclBnFr_mul: Binary;
  readonly _mclBnFr_neg: Unary;
  readonly _mclBnFr_inv: Unary;

  readonly _mclBnG1_deserialize: Deserialize;
  readonly _mclBnG1_serialize: Serialize;
  readonly _mclBnG1_isValidOrder: Predicate;
  readonly _mclBnG1_isZero: Predicate;
  readonly _mclBnG1_isEqual: Equality;
  readonly _mclBnG1_add: Binary;
  readonly _mclBnG1_sub: Binary;
  readonly _mclBnG1_neg: Unary;
  readonly _mclBnG1_mul: Binary;
  readonly _mclBnG1_mulCT: Binary;
  readonly _mclBnG1_normalizeVec: Normalize;

  readonly _mclBnG2_deserialize: Deserialize;
  readonly _mclBnG2_serialize: Serialize;
  readonly _mclBnG2_isValidOrder: Predicate;
  readonly _mclBnG2_isZero: Predicate;
  readonly _mclBnG2_isEqual: Equality;
  readonly _mclBnG2_add: Binary;
  readonly _mclBnG2_sub: Binary;
  readonly _mclBnG2_neg: Unary;
  readonly _mclBnG2_mul: Binary;
  readonly _mclBnG2_mulCT: Binary;
  readonly _mclBnG2_normalizeVec: Normalize;

  readonly _mclBnFp_neg: Unary;
  readonly _mclBnFp2_mul: Binary;
  readonly _mclBnFp2_deserialize: Deserialize;

  readonly _mclBnGT_deserialize: Deserialize;
  readonly _mclBnGT_serialize: Serialize;
  readonly _mclBnGT_isOne: Predicate;
  readonly _mclBnGT_isEqual: Equality;
  readonly _mclBnGT_mul: Binary;
  readonly _mclBnGT_sqr: Unary;
  readonly _mclBnGT_inv: Unary;
  readonly _mclBnGT_pow: Binary;

  readonly _mclBn_pairing: Binary;
  readonly _mclBn_finalExp: Unary;
  _mclBn_millerLoopVec(z: Pointer, x: Pointer, y: Pointer, count: number): void;
  _mclBn_getUint64NumToPrecompute(): number;
  _mclBn_precomputeG2(coefficients: Pointer, q: Pointer): void;
  _mclBn_precomputedMillerLoop(z: Pointer, p: Pointer, coefficients: Pointer): void;
}

const BLS12_381 = 5;
/** Four 64-bit words for Fr, six for Fp: mcl refuses to start where its build differs. */
const COMPILED_TIME_VAR = 46;

/** A fresh instance of the module, set to BLS12-381 and zcash encodings. @throws PreError `pre/engine` */
export async function loadMclModule(): Promise<MclModule> {
  let module: MclModule;
  try {
    module = (await createModule({ cryptoGetRandomValues: refuseRandomness })) as MclModule;
  } catch (cause) {
    throw new PreError('pre/engine', 'the mcl engine cannot be loaded here', { engine: 'mcl' }, { cause });
  }
  const status = module._mclBn_init(BLS12_381, COMPILED_TIME_VAR);
  if (status !== 0) throw new PreError('pre/engine', 'mcl refuses BLS12-381', { engine: 'mcl', status });
  module._mclBn_setETHserialization(1);
  // The engine asks for the subgroup check itself, to tell the two refusals apart.
  module._mclBn_verifyOrderG1(0);
  module._mclBn_verifyOrderG2(0);
  return module;
}

/** Nothing here lets mcl draw randomness: it is always handed in. */
function refuseRandomness(): never {
  throw new PreError('pre/engine', 'mcl asked for randomness', { engine: 'mcl' });
}
