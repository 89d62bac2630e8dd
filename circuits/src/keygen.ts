import { availableParallelism } from 'node:os';
import { type RandomBytes } from '@medveil/encoding';
import { type CircuitSize, compressG1, compressG2, type VerificationKey } from '@medveil/eligibility';
import { toHex } from '@medveil/encoding';
import { Piscina } from 'piscina';
import { BASE_FIELD_ORDER, FIELD_ORDER as R, FR_BYTES, fromLittleEndian, toLittleEndian } from './curve-memory.js';
import { affineBytes, type Group, MAX_BATCH } from './fixed-base.js';
import { type FixedBaseTask } from './fixed-base-worker.js';
import { domainSizeOf, evaluateQap, inverse, lagrangeAt, rootOfUnity, scaleAll } from './qap.js';
import { type R1cs } from './r1cs.js';
import { encodeZkey } from './zkey.js';

export interface GeneratedKeys {
  /** A snarkjs proving key (.zkey, Groth16). */
  readonly zkey: Uint8Array;
  readonly verificationKey: VerificationKey;
}

export interface KeygenOptions {
  readonly instance: CircuitSize & { readonly name: string };
  readonly random: RandomBytes;
  /** Worker threads; default: what the machine offers. */
  readonly threads?: number;
  /** A word on what is being done, and how far it is from 0 to 1. */
  readonly onProgress?: (step: string, done: number) => void;
}

/**
 * ZKPKeyGen by a single party, for development: whoever runs it knows the trapdoor (τ, α, β, γ, δ) while it runs and
 * could forge proofs. That knowledge is what makes it fast: every element of the keys is a multiple of the generator by
 * a known scalar. The verification key carries the mark `development`, which services refuse in production.
 */
export async function generateDevelopmentKeys(r1cs: R1cs, options: KeygenOptions): Promise<GeneratedKeys> {
  const secret = () => (fromLittleEndian(options.random(48)) % (R - 1n)) + 1n;
  const [tau, alpha, beta, gamma, delta] = [secret(), secret(), secret(), secret(), secret()] as const;
  const domainSize = domainSizeOf(r1cs);
  options.onProgress?.('polynomials', 0);
  const qap = evaluateQap(r1cs, { tau, alpha, beta });
  const publicBytes = (r1cs.publicInputs + 1) * FR_BYTES;
  const lagrangeOdd = lagrangeAt(tau, 2 * domainSize, rootOfUnity(2 * domainSize), rootOfUnity(domainSize), domainSize);
  const h = scaleAll(concatScalars(lagrangeOdd), inverse(delta));

  const pool = new Piscina<FixedBaseTask, Uint8Array>({
    filename: new URL('fixed-base-worker.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: options.threads ?? availableParallelism(),
    idleTimeout: 10_000,
  });
  try {
    const multiplier = new Multiplier(pool, options.onProgress);
    const [g1, g2, ic, u, v1, v2, c, hPoints] = await multiplier.all([
      ['g1', concatScalars([alpha, beta, delta])],
      ['g2', concatScalars([beta, gamma, delta])],
      ['g1', scaleAll(qap.k.subarray(0, publicBytes), inverse(gamma))],
      ['g1', qap.u],
      ['g1', qap.v],
      ['g2', qap.v],
      ['g1', scaleAll(qap.k.subarray(publicBytes), inverse(delta))],
      ['g1', h],
    ]);
    const points = { g1, g2, ic, u, v1, v2, c, h: hPoints };
    return {
      zkey: encodeZkey({ wires: r1cs.wires, publicInputs: r1cs.publicInputs, domainSize, coefficients: qap.coefficients, points }),
      verificationKey: developmentKey(options.instance, g1, g2, ic),
    };
  } finally {
    await pool.destroy();
  }
}

const concatScalars = (values: readonly bigint[]): Uint8Array => {
  const out = new Uint8Array(values.length * FR_BYTES);
  values.forEach((value, i) => out.set(toLittleEndian(value), i * FR_BYTES));
  return out;
};

type Points = [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** Cuts the work into batches for the pool and puts the points together again. */
class Multiplier {
  private total = 0;
  private done = 0;

  constructor(
    private readonly pool: Piscina<FixedBaseTask, Uint8Array>,
    private readonly onProgress: KeygenOptions['onProgress'],
  ) {}

  async all(tasks: readonly (readonly [Group, Uint8Array])[]): Promise<Points> {
    this.total = tasks.reduce((sum, [group, scalars]) => sum + this.cost(group, scalars.length), 0);
    return (await Promise.all(tasks.map(([group, scalars]) => this.multiply(group, scalars)))) as Points;
  }

  private async multiply(group: Group, scalars: Uint8Array): Promise<Uint8Array> {
    const size = affineBytes(group);
    const out = new Uint8Array((scalars.length / FR_BYTES) * size);
    const step = MAX_BATCH * FR_BYTES;
    const starts = Array.from({ length: Math.ceil(scalars.length / step) }, (_, i) => i * step);
    await Promise.all(
      starts.map(async (start) => {
        const batch = scalars.slice(start, start + step);
        out.set(await this.pool.run({ group, scalars: batch }), (start / FR_BYTES) * size);
        this.done += this.cost(group, batch.length);
        this.onProgress?.('key elements', this.done / this.total);
      }),
    );
    return out;
  }

  private cost(group: Group, bytes: number): number {
    return bytes * (group === 'g2' ? 3 : 1);
  }
}

const MONTGOMERY_INVERSE = (() => {
  let result = 1n;
  let base = (1n << 256n) % BASE_FIELD_ORDER;
  for (let e = BASE_FIELD_ORDER - 2n; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * base) % BASE_FIELD_ORDER;
    base = (base * base) % BASE_FIELD_ORDER;
  }
  return result;
})();

/** Coordinate i of affine points in Montgomery form. */
const coordinate = (points: Uint8Array, i: number): bigint =>
  (fromLittleEndian(points.subarray(32 * i, 32 * (i + 1))) * MONTGOMERY_INVERSE) % BASE_FIELD_ORDER;

const g1Hex = (points: Uint8Array, i: number): string => toHex(compressG1([coordinate(points, 2 * i), coordinate(points, 2 * i + 1)]));
const g2Hex = (points: Uint8Array, i: number): string => {
  const at = (k: number) => coordinate(points, 4 * i + k);
  return toHex(compressG2([[at(0), at(1)], [at(2), at(3)]]));
};

function developmentKey(instance: KeygenOptions['instance'], g1: Uint8Array, g2: Uint8Array, ic: Uint8Array): VerificationKey {
  return {
    format: 'medveil/verification-key/1',
    instance: { name: instance.name, slots: instance.slots, depth: instance.depth, tops: instance.tops, issuerDepth: instance.issuerDepth },
    development: true,
    contributions: [],
    alpha: g1Hex(g1, 0),
    beta: g2Hex(g2, 0),
    gamma: g2Hex(g2, 1),
    delta: g2Hex(g2, 2),
    ic: Array.from({ length: ic.length / affineBytes('g1') }, (_, i) => g1Hex(ic, i)),
  };
}
