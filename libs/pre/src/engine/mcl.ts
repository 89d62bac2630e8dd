/** The fast engine: mcl compiled to WebAssembly. */
import { degenerate, PreError } from '../errors.js';
import { type Engine, type G1, G1_BYTES, type G2, G2_BYTES, type Group, type GT, GT_BYTES, type PreparedG2, type Scalar, type ScalarField } from './engine.js';
import { badPoint, checkGtForm, checkLength, checkPointForm, checkScalarForm, identity, notInSubgroup } from './form.js';
import { G1_GENERATOR, G2_GENERATOR, swapFp2Halves } from './constants.js';
import { FR, MclMemory, POINT1, POINT2, TARGET } from './mcl-memory.js';
import { lazily } from './lazily.js';
import { frobeniusMap } from './mcl-frobenius.js';
import { type PointOperations, pointTable, targetTable } from './mcl-tables.js';
import { targetGroupCheck } from './mcl-target-check.js';
import { loadMclModule, type MclModule } from './mcl-module.js';

/** Every opaque value of this engine is mcl's own representation, as bytes. */
const raw = (value: Scalar | G1 | G2 | GT): Uint8Array => value as unknown as Uint8Array;
const made = (bytes: Uint8Array): never => bytes as never;

export async function loadMcl(): Promise<Engine> {
  const module = await loadMclModule();
  const memory = new MclMemory(module);
  const scalars = scalarField(module, memory);
  const pair = (p: G1, q: G2): GT => made(memory.binary(module._mclBn_pairing, TARGET, raw(p), raw(q)));
  const g1 = pointGroup<G1>(module, memory, scalars, {
    bytes: G1_BYTES, size: POINT1, name: 'G1', generator: G1_GENERATOR,
    deserialize: module._mclBnG1_deserialize, serialize: module._mclBnG1_serialize, inSubgroup: module._mclBnG1_isValidOrder,
    isZero: module._mclBnG1_isZero, isEqual: module._mclBnG1_isEqual, add: module._mclBnG1_add, sub: module._mclBnG1_sub, neg: module._mclBnG1_neg,
    mul: module._mclBnG1_mul, mulSecret: module._mclBnG1_mulCT, normalizeVec: module._mclBnG1_normalizeVec,
  });
  const g2 = pointGroup<G2>(module, memory, scalars, {
    bytes: G2_BYTES, size: POINT2, name: 'G2', generator: G2_GENERATOR,
    deserialize: module._mclBnG2_deserialize, serialize: module._mclBnG2_serialize, inSubgroup: module._mclBnG2_isValidOrder,
    isZero: module._mclBnG2_isZero, isEqual: module._mclBnG2_isEqual, add: module._mclBnG2_add, sub: module._mclBnG2_sub, neg: module._mclBnG2_neg,
    mul: module._mclBnG2_mul, mulSecret: module._mclBnG2_mulCT, normalizeVec: module._mclBnG2_normalizeVec,
  });
  return {
    name: 'mcl',
    scalars,
    g1,
    g2,
    gt: targetGroup(module, memory, scalars, pair(g1.generator, g2.generator)),
    pair,
    pairProduct: (pairs) => pairProduct(module, memory, pairs),
    prepareG2: (q) => prepareG2(module, memory, q),
  };
}

function scalarField(module: MclModule, memory: MclMemory): ScalarField {
  const wiped = <T>(value: T): T => {
    memory.wipe();
    return value;
  };
  const binary = (operation: MclModule['_mclBnFr_add']) => (x: Scalar, y: Scalar): Scalar =>
    wiped(made(memory.binary(operation, FR, raw(x), raw(y))));
  const isZero = (x: Scalar): boolean => wiped(memory.test(module._mclBnFr_isZero, raw(x)));
  return {
    fromInt: (value) => {
      module._mclBnFr_setInt32(memory.z, value);
      return made(memory.take(memory.z, FR));
    },
    reduceWide: (bytes) => {
      checkLength(bytes, 48, 'wide scalar');
      memory.put(memory.x, bytes);
      const status = module._mclBnFr_setBigEndianMod(memory.z, memory.x, bytes.length);
      if (status !== 0) throw new PreError('pre/engine', 'mcl did not reduce a scalar', { status });
      return wiped(made(memory.take(memory.z, FR)));
    },
    decode: (bytes) => {
      checkScalarForm(bytes);
      const value = wiped(memory.deserialize(module._mclBnFr_deserialize, FR, bytes));
      if (value === undefined) throw new PreError('pre/bad-scalar', 'a scalar that is not below r');
      return made(value);
    },
    encode: (scalar) => wiped(memory.serialize(module._mclBnFr_serialize, raw(scalar))),
    add: binary(module._mclBnFr_add),
    sub: binary(module._mclBnFr_sub),
    mul: binary(module._mclBnFr_mul),
    neg: (x) => wiped(made(memory.unary(module._mclBnFr_neg, FR, raw(x)))),
    inv: (x) => {
      if (isZero(x)) throw degenerate('the inverted scalar');
      return wiped(made(memory.unary(module._mclBnFr_inv, FR, raw(x))));
    },
    isZero,
    erase: (x) => void raw(x).fill(0),
  };
}

function pointGroup<P extends G1 | G2>(module: MclModule, memory: MclMemory, scalars: ScalarField, on: PointOperations): Group<P> {
  const decode = (bytes: Uint8Array): P => {
    checkPointForm(bytes, on.bytes);
    const point = memory.deserialize(on.deserialize, on.size, bytes);
    if (point === undefined) throw badPoint(on.name, 'is not on the curve');
    if (!memory.test(on.inSubgroup, point)) throw notInSubgroup(on.name);
    return made(point);
  };
  const generator = decode(on.generator);
  const power = (multiply: PointOperations['mul']) => (x: P, scalar: Scalar): P => {
    const result = memory.binary(multiply, on.size, raw(x), raw(scalar));
    memory.wipe();
    return made(result);
  };
  const mul = (x: P, y: P): P => made(memory.binary(on.add, on.size, raw(x), raw(y)));
  return {
    generator,
    decode,
    encode: (element) => memory.serialize(on.serialize, raw(element)),
    mul,
    inv: (x) => made(memory.unary(on.neg, on.size, raw(x))),
    pow: power(on.mul),
    powSecret: power(on.mulSecret),
    equals: (x, y) => memory.equal(on.isEqual, raw(x), raw(y)),
    isIdentity: (x) => memory.test(on.isZero, raw(x)),
    generatorPow: lazily(() => pointTable(module, memory, scalars, on, raw(generator), true) as (scalar: Scalar) => never),
    fixedBase: (x) => pointTable(module, memory, scalars, on, raw(x), false) as (scalar: Scalar) => never,
  };
}

function targetGroup(module: MclModule, memory: MclMemory, scalars: ScalarField, generator: GT): Group<GT> {
  const frobenius = frobeniusMap(module);
  const isMember = targetGroupCheck(module, memory, frobenius);
  const decode = (bytes: Uint8Array): GT => {
    checkGtForm(bytes);
    const value = memory.deserialize(module._mclBnGT_deserialize, TARGET, swapFp2Halves(bytes));
    if (value === undefined) throw badPoint('GT', 'mcl does not read');
    if (memory.test(module._mclBnGT_isOne, value)) throw identity('GT');
    if (!isMember(value)) throw notInSubgroup('GT');
    return made(value);
  };
  const mul = (x: GT, y: GT): GT => made(memory.binary(module._mclBnGT_mul, TARGET, raw(x), raw(y)));
  const inv = (x: GT): GT => made(memory.unary(module._mclBnGT_inv, TARGET, raw(x)));
  const pow = (x: GT, scalar: Scalar): GT => {
    const result = memory.binary(module._mclBnGT_pow, TARGET, raw(x), raw(scalar));
    memory.wipe();
    return made(result);
  };
  return {
    generator,
    decode,
    encode: (element) => {
      const bytes = memory.serialize(module._mclBnGT_serialize, raw(element));
      checkLength(bytes, GT_BYTES, 'GT');
      return swapFp2Halves(bytes);
    },
    mul,
    inv,
    pow,
    powSecret: pow,
    equals: (x, y) => memory.equal(module._mclBnGT_isEqual, raw(x), raw(y)),
    isIdentity: (x) => memory.test(module._mclBnGT_isOne, raw(x)),
    generatorPow: lazily(() => targetTable(module, memory, scalars, frobenius, raw(generator), true) as (scalar: Scalar) => never),
    fixedBase: (x) => targetTable(module, memory, scalars, frobenius, raw(x), false) as (scalar: Scalar) => never,
  };
}

function pairProduct(module: MclModule, memory: MclMemory, pairs: readonly (readonly [G1, G2])[]): GT {
  return memory.withTemporary(pairs.length * (POINT1 + POINT2), (pointer) => {
    const second = pointer + pairs.length * POINT1;
    pairs.forEach(([p, q], index) => {
      memory.put(pointer + index * POINT1, raw(p));
      memory.put(second + index * POINT2, raw(q));
    });
    module._mclBn_millerLoopVec(memory.x, pointer, second, pairs.length);
    module._mclBn_finalExp(memory.z, memory.x);
    return made(memory.take(memory.z, TARGET));
  });
}

/** Keeps the lines of the Miller loop (about 20 kB), half of its cost. */
function prepareG2(module: MclModule, memory: MclMemory, q: G2): PreparedG2 {
  const length = module._mclBn_getUint64NumToPrecompute() * 8;
  const lines = memory.withTemporary(length, (pointer) => {
    memory.put(memory.x, raw(q));
    module._mclBn_precomputeG2(pointer, memory.x);
    return memory.take(pointer, length);
  });
  return {
    pair: (p) => memory.withTemporary(length, (pointer) => {
      memory.put(pointer, lines);
      memory.put(memory.x, raw(p));
      module._mclBn_precomputedMillerLoop(memory.y, memory.x, pointer);
      module._mclBn_finalExp(memory.z, memory.y);
      return made(memory.take(memory.z, TARGET));
    }),
  };
}
