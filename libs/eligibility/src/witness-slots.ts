import { type Explanation } from './explain.js';
import { bitsOf } from './field.js';
import { HIGH_KEY, TIME_BITS } from './observation.js';
import { type Bucket, BUCKET_SIZE, OBSERVATION_TREE, type PartTree } from './part-tree.js';
import { type PolicySlot } from './policy-slots.js';
import { type RecordTree } from './record.js';
import { type CircuitSize, type Signal, type Signals } from './witness.js';

export interface SlotsToShow {
  readonly slots: readonly PolicySlot[];
  readonly explanation: Explanation;
  readonly record: RecordTree;
  readonly size: Pick<CircuitSize, 'depth' | 'tops'>;
  /** Parts whose root is a shared node, in the order of these nodes. */
  readonly tops: readonly PartTree[];
}

/** The private inputs of the circuit's slots: for each the observation that is held against it. */
export function slotSignals({ slots, explanation, record, size, tops }: SlotsToShow): Signals {
  const shown = explanation.groups.flatMap((group) =>
    group.clauses.flatMap((clause) =>
      Array.from({ length: clause.clause.times }, (_, nth) => ({ part: record.parts[clause.clause.part], index: clause.leaves[nth] })),
    ),
  );
  const sides = slots.map((slot, i): SlotSide => {
    const { part, index } = shown[i] ?? { part: undefined, index: undefined };
    if (part === undefined || index === undefined) return { holds: slot.clause === undefined ? 1n : 0n, ...NO_BUCKET, ...idlePath(size), ...NO_DIFFERENCES };
    return { holds: 1n, ...opened(part, index), ...pathSide(part, index, size, tops), ...differences(slot, part, index, shown[i - 1]?.index) };
  });
  const column = (name: keyof SlotSide): Signal => sides.map((side) => side[name]);
  return {
    ...Object.fromEntries(SIDE_NAMES.map((name) => [name, column(name)])),
    topChildren: Array.from({ length: size.tops }, (_, top) => tops[top]?.path(0).at(-1) ?? EMPTY_NODE),
  };
}

const SIDE_NAMES = [
  'holds', 'keys', 'values', 'position', 'children', 'active', 'under', 'after', 'fromFirst', 'toLast', 'below', 'above', 'second', 'swapped',
] as const;
type SlotSide = Readonly<Record<(typeof SIDE_NAMES)[number], Signal>>;

const EMPTY_NODE: readonly bigint[] = Array.from({ length: OBSERVATION_TREE.arity }, () => 0n);

const EMPTY_BUCKET: Bucket = { keys: Array.from({ length: BUCKET_SIZE + 1 }, () => HIGH_KEY), values: Array.from({ length: BUCKET_SIZE }, () => 0n) };
/** For a slot that nothing is held against. */
const NO_BUCKET = { ...EMPTY_BUCKET, position: bitsOf(0n, 3) };
const NO_DIFFERENCES = { after: 0n, fromFirst: 0n, toLast: 0n, below: 0n, above: 0n, second: 0n, swapped: 0n };

/** Of the five places in a bucket the last has the third bit and no other. */
const opened = (part: PartTree, index: number): Pick<SlotSide, 'keys' | 'values' | 'position'> => ({
  ...part.bucket(Math.floor(index / BUCKET_SIZE)),
  position: bitsOf(BigInt(index % BUCKET_SIZE), 3),
});

type PathSide = Pick<SlotSide, 'children' | 'active' | 'under'>;

/** A level beyond the part's own is not active. */
function pathSide(part: PartTree, index: number, size: SlotsToShow['size'], tops: readonly PartTree[]): PathSide {
  const path = part.path(index);
  const own = part.depth <= size.depth ? path : path.slice(0, -1);
  return {
    children: Array.from({ length: size.depth }, (_, level) => own[level] ?? EMPTY_NODE),
    active: Array.from({ length: size.depth }, (_, level) => (level < own.length ? 1n : 0n)),
    under: Array.from({ length: size.tops }, (_, top) => (tops[top] === part ? 1n : 0n)),
  };
}

const idlePath = (size: SlotsToShow['size']): PathSide => ({
  children: Array.from({ length: size.depth }, () => EMPTY_NODE),
  active: Array.from({ length: size.depth }, () => 0n),
  under: Array.from({ length: size.tops }, () => 0n),
});

/** The differences that the circuit checks: see circuits/circom/clause.circom. */
function differences(slot: PolicySlot, part: PartTree, index: number, previous: number | undefined): typeof NO_DIFFERENCES {
  const { low, high, clause, link } = slot;
  const { key = 0n, value = 0n, nextKey = 0n } = part.leaves[index] ?? {};
  if (clause?.kind === 'absent') {
    const gap = low - key - 1n;
    const limbs = { fromFirst: gap % (1n << TIME_BITS), below: (gap >> TIME_BITS) % (1n << 64n), above: gap >> (TIME_BITS + 64n) };
    return { ...NO_DIFFERENCES, ...limbs, toLast: high - low, after: nextKey - high - 1n };
  }
  const previousKey = part.leaves[previous ?? -1]?.key ?? 0n;
  const after = clause?.kind === 'latest' ? nextKey - high - 1n : link === 'chained' ? key - previousKey - 1n : 0n;
  return { ...NO_DIFFERENCES, after, fromFirst: key - low, toLast: high - key, ...valueDifferences(slot, value) };
}

function valueDifferences({ clause, operands }: PolicySlot, value: bigint): Partial<typeof NO_DIFFERENCES> {
  const test = clause?.value.kind;
  if (test === 'range') {
    const [min = 0n, max = 0n] = operands;
    return { below: value - min, above: max - value };
  }
  if (test !== 'set') return {};
  const found = operands.indexOf(value);
  const other = operands[found ^ 1] ?? 0n;
  return { below: other % (1n << 64n), above: other >> 64n, second: BigInt(found >> 1), swapped: BigInt(found & 1) };
}
