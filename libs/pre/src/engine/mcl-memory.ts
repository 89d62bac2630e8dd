import { PreError } from '../errors.js';
import type { MclModule } from './mcl-module.js';

/** Bytes of mcl's representations. */
export const FR = 32;
export const POINT1 = 144;
export const POINT2 = 288;
export const TARGET = 576;

/** Room for the largest operand (a GT element) and for its encoding. */
const SLOT = 576;

/**
 * Values live outside the module as byte arrays, so that the garbage collector frees them. Each call copies its operands
 * into three fixed slots of the module's memory and the result out again: less than a microsecond.
 */
export class MclMemory {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  private view: Uint8Array;

  constructor(private readonly module: MclModule) {
    this.x = module._malloc(3 * SLOT);
    this.y = this.x + SLOT;
    this.z = this.y + SLOT;
    this.view = new Uint8Array(module.wasmMemory.buffer);
  }

  /** The module's memory; growing it detaches older views. */
  get bytes(): Uint8Array {
    if (this.view.length === 0) this.view = new Uint8Array(this.module.wasmMemory.buffer);
    return this.view;
  }

  put(pointer: number, value: Uint8Array): void {
    this.bytes.set(value, pointer);
  }

  take(pointer: number, length: number): Uint8Array {
    return this.bytes.slice(pointer, pointer + length);
  }

  /** Overwrites the slots after a secret has been in them. */
  wipe(): void {
    this.bytes.fill(0, this.x, this.x + 3 * SLOT);
  }

  unary(operation: (y: number, x: number) => void, size: number, x: Uint8Array): Uint8Array {
    this.put(this.x, x);
    operation(this.z, this.x);
    return this.take(this.z, size);
  }

  binary(operation: (z: number, x: number, y: number) => void, size: number, x: Uint8Array, y: Uint8Array): Uint8Array {
    this.put(this.x, x);
    this.put(this.y, y);
    operation(this.z, this.x, this.y);
    return this.take(this.z, size);
  }

  test(predicate: (x: number) => number, x: Uint8Array): boolean {
    this.put(this.x, x);
    return predicate(this.x) === 1;
  }

  equal(equality: (x: number, y: number) => number, x: Uint8Array, y: Uint8Array): boolean {
    this.put(this.x, x);
    this.put(this.y, y);
    return equality(this.x, this.y) === 1;
  }

  serialize(operation: (buffer: number, capacity: number, x: number) => number, x: Uint8Array): Uint8Array {
    this.put(this.x, x);
    return this.take(this.z, operation(this.z, SLOT, this.x));
  }

  /** @returns undefined where mcl refuses the encoding */
  deserialize(operation: (x: number, buffer: number, length: number) => number, size: number, bytes: Uint8Array): Uint8Array | undefined {
    this.put(this.x, bytes);
    return operation(this.z, this.x, bytes.length) === bytes.length ? this.take(this.z, size) : undefined;
  }

  /** Runs with `bytes` of temporary memory, wiped and freed afterwards. */
  withTemporary<T>(bytes: number, run: (pointer: number) => T): T {
    const pointer = this.module._malloc(bytes);
    if (pointer === 0) throw new PreError('pre/engine', 'mcl is out of memory', { bytes });
    try {
      return run(pointer);
    } finally {
      this.bytes.fill(0, pointer, pointer + bytes);
      this.module._free(pointer);
    }
  }
}
