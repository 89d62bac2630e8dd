import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import wrapper from 'mcl-wasm';
import { isPreError, loadEngine } from '../index.js';
import { type Hostile, hostileG1, hostileG2, hostileGt, hostileScalars } from '../testing/hostile.js';
import { type Engine, GROUP_ORDER, type Group, type Scalar } from './engine.js';

const GROUPS = ['g1', 'g2', 'gt'] as const;
type Any = Group<unknown>;

let mcl: Engine;
let noble: Engine;
before(async () => {
  mcl = await loadEngine('mcl');
  noble = await loadEngine('noble');
});

const bytesOf = (value: bigint): Uint8Array => new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
const EDGES = [1n, 2n, 3n, 31n, 32n, 2n ** 64n, 2n ** 128n - 1n, 0xd201000000010000n, 0xac45a4010001a40200000000ffffffffn, GROUP_ORDER - 2n, GROUP_ORDER - 1n];
const scalarValue = fc.oneof(fc.constantFrom(...EDGES), fc.bigInt({ min: 1n, max: GROUP_ORDER - 1n }));
const runs = { numRuns: 12 };

/** The same computation on both engines, compared as bytes. */
function agree(compute: (engine: Engine) => Uint8Array): Uint8Array {
  const fast = compute(mcl);
  assert.deepEqual(fast, compute(noble));
  return fast;
}

describe('the two engines', () => {
  it('agree on scalar arithmetic', () => {
    fc.assert(fc.property(scalarValue, scalarValue, (x, y) => {
      const on = (compute: (engine: Engine, a: Scalar, b: Scalar) => Scalar): Uint8Array =>
        agree((engine) => engine.scalars.encode(compute(engine, engine.scalars.decode(bytesOf(x)), engine.scalars.decode(bytesOf(y)))));
      assert.deepEqual(on((e, a, b) => e.scalars.add(a, b)), bytesOf((x + y) % GROUP_ORDER));
      assert.deepEqual(on((e, a, b) => e.scalars.sub(a, b)), bytesOf((x - y + GROUP_ORDER) % GROUP_ORDER));
      assert.deepEqual(on((e, a, b) => e.scalars.mul(a, b)), bytesOf((x * y) % GROUP_ORDER));
      assert.deepEqual(on((e, a) => e.scalars.neg(a)), bytesOf(GROUP_ORDER - x));
      assert.deepEqual(on((e, a, b) => e.scalars.mul(e.scalars.mul(e.scalars.inv(a), b), a)), bytesOf(y));
    }));
  });

  it('agree on wide reduction', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 48, maxLength: 48 }), (wide) => {
      const value = BigInt(`0x${Buffer.from(wide).toString('hex')}`) % GROUP_ORDER;
      assert.deepEqual(agree((engine) => engine.scalars.encode(engine.scalars.reduceWide(wide))), bytesOf(value));
    }));
  });

  for (const name of GROUPS) {
    it(`agree on powers in ${name}, by every algorithm`, () => {
      fc.assert(fc.property(scalarValue, scalarValue, (x, y) => {
        agree((engine) => {
          const group = engine[name] as Any;
          const a = engine.scalars.decode(bytesOf(x));
          const b = engine.scalars.decode(bytesOf(y));
          const base = group.pow(group.generator, a);
          const power = group.pow(base, b);
          assert.ok(group.equals(power, group.powSecret(base, b)));
          assert.ok(group.equals(power, group.pow(group.generator, engine.scalars.mul(a, b))));
          return group.encode(power);
        });
      }), runs);
    });

    it(`agree on fixed bases in ${name}`, () => {
      for (const ofGenerator of [false, true]) {
        const tables = [mcl, noble].map((engine) => ofGenerator ? (engine[name] as Any).generatorPow : (engine[name] as Any).fixedBase(engine[name].generator));
        fc.assert(fc.property(scalarValue, (x) => {
          const [fast, reference] = [mcl, noble].map((engine, index) => {
            const group = engine[name] as Any;
            const scalar = engine.scalars.decode(bytesOf(x));
            const power = (tables[index] as (s: Scalar) => unknown)(scalar);
            assert.ok(group.equals(power, group.pow(group.generator, scalar)));
            return group.encode(power);
          });
          assert.deepEqual(fast, reference);
        }), runs);
      }
    });

    it(`agree on products and inverses in ${name}, and know the identity`, () => {
      fc.assert(fc.property(scalarValue, scalarValue, (x, y) => {
        agree((engine) => {
          const group = engine[name] as Any;
          const p = group.pow(group.generator, engine.scalars.decode(bytesOf(x)));
          const q = group.pow(group.generator, engine.scalars.decode(bytesOf(y)));
          assert.ok(group.isIdentity(group.mul(p, group.inv(p))));
          assert.equal(group.isIdentity(p), false);
          return group.encode(group.mul(group.mul(p, group.inv(q)), group.mul(q, p)));
        });
      }), runs);
    });

    it(`read each other's ${name} encodings back`, () => {
      fc.assert(fc.property(scalarValue, (x) => {
        const encoded = agree((engine) => {
          const group = engine[name] as Any;
          return group.encode(group.pow(group.generator, engine.scalars.decode(bytesOf(x))));
        });
        assert.deepEqual(agree((engine) => (engine[name] as Any).encode((engine[name] as Any).decode(encoded))), encoded);
      }), { numRuns: 6 });
    });

    it(`refuse the same hostile ${name} encodings for the same reason`, () => refuseAlike(name, HOSTILE[name]()));

    it(`never accept an altered ${name} encoding differently`, () => {
      const valid = (mcl[name] as Any).encode(mcl[name].generator);
      fc.assert(fc.property(fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }), (edits) => {
        const bytes = Uint8Array.from(valid);
        for (const [index, value] of edits) bytes[index] = value;
        assert.equal(verdict(mcl[name], bytes), verdict(noble[name], bytes));
      }), { numRuns: 30 });
    });
  }

  it('refuse the same hostile scalars', () => refuseAlike('scalars', hostileScalars()));

  it('agree on pairings, products of pairings and prepared pairings', () => {
    fc.assert(fc.property(scalarValue, scalarValue, (x, y) => {
      agree((engine) => {
        const { g1, g2, gt, scalars } = engine;
        const a = scalars.decode(bytesOf(x));
        const b = scalars.decode(bytesOf(y));
        const p = g1.pow(g1.generator, a);
        const q = g2.pow(g2.generator, b);
        const value = engine.pair(p, q);
        assert.ok(gt.equals(value, gt.pow(gt.generator, scalars.mul(a, b))));
        assert.ok(gt.equals(value, engine.prepareG2(q).pair(p)));
        assert.ok(gt.isIdentity(engine.pairProduct([[p, q], [g1.inv(p), q]])));
        assert.ok(gt.equals(value, engine.pairProduct([[p, q], [g1.mul(p, g1.inv(p)), q]])));
        return gt.encode(value);
      });
    }), { numRuns: 5 });
  });

  it('do not invert zero', () => {
    for (const engine of [mcl, noble]) {
      const zero = engine.scalars.fromInt(0);
      assert.throws(() => engine.scalars.inv(zero), (error: unknown) => isPreError(error) && error.code === 'pre/degenerate');
    }
  });

  it('take the identity to powers, and zero as an exponent', () => {
    for (const engine of [mcl, noble]) {
      for (const name of GROUPS) {
        const group = engine[name] as Any;
        const one = group.mul(group.generator, group.inv(group.generator));
        assert.ok(group.isIdentity(group.pow(one, engine.scalars.fromInt(7))));
        assert.ok(group.isIdentity(group.pow(group.generator, engine.scalars.fromInt(0))));
        assert.ok(group.isIdentity(group.powSecret(group.generator, engine.scalars.fromInt(0))));
        assert.ok(group.isIdentity(group.fixedBase(group.generator)(engine.scalars.fromInt(0))));
      }
    }
  });
});

describe('instances', () => {
  it('of mcl do not disturb each other', async () => {
    const expected = mcl.gt.encode(mcl.gt.generator);
    const other = await loadEngine('mcl');
    assert.deepEqual(other.gt.encode(other.gt.generator), expected);
    assert.deepEqual(mcl.gt.encode(mcl.pair(mcl.g1.generator, mcl.g2.generator)), expected);
  });

  it('of mcl live beside another curve in the same process', async () => {
    const expected = mcl.gt.encode(mcl.gt.generator);
    await wrapper.init(wrapper.BN_SNARK1);
    const point = wrapper.hashAndMapToG1('another curve');
    assert.deepEqual(mcl.gt.encode(mcl.pair(mcl.g1.generator, mcl.g2.generator)), expected);
    const other = await loadEngine('mcl');
    assert.deepEqual(other.gt.encode(other.gt.generator), expected);
    assert.ok(point.isEqual(wrapper.hashAndMapToG1('another curve')));
  });
});

const HOSTILE = { g1: hostileG1, g2: hostileG2, gt: hostileGt } as const;

function refuseAlike(name: 'g1' | 'g2' | 'gt' | 'scalars', cases: readonly Hostile[]): void {
  assert.ok(cases.length >= 20, `${cases.length} cases`);
  for (const { what, bytes } of cases) {
    const fast = verdict(mcl[name], bytes);
    assert.notEqual(fast, 'accepted', what);
    assert.equal(fast, verdict(noble[name], bytes), what);
  }
}

function verdict(decoder: { decode(bytes: Uint8Array): unknown }, bytes: Uint8Array): string {
  try {
    decoder.decode(bytes);
    return 'accepted';
  } catch (error) {
    assert.ok(isPreError(error), String(error));
    return error.code;
  }
}
