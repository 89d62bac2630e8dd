import bn128 from 'wasmcurves/build/bn128_wasm.js';

export const FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
export const BASE_FIELD_ORDER = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** Functions on offsets into memory; `g1m`, `g2m` are the groups, `frm` the scalar field, in Montgomery form. */
export interface CurveFunctions {
  readonly frm_mul: (a: number, b: number, out: number) => void;
  readonly frm_add: (a: number, b: number, out: number) => void;
  readonly g1m_copy: (p: number, out: number) => void;
  readonly g1m_zero: (out: number) => void;
  readonly g1m_double: (p: number, out: number) => void;
  readonly g1m_add: (p: number, q: number, out: number) => void;
  readonly g1m_addMixed: (jacobian: number, affine: number, out: number) => void;
  readonly g1m_batchToAffine: (p: number, count: number, out: number) => void;
  readonly g2m_copy: (p: number, out: number) => void;
  readonly g2m_zero: (out: number) => void;
  readonly g2m_double: (p: number, out: number) => void;
  readonly g2m_add: (p: number, q: number, out: number) => void;
  readonly g2m_addMixed: (jacobian: number, affine: number, out: number) => void;
  readonly g2m_batchToAffine: (p: number, count: number, out: number) => void;
}

const PAGE = 65_536;

/** One instance of the curve's WebAssembly, single-threaded, with a bump allocator. */
export class CurveMemory {
  readonly functions: CurveFunctions;
  readonly generators = { g1: bn128.pG1gen, g2: bn128.pG2gen };
  private readonly memory: WebAssembly.Memory;
  private next: number;

  /** @param bytes room for what will be allocated */
  constructor(bytes: number) {
    const code = new Uint8Array(Buffer.from(bn128.code, 'base64'));
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) + 32 });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory: this.memory } });
    this.functions = instance.exports as unknown as CurveFunctions;
    this.next = new Uint32Array(this.memory.buffer)[0] ?? 0;
  }

  allocate(bytes: number): number {
    const pointer = this.next;
    this.next += (bytes + 7) & ~7;
    const missing = this.next + (1 << 20) - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    // the wasm's own allocator starts where word 0 says
    new Uint32Array(this.memory.buffer)[0] = this.next;
    return pointer;
  }

  write(pointer: number, bytes: Uint8Array): void {
    new Uint8Array(this.memory.buffer).set(bytes, pointer);
  }

  /** A copy. */
  read(pointer: number, bytes: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, pointer, bytes).slice();
  }
}

export const FR_BYTES = 32;

export function toLittleEndian(value: bigint, bytes = FR_BYTES): Uint8Array {
  const out = new Uint8Array(bytes);
  let rest = value;
  for (let i = 0; i < bytes; i += 1) {
    out[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return out;
}

export function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i -= 1) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}
