import { FIELD_ORDER as R, fromLittleEndian } from './curve-memory.js';
import { type R1cs, visitTerms } from './r1cs.js';

/** A linear combination as wires and coefficients side by side. */
interface Combination {
  readonly wires: number[];
  readonly coefficients: bigint[];
}

/** An r1cs unpacked for checking witnesses: says which constraints fail, and which a wire takes part in. */
export class ConstraintSystem {
  private readonly combinations: Combination[] = [];
  private readonly touching = new Map<number, Set<number>>();

  constructor(readonly r1cs: R1cs) {
    const known = new Map<bigint, bigint>();
    for (let i = 0; i < 3 * r1cs.constraints; i += 1) this.combinations.push({ wires: [], coefficients: [] });
    visitTerms(r1cs, (matrix, constraint, wire, offset) => {
      const value = fromLittleEndian(r1cs.body.subarray(offset, offset + 32));
      // few coefficients are distinct: sharing them keeps the system small
      const shared = known.get(value) ?? value;
      known.set(value, shared);
      const combination = this.combinations[3 * constraint + matrix];
      combination?.wires.push(wire);
      combination?.coefficients.push(shared);
      const touching = this.touching.get(wire) ?? new Set();
      this.touching.set(wire, touching.add(constraint));
    });
  }

  /** The first constraints that a witness fails, at most `limit`. */
  failures(witness: readonly bigint[], limit = 10): number[] {
    const failing: number[] = [];
    for (let constraint = 0; constraint < this.r1cs.constraints && failing.length < limit; constraint += 1) {
      if (!this.holds(constraint, witness)) failing.push(constraint);
    }
    return failing;
  }

  /** Whether some constraint notices that one wire has another value. */
  notices(witness: bigint[], wire: number, value: bigint): boolean {
    const honest = witness[wire] ?? 0n;
    witness[wire] = value;
    const noticed = [...(this.touching.get(wire) ?? [])].some((constraint) => !this.holds(constraint, witness));
    witness[wire] = honest;
    return noticed;
  }

  private holds(constraint: number, witness: readonly bigint[]): boolean {
    const at = (matrix: number) => this.evaluate(3 * constraint + matrix, witness);
    return (at(0) * at(1) - at(2)) % R === 0n;
  }

  private evaluate(index: number, witness: readonly bigint[]): bigint {
    const { wires, coefficients } = this.combinations[index] ?? { wires: [], coefficients: [] };
    let sum = 0n;
    for (let i = 0; i < wires.length; i += 1) sum += (coefficients[i] ?? 0n) * (witness[wires[i] ?? 0] ?? 0n);
    return sum % R;
  }
}
