/** A compiled constraint system: a(w)·b(w) = c(w) for every constraint, over wires w; wire 0 is 1, then come the public ones. */
export interface R1cs {
  readonly wires: number;
  readonly publicInputs: number;
  readonly constraints: number;
  /** The constraints section as circom wrote it: per constraint three lists of (wire, coefficient). */
  readonly body: Uint8Array;
}

const HEADER = 1;
const CONSTRAINTS = 2;
const FIELD_BYTES = 32;

/** Reads the header of circom's binary r1cs format (version 1) and finds the constraints. */
export function parseR1cs(file: Uint8Array): R1cs {
  const sections = readSections(file, 'r1cs');
  const header = viewOf(need(sections, HEADER));
  if (header.getUint32(0, true) !== FIELD_BYTES) throw new Error('the r1cs file is not over a field of 256 bits');
  const at = (i: number) => header.getUint32(4 + FIELD_BYTES + i, true);
  return { wires: at(0), publicInputs: at(4) + at(8), constraints: at(24), body: need(sections, CONSTRAINTS) };
}

/** One term of a linear combination: `coefficient` is the offset of its 32 little-endian bytes in the body. */
export type TermVisitor = (matrix: 0 | 1 | 2, constraint: number, wire: number, coefficient: number) => void;

export function visitTerms(r1cs: R1cs, visit: TermVisitor): void {
  const view = viewOf(r1cs.body);
  let position = 0;
  for (let constraint = 0; constraint < r1cs.constraints; constraint += 1) {
    for (const matrix of [0, 1, 2] as const) {
      const terms = view.getUint32(position, true);
      position += 4;
      for (let term = 0; term < terms; term += 1) {
        visit(matrix, constraint, view.getUint32(position, true), position + 4);
        position += 4 + FIELD_BYTES;
      }
    }
  }
}

/** Sections of an iden3 binary file by number. */
export function readSections(file: Uint8Array, magic: string): Map<number, Uint8Array> {
  const view = viewOf(file);
  if (new TextDecoder().decode(file.subarray(0, 4)) !== magic) throw new Error(`not a ${magic} file`);
  const sections = new Map<number, Uint8Array>();
  let position = 12;
  for (let left = view.getUint32(8, true); left > 0; left -= 1) {
    const size = Number(view.getBigUint64(position + 4, true));
    const start = position + 12;
    if (start + size > file.length) throw new Error(`the ${magic} file is truncated`);
    sections.set(view.getUint32(position, true), file.subarray(start, start + size));
    position = start + size;
  }
  return sections;
}

function need(sections: Map<number, Uint8Array>, id: number): Uint8Array {
  const section = sections.get(id);
  if (section === undefined) throw new Error(`section ${id} is missing`);
  return section;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
