import { type Signals } from '@medveil/eligibility';
import { FIELD_ORDER as R } from './curve-memory.js';

interface CircomExports {
  init(sanityCheck: number): void;
  getFieldNumLen32(): number;
  getWitnessSize(): number;
  getWitness(wire: number): void;
  setInputSignal(hashHigh: number, hashLow: number, position: number): void;
  readSharedRWMemory(word: number): number;
  writeSharedRWMemory(word: number, value: number): void;
}

const ignore = (): void => undefined;

/**
 * Runs a witness generator of circom's again and again on one compiled module, where snarkjs compiles it every time.
 * Numbers cross in 32-bit words, the lowest first; signals are named by the 64-bit FNV-1a hash of their name.
 */
export class WitnessCalculator {
  private readonly generator: CircomExports;
  private readonly words: number;

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
    this.words = this.generator.getFieldNumLen32();
  }

  calculate(signals: Signals): bigint[] {
    const { generator } = this;
    generator.init(0);
    for (const [name, signal] of Object.entries(signals)) {
      const hash = fnv1a(name);
      flatten(signal).forEach((value, position) => {
        this.writeNumber(((value % R) + R) % R);
        generator.setInputSignal(Number(hash >> 32n), Number(hash & 0xffff_ffffn), position);
      });
    }
    return Array.from({ length: generator.getWitnessSize() }, (_, wire) => {
      generator.getWitness(wire);
      return this.readNumber();
    });
  }

  private writeNumber(value: bigint): void {
    for (let word = 0, rest = value; word < this.words; word += 1, rest >>= 32n) {
      this.generator.writeSharedRWMemory(word, Number(rest & 0xffff_ffffn));
    }
  }

  private readNumber(): bigint {
    let value = 0n;
    for (let word = this.words - 1; word >= 0; word -= 1) value = (value << 32n) | BigInt(this.generator.readSharedRWMemory(word) >>> 0);
    return value;
  }
}

function flatten(signal: Signals[string]): bigint[] {
  return typeof signal === 'bigint' ? [signal] : signal.flatMap(flatten);
}

function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
