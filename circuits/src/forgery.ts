import { buildWitness, type EligibilityInputs, FIELD_ORDER as R, type Signals } from '@medveil/eligibility';
import { hashSlots } from '@medveil/eligibility/testing';
import { instanceNamed } from './instances.js';

type Nested = bigint | Nested[];

/** The inputs of a circuit in a dishonest prover's hands: for specs. Values may be negative; they are taken modulo r. */
export class Forgery {
  readonly signals: Record<string, Nested>;

  constructor(inputs: EligibilityInputs, instance = 'small') {
    this.signals = structuredClone(buildWitness(inputs, instanceNamed(instance)).signals) as Record<string, Nested>;
  }

  /** @param path indices into the signal */
  get(name: string, ...path: number[]): bigint {
    let found: Nested = this.signals[name] ?? [];
    for (const index of path) found = typeof found === 'bigint' ? found : (found[index] ?? []);
    if (typeof found !== 'bigint') throw new RangeError(`${name} has another shape`);
    return found;
  }

  set(value: bigint, name: string, ...path: number[]): this {
    const reduced = ((value % R) + R) % R;
    const last = path.at(-1);
    if (last === undefined) {
      this.signals[name] = reduced;
      return this;
    }
    let list = this.signals[name] ?? [];
    for (const index of path.slice(0, -1)) list = typeof list === 'bigint' ? list : (list[index] ?? []);
    if (typeof list === 'bigint' || list[last] === undefined) throw new RangeError(`${name} has another shape`);
    list[last] = reduced;
    return this;
  }

  /** Makes h′ that of the policy as it now stands. */
  rehash(): this {
    const slots = (this.signals['low'] as bigint[]).length;
    const fields = Array.from({ length: slots }, (_, i) => {
      const bit = (name: string) => this.get(name, i);
      const part = (this.signals['part'] as bigint[][])[i]?.reduce((sum, chosen, index) => sum + chosen * BigInt(index), 0n) ?? 0n;
      const flags =
        part +
        16n * (bit('present') + 2n * bit('absent') + 3n * bit('latest')) +
        64n * (bit('range') + 2n * bit('set')) +
        256n * (bit('alternative') + 2n * bit('chained'));
      return [((flags % R) + R) % R, bit('low'), bit('high'), ...[0, 1, 2, 3].map((k) => this.get('operands', i, k))];
    });
    return this.set(hashSlots([this.get('nonce'), this.get('leastDay'), this.get('acceptSelfAttested')], fields), 'policyHash');
  }

  /** Writes the differences that a slot asks for, whether they are in range or not; what is too large stays in the lowest limb. */
  relimb(slot: number): this {
    const at = (name: string) => this.get(name, slot);
    const absent = at('absent') === 1n;
    const after = at('present') === 1n ? (at('chained') === 1n ? at('key') - this.get('key', slot - 1) - 1n : 0n) : at('nextKey') - at('high') - 1n;
    const upper = absent
      ? [...split(at('low') - 1n - at('key')), 0n]
      : [
          at('key') - at('low'),
          at('high') - at('key'),
          ...(at('range') === 1n ? [at('value') - this.get('operands', slot, 0), this.get('operands', slot, 1) - at('value')] : [0n, 0n]),
        ];
    [...split(after), ...upper].forEach((limb, i) => this.set(limb, 'limbs', slot, i));
    return this;
  }

  /** Holds another slot's leaf, with its path, against a slot. */
  copyLeaf(from: number, to: number): this {
    for (const name of ['key', 'value', 'nextKey', 'salt', 'children', 'bits', 'active', 'holds']) {
      const column = this.signals[name] as Nested[];
      column[to] = structuredClone(column[from] ?? 0n);
    }
    return this.relimb(to);
  }

  toSignals(): Signals {
    return this.signals;
  }
}

const LIMB = (1n << 64n) - 1n;
const split = (n: bigint): bigint[] => (n < 0n ? [n, 0n, 0n] : [n & LIMB, (n >> 64n) & LIMB, n >> 128n]);
