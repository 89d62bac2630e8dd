/** A Groth16 proving key in snarkjs's format (.zkey, version 1). Points are affine, coordinates in Montgomery form (R = 2^256). */
export interface ProvingKey {
  readonly wires: number;
  readonly publicInputs: number;
  readonly domainSize: number;
  readonly points: Readonly<Record<'alpha1' | 'beta1' | 'beta2' | 'delta1' | 'delta2', Uint8Array>>;
  /** Nonzero coefficients of the matrices A and B: 44 bytes each (matrix, row, wire, coefficient times R²). */
  readonly coefficients: Uint8Array;
  /** By wire the points of A, B in G1, B in G2; of the private wires those of C; of the odd roots those of h. */
  readonly a: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  readonly c: Uint8Array;
  readonly h: Uint8Array;
}

const G1 = 64;
const G2 = 128;
export const COEFFICIENT_BYTES = 44;
/** Where the header's counts stand: after both primes, each with its length. */
const COUNTS = 72;

/** Views of the file's sections; nothing is copied. @throws Error where the file is not such a key */
export function parseProvingKey(file: Uint8Array): ProvingKey {
  const section = sectionsOf(file);
  const header = section(2);
  const view = viewOf(header);
  const [wires, publicInputs, domainSize] = [view.getUint32(COUNTS, true), view.getUint32(COUNTS + 4, true), view.getUint32(COUNTS + 8, true)];
  const pointsAt = COUNTS + 12;
  const point = (start: number, bytes: number) => header.subarray(pointsAt + start, pointsAt + start + bytes);
  const key = {
    wires,
    publicInputs,
    domainSize,
    points: {
      alpha1: point(0, G1),
      beta1: point(G1, G1),
      beta2: point(2 * G1, G2),
      delta1: point(2 * G1 + 2 * G2, G1),
      delta2: point(3 * G1 + 2 * G2, G2),
    },
    coefficients: section(4).subarray(4),
    a: section(5),
    b1: section(6),
    b2: section(7),
    c: section(8),
    h: section(9),
  };
  const sound =
    key.a.length === wires * G1 &&
    key.b1.length === wires * G1 &&
    key.b2.length === wires * G2 &&
    key.c.length === (wires - publicInputs - 1) * G1 &&
    key.h.length === domainSize * G1 &&
    key.coefficients.length % COEFFICIENT_BYTES === 0 &&
    Number.isInteger(Math.log2(domainSize)) &&
    domainSize >= 32;
  if (!sound) throw new Error('the sections of the proving key do not fit together');
  return key;
}

function sectionsOf(file: Uint8Array): (id: number) => Uint8Array {
  const view = viewOf(file);
  if (view.getUint32(0, true) !== MAGIC) throw new Error('not a zkey file');
  const sections = new Map<number, Uint8Array>();
  let position = 12;
  for (let left = view.getUint32(8, true); left > 0; left -= 1) {
    const size = Number(view.getBigUint64(position + 4, true));
    const start = position + 12;
    if (start + size > file.length) throw new Error('the zkey file is truncated');
    sections.set(view.getUint32(position, true), file.subarray(start, start + size));
    position = start + size;
  }
  return (id) => {
    const section = sections.get(id);
    if (section === undefined) throw new Error(`section ${id} of the zkey file is missing`);
    return section;
  };
}

/** "zkey" */
const MAGIC = 0x79656b7a;
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
