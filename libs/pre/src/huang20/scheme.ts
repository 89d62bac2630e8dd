/**
 * The proxy re-encryption of Huang, Zhu, Xiao, Sun, Huang (Computers & Security 99, 2020, 102010), with its errata mended
 * (docs/scheme.md, section 3), for study and comparison only. IT IS BROKEN: see attacks.ts and docs/pre.md.
 *
 * Notation: g in G1, h in G2, Z = e(g, h), F(id) = a + b·id, k = r + s.
 */
import type { RandomBytes } from '@medveil/encoding';
import type { Engine, G1, G2, GT, Scalar } from '../engine/engine.js';
import { hashToScalar } from '../hash.js';

/** Section 4.2.1, Setup. The paper forgets to publish Z^a, Z^b, Z^c, without which nobody but the PKG encrypts. */
export interface PublicParameters {
  readonly za: GT;
  readonly zb: GT;
  readonly zc: GT;
}

/** Section 4.2.1, Setup: the PKG's secret. */
export interface MasterKey {
  readonly a: Scalar;
  readonly b: Scalar;
  readonly c: Scalar;
}

/** A secret exponent as its holder has it: g and h to its power. */
export interface Pair {
  readonly inG1: G1;
  readonly inG2: G2;
}

/** Section 4.2.1, KeyGen. */
export interface UserKey {
  readonly id: Scalar;
  /** (c + t)/F(id) */
  readonly a1: Scalar;
  /** (a + x)/F(id) */
  readonly b1: Scalar;
  /** (b + y)/F(id) */
  readonly b2: Scalar;
  /** z/F(id) */
  readonly b3: Scalar;
  readonly t: Pair;
  readonly x: Pair;
  readonly y: Pair;
  readonly z: Pair;
}

/** Section 4.2.4, Encrypt; after section 4.2.8, ReEncrypt, only c4 differs. */
export interface Ciphertext {
  /** D·Z^{ck} */
  readonly c1: GT;
  /** g^r */
  readonly c2: G1;
  /** h^s */
  readonly c3: G2;
  /** Z^{F(id)·k} */
  readonly c4: GT;
}

/** Section 4.2.8, ReKeyGen. */
export interface ReKey {
  /** B1 + B2·ID_d + B3·u; the paper writes ID_p, which ignores the recipient */
  readonly rk1: Scalar;
  /** h^w, w = x + y·ID_d + z·u */
  readonly rk2: G2;
  /** g^w, which the paper leaves out */
  readonly rk3: G1;
}

export interface Huang20 {
  setup(random: RandomBytes): { readonly parameters: PublicParameters; readonly masterKey: MasterKey };
  keyGen(masterKey: MasterKey, identity: string, random: RandomBytes): UserKey;
  /** @param message D, an element of GT */
  encrypt(parameters: PublicParameters, identity: string, message: GT, random: RandomBytes): Ciphertext;
  decrypt(key: UserKey, ciphertext: Ciphertext): GT;
  reKeyGen(key: UserKey, delegatee: string, random: RandomBytes): ReKey;
  reEncrypt(ciphertext: Ciphertext, reKey: ReKey): Ciphertext;
  /** Bytes of a ciphertext, for the comparison of sizes. */
  encode(ciphertext: Ciphertext): Uint8Array;
}

/** ID: an identity as a scalar. */
export const identityScalar = (engine: Engine, identity: string): Scalar => hashToScalar(engine, 'HUANG20', [identity]);

export const draw = (engine: Engine, random: RandomBytes): Scalar => hashToScalar(engine, 'HUANG20', [random(48)]);

export function huang20(engine: Engine): Huang20 {
  const { g1, g2, gt, scalars } = engine;
  const pairOf = (exponent: Scalar): Pair => ({ inG1: g1.pow(g1.generator, exponent), inG2: g2.pow(g2.generator, exponent) });

  return {
    setup: (random) => {
      const [a, b, c] = [draw(engine, random), draw(engine, random), draw(engine, random)];
      return { masterKey: { a, b, c }, parameters: { za: gt.pow(gt.generator, a), zb: gt.pow(gt.generator, b), zc: gt.pow(gt.generator, c) } };
    },

    keyGen: ({ a, b, c }, identity, random) => {
      const id = identityScalar(engine, identity);
      const [t, x, y, z] = [draw(engine, random), draw(engine, random), draw(engine, random), draw(engine, random)];
      const inverse = scalars.inv(scalars.add(a, scalars.mul(b, id)));
      return {
        id,
        a1: scalars.mul(scalars.add(c, t), inverse),
        b1: scalars.mul(scalars.add(a, x), inverse),
        b2: scalars.mul(scalars.add(b, y), inverse),
        b3: scalars.mul(z, inverse),
        t: pairOf(t),
        x: pairOf(x),
        y: pairOf(y),
        z: pairOf(z),
      };
    },

    encrypt: ({ za, zb, zc }, identity, message, random) => {
      const [r, s] = [draw(engine, random), draw(engine, random)];
      const k = scalars.add(r, s);
      const zF = gt.mul(za, gt.pow(zb, identityScalar(engine, identity)));
      return { c1: gt.mul(message, gt.pow(zc, k)), c2: g1.pow(g1.generator, r), c3: g2.pow(g2.generator, s), c4: gt.pow(zF, k) };
    },

    // Section 4.2.9: D = c1·e(c2, A2)·e(A3, c3) / c4^A1, A2 = h^t, A3 = g^t. The paper divides by c1^A1 and leaves e(A3, c3) out.
    decrypt: ({ a1, t }, { c1, c2, c3, c4 }) =>
      gt.mul(gt.mul(c1, engine.pairProduct([[c2, t.inG2], [t.inG1, c3]])), gt.inv(gt.pow(c4, a1))),

    reKeyGen: ({ b1, b2, b3, x, y, z }, delegatee, random) => {
      const [id, u] = [identityScalar(engine, delegatee), draw(engine, random)];
      return {
        rk1: scalars.add(scalars.add(b1, scalars.mul(b2, id)), scalars.mul(b3, u)),
        rk2: g2.mul(g2.mul(x.inG2, g2.pow(y.inG2, id)), g2.pow(z.inG2, u)),
        rk3: g1.mul(g1.mul(x.inG1, g1.pow(y.inG1, id)), g1.pow(z.inG1, u)),
      };
    },

    // Section 4.2.8: c4' = c4^rk1 / (e(c2, rk2)·e(rk3, c3)) = Z^{F(ID_d)·k}.
    reEncrypt: ({ c1, c2, c3, c4 }, { rk1, rk2, rk3 }) => ({
      c1,
      c2,
      c3,
      c4: gt.mul(gt.pow(c4, rk1), gt.inv(engine.pairProduct([[c2, rk2], [rk3, c3]]))),
    }),

    encode: ({ c1, c2, c3, c4 }) => new Uint8Array([...gt.encode(c1), ...g1.encode(c2), ...g2.encode(c3), ...gt.encode(c4)]),
  };
}
