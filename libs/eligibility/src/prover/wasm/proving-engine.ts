import { concatBytes } from '@medveil/encoding';
import { Bn254, type Group, type Pointer } from '../../bn254.js';
import { FIELD_ORDER } from '../../field.js';
import { BASE_FIELD_ORDER } from '../../proof-encoding.js';
import { MultiScalar } from './multi-scalar.js';
import { parseProvingKey, type ProvingKey } from './proving-key.js';
import { Quotient } from './quotient.js';
import { VectorField, VectorMemory, WORDS } from './vector-field.js';

/** The sums of points that a proof is made of, each over one section of the proving key. */
export type Query = 'a' | 'b1' | 'b2' | 'c' | 'h';

/** Sums over a query's points as `sum` gave them; all together are the whole. */
export type Sums = Readonly<Record<Query, readonly Uint8Array[]>>;

/** What one thread keeps for making Groth16 proofs (Groth 2016, section 3.2) from keys in snarkjs's format. */
export class ProvingEngine {
  private readonly sums: Readonly<Record<'g1' | 'g2', MultiScalar>>;
  private readonly groups: Readonly<Record<'g1' | 'g2', Group>>;
  private readonly points: Readonly<Record<'a' | 'b1' | 'b2' | 'c' | 'term', Pointer>>;
  private readonly scalars: readonly [Pointer, Pointer, Pointer];
  /** That of one circuit: it takes tens of megabytes. */
  private quotientOf: { readonly circuit: number; readonly quotient: Quotient } | undefined;

  private constructor(private readonly curve: Bn254) {
    const field = new VectorField(new VectorMemory(), BASE_FIELD_ORDER);
    this.sums = { g1: new MultiScalar(field, curve, 'g1'), g2: new MultiScalar(field, curve, 'g2') };
    this.groups = { g1: curve.group('g1'), g2: curve.group('g2') };
    this.points = { a: curve.g1(), b1: curve.g1(), b2: curve.g2(), c: curve.g1(), term: curve.g2() };
    this.scalars = [curve.fr(), curve.fr(), curve.fr()];
  }

  static async load(): Promise<ProvingEngine> {
    return new ProvingEngine(await Bn254.load());
  }

  /** The scalars of the query `h`. @param circuit tells keys apart @param witness eight words a wire */
  quotient(circuit: number, zkey: Uint8Array, witness: Uint32Array): Uint32Array {
    if (this.quotientOf?.circuit !== circuit) {
      this.quotientOf = undefined;
      this.quotientOf = { circuit, quotient: new Quotient(new VectorField(new VectorMemory(), FIELD_ORDER), parseProvingKey(zkey)) };
    }
    return this.quotientOf.quotient.evaluate(witness);
  }

  /** Sum of a query's points from `first` to before `end`, times their scalars. @param scalars of all points of the query, eight words each */
  sum(zkey: Uint8Array, query: Query, scalars: Uint32Array, first: number, end: number): Uint8Array {
    const group = query === 'b2' ? 'g2' : 'g1';
    const points = parseProvingKey(zkey)[query];
    const bytes = group === 'g2' ? 128 : 64;
    const out = this.points[query === 'b2' ? 'b2' : 'a'];
    this.sums[group].multiply(out, points.subarray(first * bytes, end * bytes), scalars.subarray(first * WORDS, end * WORDS));
    return this.curve.read(out, this.groups[group].size);
  }

  /**
   * The proof: A = α + Σa + rδ, B = β + Σb + sδ, C = Σc + Σh + s·A + r·B - rsδ.
   * @param blinding r and s, below the group order, fresh for every proof
   * @returns A, B, C compressed
   */
  finish(zkey: Uint8Array, sums: Sums, blinding: { readonly r: bigint; readonly s: bigint }): Uint8Array {
    const { curve, groups, points, scalars } = this;
    const { alpha1, beta1, beta2, delta1, delta2 } = parseProvingKey(zkey).points;
    const [r, s, minusRs] = scalars;
    curve.writeScalar(r, blinding.r);
    curve.writeScalar(s, blinding.s);
    curve.writeScalar(minusRs, (FIELD_ORDER - ((blinding.r * blinding.s) % FIELD_ORDER)) % FIELD_ORDER);
    this.total(groups.g1, points.a, sums.a, alpha1, [delta1, r]);
    this.total(groups.g1, points.b1, sums.b1, beta1, [delta1, s]);
    this.total(groups.g2, points.b2, sums.b2, beta2, [delta2, s]);
    this.total(groups.g1, points.c, [...sums.c, ...sums.h], undefined, [delta1, minusRs]);
    const proof = [groups.g1.compress(points.a), groups.g2.compress(points.b2)];
    this.addMultiple(points.c, points.a, s);
    this.addMultiple(points.c, points.b1, r);
    return concatBytes(...proof, groups.g1.compress(points.c));
  }

  /** out = Σ parts + start + scalar·point */
  private total(group: Group, out: Pointer, parts: readonly Uint8Array[], start: Uint8Array | undefined, [point, scalar]: readonly [Uint8Array, Pointer]): void {
    const { term } = this.points;
    group.clear(out);
    group.addCoordinates(out, point);
    group.multiply(out, out, scalar);
    if (start !== undefined) group.addCoordinates(out, start);
    for (const part of parts) {
      this.curve.write(term, part);
      group.add(out, term);
    }
  }

  private addMultiple(sum: Pointer, point: Pointer, scalar: Pointer): void {
    const { term } = this.points;
    this.groups.g1.multiply(term, point, scalar);
    this.groups.g1.add(sum, term);
  }
}

/** Points of a query, by its scalars: those of `c` are the private wires'. */
export const scalarsOf = (key: ProvingKey, query: Exclude<Query, 'h'>, witness: Uint32Array): Uint32Array =>
  query === 'c' ? witness.subarray((key.publicInputs + 1) * WORDS) : witness;
