/**
 * Writes WebAssembly modules (binary format 1, with the fixed-width SIMD instructions): functions over one imported
 * memory, whose parameters are all 32-bit offsets or counts. Only what `field-code.ts` needs of the format.
 */
export const I32 = 0x7f;
export const V128 = 0x7b;
type LocalType = typeof I32 | typeof V128;

/** Instructions without immediates; those of the SIMD set have the prefix 0xfd and a LEB128 number. */
const PLAIN = {
  'i32.add': [0x6a],
  'i32.sub': [0x6b],
  'i32.and': [0x71],
  'i32.or': [0x72],
  'i32.shl': [0x74],
  'i32.shr_s': [0x75],
  'i32.shr_u': [0x76],
  'i64.shr_u': [0x88],
  'i32.wrap_i64': [0xa7],
  'v128.and': [0xfd, 0x4e],
  'i32x4.shr_s': [0xfd, 0xac, 0x01],
  'i32x4.add': [0xfd, 0xae, 0x01],
  'i32x4.sub': [0xfd, 0xb1, 0x01],
  'i32x4.mul': [0xfd, 0xb5, 0x01],
  'i32x4.splat': [0xfd, 0x11],
  'i64x2.shr_u': [0xfd, 0xcd, 0x01],
  'i64x2.add': [0xfd, 0xce, 0x01],
  'i64x2.extmul_low_i32x4_u': [0xfd, 0xde, 0x01],
  'i64x2.extmul_high_i32x4_u': [0xfd, 0xdf, 0x01],
} as const;

/** Loads and stores with the alignment that is promised (log2 of bytes); the immediate is the offset. */
const MEMORY = {
  'i32.load': [[0x28], 2],
  'i64.load': [[0x29], 0],
  'i32.store': [[0x36], 2],
  'v128.load': [[0xfd, 0x00], 3],
  'v128.store': [[0xfd, 0x0b], 3],
  'v128.store64_lane': [[0xfd, 0x5b], 3],
} as const satisfies Record<string, readonly [readonly number[], number]>;

/** One function under construction. Its parameters are locals 0, 1, …; instructions append in order. */
export class WasmFunction {
  private readonly locals: LocalType[] = [];
  private readonly code: number[] = [];

  constructor(readonly parameters: number) {}

  local(type: LocalType): number {
    return this.parameters + this.locals.push(type) - 1;
  }

  op(...names: (keyof typeof PLAIN)[]): this {
    for (const name of names) this.code.push(...PLAIN[name]);
    return this;
  }

  get = (local: number): this => this.put(0x20, ...unsigned(local));
  set = (local: number): this => this.put(0x21, ...unsigned(local));
  tee = (local: number): this => this.put(0x22, ...unsigned(local));
  i32 = (value: number): this => this.put(0x41, ...signed(value));
  i64 = (value: number): this => this.put(0x42, ...signed(value));

  access(name: keyof typeof MEMORY, offset: number): this {
    const [opcode, alignment] = MEMORY[name];
    this.put(...opcode, alignment, ...unsigned(offset));
    return name === 'v128.store64_lane' ? this.put(0) : this;
  }

  /** Of a and b on the stack the sixteen bytes named, those of b from 16 on. */
  shuffle = (bytes: readonly number[]): this => this.put(0xfd, 0x0d, ...bytes);

  /** Repeats the body until the count in a local, at least 1 at first, is down to 0. */
  countDown(count: number, body: () => void): this {
    this.put(0x03, 0x40);
    body();
    return this.get(count).i32(-1).op('i32.add').tee(count).put(0x0d, 0, 0x0b);
  }

  advance = (pointer: number, bytes: number): this => this.get(pointer).i32(bytes).op('i32.add').set(pointer);

  private put(...bytes: readonly number[]): this {
    this.code.push(...bytes);
    return this;
  }

  get body(): number[] {
    const bytes = [...vector(this.locals.map((type) => [1, type])), ...this.code, 0x0b];
    return [...unsigned(bytes.length), ...bytes];
  }
}

/** A module that imports `env.memory` and exports the functions by name. */
export function assemble(functions: Readonly<Record<string, WasmFunction>>): Uint8Array {
  const entries = Object.entries(functions);
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, vector(entries.map(([, { parameters }]) => [0x60, ...vector(Array.from({ length: parameters }, () => [I32])), 0]))),
    ...section(2, vector([[...name('env'), ...name('memory'), 2, 0, 1]])),
    ...section(3, vector(entries.map((_, i) => unsigned(i)))),
    ...section(7, vector(entries.map(([exported], i) => [...name(exported), 0, ...unsigned(i)]))),
    ...section(10, vector(entries.map(([, { body }]) => body))),
  ]);
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content];
const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
const name = (text: string): number[] => vector([...new TextEncoder().encode(text)].map((byte) => [byte]));

/** LEB128 of a number from 0 to 2^32 - 1. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Signed LEB128 of a 32-bit number. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    if (rest >= -64 && rest < 64) return [...bytes, rest & 0x7f];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
