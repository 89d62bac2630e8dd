import { type CompiledClause, type CompiledPolicy, slotClassOf } from './compiled-policy.js';
import { bytesToInteger, fieldToBytes } from './field.js';
import { codedValue, codeHash, keyTime, quantityElement, TIME_BITS } from './observation.js';
import { partIndex, PART_TYPES } from './parts.js';
import { poseidon } from './poseidon.js';

/** How a slot goes on from the one before it: a new group, another alternative of the group, or the same chain. */
export type SlotLink = 'and' | 'or' | 'chained';

const LINK_NUMBER = { and: 0, or: 1, chained: 2 } as const;
const KIND_NUMBER = { none: 0, present: 1, absent: 2, latest: 3 } as const;
const TEST_NUMBER = { any: 0, range: 1, set: 2 } as const;

/** A slot as the circuit sees it. `clause` is undefined where the policy does not use the slot. */
export interface PolicySlot {
  readonly clause: CompiledClause | undefined;
  readonly link: SlotLink;
  readonly flags: bigint;
  /** First and last key of the window: code ‖ time. */
  readonly low: bigint;
  readonly high: bigint;
  /** Range: least and greatest value, 0, 0. Set: four values, the first repeated. Any: zeros. */
  readonly operands: readonly bigint[];
}

/** The slots of a policy in order, a count as so many chained ones, padded to the slot class. */
export function policySlots(policy: CompiledPolicy): PolicySlot[] {
  const slots = policy.groups.flatMap((group) =>
    group.flatMap((clause, alternative) =>
      Array.from({ length: clause.times }, (_, nth) => clauseSlot(clause, nth > 0 ? 'chained' : alternative > 0 ? 'or' : 'and')),
    ),
  );
  const unused = slotClassOf(policy) - slots.length;
  return [...slots, ...Array.from({ length: unused }, () => UNUSED_SLOT)];
}

const UNUSED_SLOT: PolicySlot = {
  clause: undefined,
  link: 'chained',
  flags: 256n * BigInt(LINK_NUMBER.chained),
  low: 0n,
  high: 0n,
  operands: [0n, 0n, 0n, 0n],
};

function clauseSlot(clause: CompiledClause, link: SlotLink): PolicySlot {
  const code = codeHash(clause.code) << TIME_BITS;
  const flags = partIndex(clause.part) + 16 * KIND_NUMBER[clause.kind] + 64 * TEST_NUMBER[clause.value.kind] + 256 * LINK_NUMBER[link];
  return {
    clause,
    link,
    flags: BigInt(flags),
    low: code | keyTime(clause.fromMs),
    high: code | keyTime(clause.toMs),
    operands: valueOperands(clause),
  };
}

function valueOperands({ value }: CompiledClause): bigint[] {
  if (value.kind === 'any') return [0n, 0n, 0n, 0n];
  if (value.kind === 'range') return [quantityElement(value.min, value.unit), quantityElement(value.max, value.unit), 0n, 0n];
  const values = value.values.map(codedValue);
  return Array.from({ length: 4 }, (_, i) => values[i] ?? values[0] ?? 0n);
}

/** Whether the value in a leaf passes the clause's test. */
export function passesValue(slot: Pick<PolicySlot, 'operands'> & { clause: CompiledClause }, value: bigint): boolean {
  const [min = 0n, max = 0n] = slot.operands;
  const test = slot.clause.value.kind;
  return test === 'any' || (test === 'range' ? value >= min && value <= max : slot.operands.includes(value));
}

/** One place per part type, 1 for the slot's part; an unused slot stands at the first. */
export const partSelector = (slot: PolicySlot): bigint[] =>
  PART_TYPES.map((part) => (part === (slot.clause?.part ?? PART_TYPES[0]) ? 1n : 0n));

const slotFields = ({ flags, low, high, operands }: PolicySlot): bigint[] => [flags, low, high, ...operands];

/** h′: Poseidon over the header and the slots, two at a time; 32 bytes. */
export function policyHash(policy: CompiledPolicy): Uint8Array {
  const header = [bytesToInteger(policy.nonce), BigInt(policy.leastDay), policy.acceptSelfAttested ? 1n : 0n] as const;
  return fieldToBytes(hashSlots(header, policySlots(policy).map(slotFields)));
}

/** @param header nonce, least T, whether self-attested records count; @param slots seven fields each */
export function hashSlots(header: readonly [bigint, bigint, bigint], slots: readonly (readonly bigint[])[]): bigint {
  let state = poseidon('policyHeader', [...header, BigInt(slots.length)]);
  for (let i = 0; i < slots.length; i += 2) state = poseidon('policySlots', [state, ...slots.slice(i, i + 2).flat()]);
  return state;
}
