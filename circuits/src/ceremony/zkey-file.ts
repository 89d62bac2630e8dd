import { bn254 } from '@noble/curves/bn254.js';
import { type AffineG1, type AffineG2, ceremonyError, type ContributionKnowledge } from '@medveil/eligibility';
import { toHex } from '@medveil/encoding';
import { readFile } from 'node:fs/promises';
import { fromLittleEndian } from '../curve-memory.js';
import { readSections } from '../r1cs.js';

/** Sections of a Groth16 proving key of snarkjs. */
export const SECTION = { header: 2, ic: 3, coefficients: 4, a: 5, b1: 6, b2: 7, l: 8, h: 9, contributions: 10 } as const;
export const G1_BYTES = 64;
const G2_BYTES = 128;
const HASH_BYTES = 64;
/** The sizes and orders of both fields, then three numbers. */
const HEADER_NUMBERS = 4 + 32 + 4 + 32;

export interface KeyContribution {
  readonly proof: ContributionKnowledge;
  readonly name: string;
  readonly beacon: { readonly value: string; readonly iterationsExponent: number } | null;
}

/** A proving key with the contributions that made it. Points in hexadecimal are uncompressed. */
export interface ZkeyFile {
  readonly wires: number;
  readonly publicInputs: number;
  readonly domainSize: number;
  readonly alpha1: AffineG1;
  readonly beta1: AffineG1;
  readonly beta2: AffineG2;
  readonly gamma2: AffineG2;
  readonly delta1: AffineG1;
  readonly delta2: AffineG2;
  /** 64 bytes in hexadecimal. */
  readonly circuitHash: string;
  readonly contributions: readonly KeyContribution[];
  section(id: number): Uint8Array;
}

/** @throws CodedError `ceremony/bad-input` for what is not a Groth16 key over BN254 */
export async function readZkey(path: string): Promise<ZkeyFile> {
  try {
    return parseZkey(await readFile(path));
  } catch (cause) {
    throw ceremonyError('ceremony/bad-input', `${path} is not a proving key: ${cause instanceof Error ? cause.message : 'unreadable'}`, { path }, { cause });
  }
}

function parseZkey(file: Uint8Array): ZkeyFile {
  const sections = readSections(file, 'zkey');
  const section = (id: number): Uint8Array => {
    const bytes = sections.get(id);
    if (bytes === undefined) throw new Error(`section ${id} is missing`);
    return bytes;
  };
  const header = new Reader(section(SECTION.header));
  header.skip(HEADER_NUMBERS);
  const [wires, publicInputs, domainSize] = [header.u32(), header.u32(), header.u32()];
  const [alpha1, beta1, beta2, gamma2, delta1, delta2] = [header.g1(), header.g1(), header.g2(), header.g2(), header.g1(), header.g2()];
  const mpc = new Reader(section(SECTION.contributions));
  const circuitHash = toHex(mpc.bytes(HASH_BYTES));
  const contributions = Array.from({ length: mpc.u32() }, () => readContribution(mpc));
  return { wires, publicInputs, domainSize, alpha1, beta1, beta2, gamma2, delta1, delta2, circuitHash, contributions, section };
}

function readContribution(reader: Reader): KeyContribution {
  const [deltaAfter, s, sx, spx] = [uncompressedG1(reader.g1()), uncompressedG1(reader.g1()), uncompressedG1(reader.g1()), uncompressedG2(reader.g2())];
  const challenge = toHex(reader.bytes(HASH_BYTES));
  const isBeacon = reader.u32() === 1;
  const parameters = new Reader(reader.bytes(reader.u32()));
  let [name, iterationsExponent, value] = ['', 0, ''];
  while (!parameters.atEnd) {
    const kind = parameters.u8();
    if (kind === 1) name = new TextDecoder().decode(parameters.bytes(parameters.u8()));
    else if (kind === 2) iterationsExponent = parameters.u8();
    else if (kind === 3) value = toHex(parameters.bytes(parameters.u8()));
    else throw new Error(`a contribution has a parameter of unknown kind ${kind}`);
  }
  return { proof: { deltaAfter, s, sx, spx, challenge }, name, beacon: isBeacon ? { value, iterationsExponent } : null };
}

const FP = bn254.fields.Fp;
const MONTGOMERY = (1n << 256n) % FP.ORDER;
const MONTGOMERY_INVERSE = FP.inv(MONTGOMERY);

class Reader {
  private position = 0;
  private readonly view: DataView;

  constructor(private readonly source: Uint8Array) {
    this.view = new DataView(source.buffer, source.byteOffset, source.length);
  }

  get atEnd(): boolean {
    return this.position === this.source.length;
  }

  bytes(length: number): Uint8Array {
    if (this.position + length > this.source.length) throw new RangeError('the file is truncated');
    this.position += length;
    return this.source.subarray(this.position - length, this.position);
  }

  skip(length: number): void {
    this.bytes(length);
  }

  u8(): number {
    return this.bytes(1)[0] ?? 0;
  }

  u32(): number {
    this.skip(4);
    return this.view.getUint32(this.position - 4, true);
  }

  g1(): AffineG1 {
    return affineG1(this.bytes(G1_BYTES));
  }

  g2(): AffineG2 {
    const bytes = this.bytes(G2_BYTES);
    return [affineG1(bytes.subarray(0, G1_BYTES)), affineG1(bytes.subarray(G1_BYTES))];
  }
}

/** Two coordinates in Montgomery form, little-endian, as the integers they stand for. */
export const affineG1 = (bytes: Uint8Array): readonly [bigint, bigint] => [element(bytes.subarray(0, 32)), element(bytes.subarray(32, 64))];

const element = (bytes: Uint8Array): bigint => FP.mul(fromLittleEndian(bytes) % FP.ORDER, MONTGOMERY_INVERSE);

const hex = (values: readonly bigint[]): string => values.map((value) => value.toString(16).padStart(64, '0')).join('');
export const uncompressedG1 = ([x, y]: AffineG1): string => hex([x, y]);
export const uncompressedG2 = ([x, y]: AffineG2): string => hex([x[1], x[0], y[1], y[0]]);
