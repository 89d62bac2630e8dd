import { BASE_FIELD_ORDER, FIELD_ORDER, toLittleEndian } from './curve-memory.js';

/** What a Groth16 proving key of snarkjs holds; points affine, in Montgomery form. */
export interface ZkeyContent {
  readonly wires: number;
  readonly publicInputs: number;
  readonly domainSize: number;
  readonly coefficients: Uint8Array;
  readonly points: {
    /** α, β, δ in G1. */
    readonly g1: Uint8Array;
    /** β, γ, δ in G2. */
    readonly g2: Uint8Array;
    readonly ic: Uint8Array;
    readonly u: Uint8Array;
    readonly v1: Uint8Array;
    readonly v2: Uint8Array;
    readonly c: Uint8Array;
    readonly h: Uint8Array;
  };
}

const GROTH16 = 1;
const G1 = 64;
const G2 = 128;

/** Writes snarkjs's binary format. The circuit hash of section 10 stays zero: no ceremony goes on from such a key. */
export function encodeZkey({ wires, publicInputs, domainSize, coefficients, points }: ZkeyContent): Uint8Array {
  const header = join([
    u32(32),
    toLittleEndian(BASE_FIELD_ORDER),
    u32(32),
    toLittleEndian(FIELD_ORDER),
    u32(wires),
    u32(publicInputs),
    u32(domainSize),
    points.g1.subarray(0, 2 * G1),
    points.g2.subarray(0, 2 * G2),
    points.g1.subarray(2 * G1),
    points.g2.subarray(2 * G2),
  ]);
  const noContribution = join([new Uint8Array(64), u32(0)]);
  const sections: (readonly [number, Uint8Array])[] = [
    [1, u32(GROTH16)],
    [2, header],
    [3, points.ic],
    [4, coefficients],
    [5, points.u],
    [6, points.v1],
    [7, points.v2],
    [8, points.c],
    [9, points.h],
    [10, noContribution],
  ];
  const magic = new TextEncoder().encode('zkey');
  return join([magic, u32(1), u32(sections.length), ...sections.flatMap(([id, bytes]) => [u32(id), u64(bytes.length), bytes])]);
}

const u32 = (value: number): Uint8Array => toLittleEndian(BigInt(value), 4);
const u64 = (value: number): Uint8Array => toLittleEndian(BigInt(value), 8);

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let position = 0;
  for (const chunk of chunks) {
    out.set(chunk, position);
    position += chunk.length;
  }
  return out;
}
