import { FIELD_BYTES, FIELD_ORDER as R } from '../field.js';
import { type Signals } from '../witness.js';

interface CircomExports {
  init(sanityCheck: number): void;
  getFieldNumLen32(): number;
  getInputSize(): number;
  getWitnessSize(): number;
  getWitness(wire: number): void;
  setInputSignal(hashHigh: number, hashLow: number, position: number): void;
  readSharedRWMemory(word: number): number;
  writeSharedRWMemory(word: number, value: number): void;
}

/** 32-bit words of a wire's value. */
const WITNESS_WORDS = FIELD_BYTES / 4;

const ignore = (): void => undefined;

/**
 * Runs a witness generator of circom's on one compiled module, where snarkjs compiles it for every witness and prints
 * what goes wrong. Numbers cross in 32-bit words, the lowest first; signals are named by the 64-bit FNV-1a hash of
 * their name. Signals may be any integers; they are taken modulo r.
 */
export class WitnessCalculator {
  private readonly generator: CircomExports;

  constructor(wasm: Uint8Array) {
    const runtime = {
      exceptionHandler: (code: number) => {
        throw new Error(`the witness generator refused its inputs (${code})`);
      },
      printErrorMessage: ignore,
      writeBufferMessage: ignore,
      showSharedRWMemory: ignore,
    };
    this.generator = new WebAssembly.Instance(new WebAssembly.Module(wasm), { runtime }).exports as unknown as CircomExports;
    if (this.generator.getFieldNumLen32() !== WITNESS_WORDS) throw new Error('the witness generator is not over a field of 256 bits');
  }

  /** The value of every wire. @throws Error where a constraint fails or signals are missing; it says nothing about values */
  calculate(signals: Signals): bigint[] {
    const words = this.calculateWords(signals);
    return Array.from({ length: words.length / WITNESS_WORDS }, (_, wire) => {
      let value = 0n;
      for (let word = WITNESS_WORDS - 1; word >= 0; word -= 1) value = (value << 32n) | BigInt(words[WITNESS_WORDS * wire + word] ?? 0);
      return value;
    });
  }

  /** The same as eight 32-bit words a wire, the lowest first, in memory that threads can share. */
  calculateWords(signals: Signals): Uint32Array {
    const { generator } = this;
    generator.init(0);
    let given = 0;
    for (const [name, signal] of Object.entries(signals)) {
      const hash = fnv1a(name);
      flatten(signal).forEach((value, position) => {
        this.writeNumber(((value % R) + R) % R);
        generator.setInputSignal(Number(hash >> 32n), Number(hash & 0xffff_ffffn), position);
        given += 1;
      });
    }
    if (given !== generator.getInputSize()) throw new Error(`the circuit takes ${generator.getInputSize()} inputs, not ${given}`);
    const wires = generator.getWitnessSize();
    const words = new Uint32Array(new SharedArrayBuffer(4 * WITNESS_WORDS * wires));
    for (let wire = 0; wire < wires; wire += 1) {
      generator.getWitness(wire);
      for (let word = 0; word < WITNESS_WORDS; word += 1) words[WITNESS_WORDS * wire + word] = generator.readSharedRWMemory(word);
    }
    return words;
  }

  private writeNumber(value: bigint): void {
    for (let word = 0, rest = value; word < WITNESS_WORDS; word += 1, rest >>= 32n) {
      this.generator.writeSharedRWMemory(word, Number(rest & 0xffff_ffffn));
    }
  }
}

/** A witness (`calculateWords`) in snarkjs's binary format (wtns, version 2). */
export function encodeWitness(words: Uint32Array): Uint8Array {
  const wires = words.length / WITNESS_WORDS;
  const out = new Uint8Array(76 + FIELD_BYTES * wires);
  const view = new DataView(out.buffer);
  out.set(new TextEncoder().encode('wtns'));
  view.setUint32(4, 2, true);
  view.setUint32(8, 2, true);
  view.setUint32(12, 1, true);
  view.setBigUint64(16, BigInt(FIELD_BYTES + 8), true);
  view.setUint32(24, FIELD_BYTES, true);
  writeWords(view, 28, R);
  view.setUint32(60, wires, true);
  view.setUint32(64, 2, true);
  view.setBigUint64(68, BigInt(FIELD_BYTES * wires), true);
  out.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength), 76);
  return out;
}

function writeWords(view: DataView, offset: number, value: bigint): void {
  for (let word = 0; word < 4; word += 1) view.setBigUint64(offset + 8 * word, (value >> BigInt(64 * word)) & 0xffff_ffff_ffff_ffffn, true);
}

function flatten(signal: Signals[string]): bigint[] {
  return typeof signal === 'bigint' ? [signal] : signal.flatMap(flatten);
}

function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
