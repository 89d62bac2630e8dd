import { bn254 } from '@noble/curves/bn254.js';
import { chacha20 } from '@noble/ciphers/chacha.js';
import { CURVE_B_G2, type PointG1, type PointG2 } from './points.js';

const { Fp, Fp2, Fr } = bn254.fields;
const KEY_BYTES = 32;
const CHUNK_BYTES = 4_096;
const FIELD_MASK = (1n << 254n) - 1n;
const COFACTOR_G2 = 0x30644e72e131a029b85045b68181585e06ceecda572a2489345f2299c0f9fa8dn;

/**
 * Scalars and points from a seed, as snarkjs derives them, so that either can check the other's contributions:
 * a ChaCha20 key stream; elements drawn as Montgomery representatives by rejection; points by drawing x, and for y a sign.
 */
export class SeededDraws {
  private words = new DataView(new ArrayBuffer(0));
  private position = 0;
  private blocks = 0;
  private readonly key: Uint8Array;

  /** @param seed its first 32 bytes count, as big-endian words */
  constructor(seed: Uint8Array) {
    this.key = swapWords(seed.subarray(0, KEY_BYTES));
  }

  scalar(): bigint {
    return this.element(Fr);
  }

  g1(): PointG1 {
    for (;;) {
      const x = this.element(Fp);
      const odd = this.bit();
      const y = squareRoot(Fp, Fp.add(Fp.mul(Fp.sqr(x), x), 3n));
      if (y !== undefined) return bn254.G1.Point.fromAffine({ x, y: isNegative(y) === odd ? y : Fp.neg(y) });
    }
  }

  g2(): PointG2 {
    for (;;) {
      const x = { c0: this.element(Fp), c1: this.element(Fp) };
      const odd = this.bit();
      const y = squareRoot(Fp2, Fp2.add(Fp2.mul(Fp2.sqr(x), x), CURVE_B_G2));
      if (y === undefined) continue;
      const negative = isNegative(y.c1 === 0n ? y.c0 : y.c1);
      return timesCofactor(bn254.G2.Point.fromAffine({ x, y: negative === odd ? y : Fp2.neg(y) }));
    }
  }

  private element(field: typeof Fp): bigint {
    for (;;) {
      let value = 0n;
      for (let i = 0n; i < 4n; i += 1n) value |= ((BigInt(this.word()) << 32n) | BigInt(this.word())) << (64n * i);
      value &= FIELD_MASK;
      if (value < field.ORDER) return field.div(value, (1n << 256n) % field.ORDER);
    }
  }

  private bit(): boolean {
    return (this.word() & 1) === 1;
  }

  private word(): number {
    if (this.position === this.words.byteLength) {
      const stream = chacha20(this.key, new Uint8Array(12), new Uint8Array(CHUNK_BYTES), undefined, this.blocks);
      this.words = new DataView(stream.buffer, stream.byteOffset, CHUNK_BYTES);
      this.blocks += CHUNK_BYTES / 64;
      this.position = 0;
    }
    this.position += 4;
    return this.words.getUint32(this.position - 4, true);
  }
}

const isNegative = (value: bigint): boolean => value > Fp.ORDER >> 1n;

function squareRoot<T>(field: { sqrt(value: T): T }, value: T): T | undefined {
  try {
    return field.sqrt(value);
  } catch {
    return undefined;
  }
}

/** The cofactor is above the group order, which the library's own multiplication does not take. */
function timesCofactor(point: PointG2): PointG2 {
  let sum = bn254.G2.Point.ZERO;
  for (const bit of COFACTOR_G2.toString(2)) {
    sum = sum.double();
    if (bit === '1') sum = sum.add(point);
  }
  return sum;
}

function swapWords(bytes: Uint8Array): Uint8Array {
  const [from, out] = [new DataView(bytes.buffer, bytes.byteOffset, bytes.length), new Uint8Array(bytes.length)];
  const to = new DataView(out.buffer);
  for (let i = 0; i < bytes.length; i += 4) to.setUint32(i, from.getUint32(i), true);
  return out;
}
