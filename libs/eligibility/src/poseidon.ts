import { bn254_Fr as Fr } from '@noble/curves/bn254.js';
import { grainGenConstants } from '@noble/curves/abstract/poseidon.js';
import { utf8 } from '@medveil/encoding';
import { bytesToInteger, FIELD_ORDER as R } from './field.js';

/** A tag is the ASCII of its name read as a big-endian integer; circuits/circom/tags.circom holds the same numbers. */
const tag = (name: string): bigint => bytesToInteger(utf8(name));

/** What every Poseidon use begins with, so that no value of one kind is a value of another (docs/scheme.md, section 6). */
export const TAGS = {
  observationBucket: tag('medveil/observation-bucket/1'),
  observationNode: tag('medveil/observation-node/1'),
  partsRoot: tag('medveil/parts-root/1'),
  partDigest: tag('medveil/part-digest/1'),
  partDigests: tag('medveil/part-digests/1'),
  subject: tag('medveil/subject/1'),
  blinding: tag('medveil/blinding/1'),
  record: tag('medveil/record/1'),
  attestation: tag('medveil/attestation/1'),
  issuerLeaf: tag('medveil/issuer-leaf/1'),
  issuerNode: tag('medveil/issuer-node/1'),
  policy: tag('medveil/policy/1'),
  claimNullifier: tag('medveil/claim-nullifier/1'),
  domainNullifier: tag('medveil/domain-nullifier/1'),
} as const;

export type Tag = keyof typeof TAGS;

const FULL_ROUNDS = 8;
/** Partial rounds for widths 2, 3, …: Poseidon paper (eprint 2019/458), table 8, for x⁵ over 254 bits, as circomlib rounds them. */
const PARTIAL_ROUNDS = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];

interface Parameters {
  readonly partialRounds: number;
  readonly constants: readonly (readonly bigint[])[];
  readonly matrix: readonly (readonly bigint[])[];
}

const parametersByWidth = new Map<number, Parameters>();

/** Constants by the paper's own generator (Grain), which is what circomlib's are. */
function parametersOf(width: number): Parameters {
  const known = parametersByWidth.get(width);
  if (known !== undefined) return known;
  const partialRounds = PARTIAL_ROUNDS[width - 2];
  if (partialRounds === undefined) throw new RangeError(`Poseidon takes 1 to ${PARTIAL_ROUNDS.length} inputs, not ${width - 1}`);
  const { roundConstants, mds } = grainGenConstants({ Fp: Fr, t: width, roundsFull: FULL_ROUNDS, roundsPartial: partialRounds });
  const found = { partialRounds, constants: roundConstants, matrix: mds };
  parametersByWidth.set(width, found);
  return found;
}

const power5 = (x: bigint): bigint => {
  const square = (x * x) % R;
  return (((square * square) % R) * x) % R;
};

/** The first element of the permuted state (capacity, ...inputs). */
export function permute(capacity: bigint, inputs: readonly bigint[]): bigint {
  const { partialRounds, constants, matrix } = parametersOf(inputs.length + 1);
  let state: readonly bigint[] = [capacity, ...inputs];
  for (const [round, added] of constants.entries()) {
    const full = round < FULL_ROUNDS / 2 || round >= FULL_ROUNDS / 2 + partialRounds;
    const substituted = state.map((x, i) => (full || i === 0 ? power5(x + (added[i] ?? 0n)) : x + (added[i] ?? 0n)));
    state = matrix.map((row) => row.reduce((sum, factor, i) => sum + factor * (substituted[i] ?? 0n), 0n) % R);
  }
  return state[0] ?? 0n;
}

/** Poseidon over BN254 (circomlib's parameters) of up to 16 inputs, the tag as the capacity element of the state. */
export const poseidon = (tagName: Tag, inputs: readonly bigint[]): bigint => permute(TAGS[tagName], inputs);

/** A sponge that overwrites its rate: `Chain` of circuits/circom/hash.circom. */
export function poseidonChain(tagName: Tag, inputs: readonly bigint[], rate: number): bigint {
  let state = TAGS[tagName];
  for (let i = 0; i < inputs.length; i += rate) {
    const block = inputs.slice(i, i + rate);
    state = permute(state, [...block, ...Array.from({ length: rate - block.length }, () => 0n)]);
  }
  return state;
}
