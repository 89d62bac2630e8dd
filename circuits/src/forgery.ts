import { buildWitness, type CircuitSize, type EligibilityInputs, FIELD_ORDER as R, type Signals } from '@medveil/eligibility';
import { hashSlots, packSlot } from '@medveil/eligibility/testing';
import { instanceNamed } from './instances.js';

type Nested = bigint | Nested[];

/** A slot's window and value test, unpacked. `operands`: MIN, MAX of a range, or four values of a set. */
export interface SlotFields {
  low: bigint;
  high: bigint;
  operands: bigint[];
}

/** The inputs of a circuit in a dishonest prover's hands: for specs. Values may be negative; they are taken modulo r. */
export class Forgery {
  readonly signals: Record<string, Nested>;

  constructor(inputs: EligibilityInputs, size: CircuitSize = instanceNamed('small')) {
    this.signals = structuredClone(buildWitness(inputs, size).signals) as Record<string, Nested>;
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

  /** The fields that a slot's policy side is packed from. */
  fields(slot: number): SlotFields {
    const [window, first, other] = [this.get('window', slot), this.get('operands', slot, 0), this.get('operands', slot, 1)];
    const low = window & mask(176n);
    const pair = (packed: bigint) => [packed & mask(126n), packed >> 126n];
    const min = first & mask(160n);
    const operands = this.get('set', slot) === 1n ? [...pair(first), ...pair(other)] : [min, min + (first >> 160n)];
    return { low, high: low + (window >> 176n), operands };
  }

  /** Packs a slot's policy side from other fields. */
  rule(slot: number, change: (fields: SlotFields) => Partial<SlotFields>): this {
    const fields = this.fields(slot);
    const { window, operands } = packSlot({ flags: 0n, ...fields, ...change(fields) });
    return this.set(window, 'window', slot).set(operands[0], 'operands', slot, 0).set(operands[1], 'operands', slot, 1);
  }

  /** The observation that a slot opens. */
  opened(slot: number): { key: bigint; value: bigint; nextKey: bigint } {
    const place = this.place(slot);
    return { key: this.get('keys', slot, place), value: this.get('values', slot, place), nextKey: this.get('keys', slot, place + 1) };
  }

  /** Which of the five places in its bucket a slot opens. */
  place(slot: number): number {
    const [a, b, c] = [0, 1, 2].map((bit) => this.get('position', slot, bit));
    return c === 1n ? 4 : Number((a ?? 0n) + 2n * (b ?? 0n));
  }

  /** Makes h′ that of the policy as it now stands. */
  rehash(): this {
    const flagsOf = (slot: number) => {
      const bits = [...[0, 1, 2, 3].map((i) => this.get('part', slot, i)), ...FLAGS.map((name) => this.get(name, slot))];
      return bits.reduce((sum, bit, i) => sum + (bit << BigInt(i)), 0n);
    };
    const slots = Array.from({ length: (this.signals['window'] as bigint[]).length }, (_, i) => ({
      flags: flagsOf(i),
      window: this.get('window', i),
      operands: [this.get('operands', i, 0), this.get('operands', i, 1)] as const,
    }));
    return this.set(hashSlots([this.get('nonce'), this.get('leastDay'), this.get('acceptSelfAttested')], slots), 'policyHash');
  }

  /** Writes the differences that a slot asks for, whether they are in range or not; what is too large stays in the lowest limb. */
  differ(slot: number): this {
    const at = (name: string) => this.get(name, slot) === 1n;
    const { low, high, operands } = this.fields(slot);
    const { key, value, nextKey } = this.opened(slot);
    if (at('absent')) {
      const gap = low - key - 1n;
      const limbs = gap < 0n ? [gap, 0n, 0n] : [gap & mask(40n), (gap >> 40n) & mask(64n), gap >> 104n];
      return this.setDifferences(slot, { after: nextKey - high - 1n, fromFirst: limbs[0], toLast: high - low, below: limbs[1], above: limbs[2] });
    }
    const previousKey = slot === 0 ? 0n : this.opened(slot - 1).key;
    const after = at('latest') ? nextKey - high - 1n : at('chained') ? key - previousKey - 1n : 0n;
    const [min = 0n, max = 0n] = operands;
    const test = at('range') ? { below: value - min, above: max - value } : {};
    return this.setDifferences(slot, { after, fromFirst: key - low, toLast: high - key, ...test });
  }

  private setDifferences(slot: number, differences: Record<string, bigint | undefined>): this {
    for (const [name, difference] of Object.entries(differences)) if (difference !== undefined) this.set(difference, name, slot);
    return this;
  }

  /** Takes inputs over from another prover's. */
  graft(from: Forgery, ...names: string[]): this {
    for (const name of names) this.signals[name] = structuredClone(from.signals[name] ?? 0n);
    return this;
  }

  /** Holds what another slot opens against a slot. */
  copyOpening(from: number, to: number): this {
    for (const name of ['keys', 'values', 'position', 'children', 'active', 'under', 'holds']) {
      const column = this.signals[name] as Nested[];
      column[to] = structuredClone(column[from] ?? 0n);
    }
    return this.differ(to);
  }

  toSignals(): Signals {
    return this.signals;
  }
}

const FLAGS = ['present', 'absent', 'latest', 'range', 'set', 'alternative', 'chained'] as const;
const mask = (bits: bigint): bigint => (1n << bits) - 1n;
