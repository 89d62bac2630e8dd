import { type CompiledClause, type CompiledPolicy, slotClassOf } from './compiled-policy.js';
import { bytesToInteger, fieldToBytes } from './field.js';
import { codedValue, codeHash, lastKeyOfDay, observationKey, quantityElement } from './observation.js';
import { partIndex } from './parts.js';
import { poseidonChain } from './poseidon.js';

/** How a slot goes on from the one before it: a new group, another alternative of the group, or the same chain. */
export type SlotLink = 'and' | 'or' | 'chained';

const LINK_BITS = { and: 0, or: 512, chained: 1024 } as const;
const KIND_BITS = { present: 16, absent: 32, latest: 64 } as const;
const TEST_BITS = { any: 0, range: 128, set: 256 } as const;

/** A slot as the circuit sees it. `clause` is undefined where the policy does not use the slot. */
export interface PolicySlot {
  readonly clause: CompiledClause | undefined;
  readonly link: SlotLink;
  readonly flags: bigint;
  /** First and last key of the window. */
  readonly low: bigint;
  readonly high: bigint;
  /** Range: least and greatest value. Set: four values, the first repeated. Any: none. */
  readonly operands: readonly bigint[];
}

/** What h′ has of a slot, its flags among those of others: see circuits/circom/clause.circom. */
export interface PackedSlot {
  readonly flags: bigint;
  readonly window: bigint;
  readonly operands: readonly [bigint, bigint];
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
  flags: BigInt(LINK_BITS.chained),
  low: 0n,
  high: 0n,
  operands: [],
};

function clauseSlot(clause: CompiledClause, link: SlotLink): PolicySlot {
  const code = codeHash(clause.code);
  return {
    clause,
    link,
    flags: BigInt(partIndex(clause.part) + KIND_BITS[clause.kind] + TEST_BITS[clause.value.kind] + LINK_BITS[link]),
    low: observationKey(code, clause.fromMs, 0),
    high: lastKeyOfDay(code, clause.toMs),
    operands: valueOperands(clause),
  };
}

function valueOperands({ value }: CompiledClause): bigint[] {
  if (value.kind === 'any') return [];
  if (value.kind === 'range') return [quantityElement(value.min, value.unit), quantityElement(value.max, value.unit)];
  const values = value.values.map(codedValue);
  return Array.from({ length: 4 }, (_, i) => values[i] ?? values[0] ?? 0n);
}

/** FIRST + 2^176 (LAST − FIRST); MIN + 2^160 (MAX − MIN) or two pairs A + 2^126 B. */
export function packSlot({ flags, low, high, operands }: Pick<PolicySlot, 'flags' | 'low' | 'high' | 'operands'>): PackedSlot {
  const [a = 0n, b = 0n, c, d = 0n] = operands;
  const tests: PackedSlot['operands'] = c === undefined ? [a + ((b - a) << 160n), 0n] : [a + (b << 126n), c + (d << 126n)];
  return { flags, window: low + ((high - low) << 176n), operands: tests };
}

/** Whether the value in a leaf passes the clause's test. */
export function passesValue(slot: Pick<PolicySlot, 'operands'> & { clause: CompiledClause }, value: bigint): boolean {
  const [min = 0n, max = 0n] = slot.operands;
  const test = slot.clause.value.kind;
  return test === 'any' || (test === 'range' ? value >= min && value <= max : slot.operands.includes(value));
}

/** h′: a Poseidon chain over the header and the slots; 32 bytes. */
export function policyHash(policy: CompiledPolicy): Uint8Array {
  const header = [bytesToInteger(policy.nonce), BigInt(policy.leastDay), policy.acceptSelfAttested ? 1n : 0n] as const;
  return fieldToBytes(hashSlots(header, policySlots(policy).map(packSlot)));
}

const SLOTS_PER_WORD = 16;
const FLAG_BITS = 11n;

/** @param header nonce, least T, whether self-attested records count */
export function hashSlots([nonce, leastDay, acceptSelfAttested]: readonly [bigint, bigint, bigint], slots: readonly PackedSlot[]): bigint {
  const words = Array.from({ length: Math.ceil(slots.length / SLOTS_PER_WORD) }, (_, word) =>
    slots
      .slice(word * SLOTS_PER_WORD, (word + 1) * SLOTS_PER_WORD)
      .reduce((sum, { flags }, i) => sum + (flags << (8n + FLAG_BITS * BigInt(i))), word === 0 ? acceptSelfAttested + 2n * BigInt(slots.length) : 0n),
  );
  return poseidonChain('policy', [nonce, leastDay, ...words, ...slots.flatMap(({ window, operands }) => [window, ...operands])], 14);
}
