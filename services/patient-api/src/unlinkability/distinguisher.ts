/**
 * Somebody who reads everything that the ledger and the proxy show, and guesses which two pseudonyms are one patient. Pairs are compared feature by
 * feature; how much each feature is worth is learned on patients whose pseudonyms the adversary knows (its own accomplices), and
 * used on the others.
 */
import { equalBytes } from '@medveil/encoding';
import type { SeenPseudonym } from './crowd.js';

/** How alike two pseudonyms are; more is more alike. */
type Feature = (a: SeenPseudonym, b: SeenPseudonym) => number;

const near = (a: number, b: number): number => -Math.log1p(Math.abs(a - b));
const asNumber = (bytes: Uint8Array): number => Buffer.from(bytes).readUIntBE(0, 6);
const RUN_BYTES = 6;
/** So many runs come of nine bytes in common. Single ones come of chance: where a run begins with what all have, little of it is left to differ. */
const LEAST_RUNS = 4;

/** Whether two have bytes in common that hardly anybody else has. */
function sharedRuns(a: SeenPseudonym, b: SeenPseudonym): number {
  let shared = 0;
  for (const run of a.runs) if (b.runs.has(run)) shared += 1;
  return shared >= LEAST_RUNS ? 1 : 0;
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);
const bitsApart = (a: Uint8Array, b: Uint8Array): number => a.reduce((sum, byte, at) => sum + (ONES[byte ^ (b[at] ?? 0)] ?? 0), 0);

export const FEATURES = {
  'time of registration': (a, b) => near(a.registration.timeMs, b.registration.timeMs),
  'time of the claim': (a, b) => near(a.claim.timeMs, b.claim.timeMs),
  'time between both': (a, b) => near(a.claim.timeMs - a.registration.timeMs, b.claim.timeMs - b.registration.timeMs),
  'place in the chain': (a, b) => near(a.registration.position, b.registration.position),
  'place among the claims on a requirement': (a, b) => near(a.claim.rank, b.claim.rank),
  'end of validity against the time of the block': (a, b) => near(a.claim.validForMs, b.claim.validForMs),
  'sizes of transactions': (a, b) => near(a.registration.bytes.length + a.claim.bytes.length, b.registration.bytes.length + b.claim.bytes.length),
  'sizes of bodies': (a, b) => near(a.bodyBytes, b.bodyBytes),
  nonces: (a, b) => near(a.registration.nonce + a.claim.nonce, b.registration.nonce + b.claim.nonce),
  'epoch of the T-Cert': (a, b) => near(a.certificate.notBeforeMs, b.certificate.notBeforeMs) + near(a.certificate.notAfterMs, b.certificate.notAfterMs),
  'serial of the T-Cert': (a, b) => near(asNumber(a.certificate.serial), asNumber(b.certificate.serial)),
  keys: (a, b) => -bitsApart(a.certificate.accountKey, b.certificate.accountKey) - bitsApart(a.ownerKey, b.ownerKey),
  'commitments and nullifiers': (a, b) => -bitsApart(a.record, b.record) - bitsApart(a.claimNullifier, b.claimNullifier),
  'nullifiers of domains': (a, b) => a.domainNullifiers.filter((mine) => b.domainNullifiers.some((other) => equalBytes(mine, other))).length,
  'runs of bytes': sharedRuns,
} as const satisfies Record<string, Feature>;

export type FeatureName = keyof typeof FEATURES;
export const FEATURE_NAMES = Object.keys(FEATURES) as FeatureName[];

/** The runs of a pseudonym's bytes that at most two pseudonyms have: what all have says nothing. */
export function fillRuns(crowd: readonly SeenPseudonym[]): void {
  const counts = new Map<number, number>();
  const all = crowd.map((seen) => ({ seen, runs: runsOf(seen) }));
  for (const { runs } of all) for (const run of runs) counts.set(run, (counts.get(run) ?? 0) + 1);
  for (const { seen, runs } of all) for (const run of runs) if (counts.get(run) === 2) seen.runs.add(run);
}

function runsOf({ registration, claim, bodyHeader }: SeenPseudonym): Set<number> {
  const bytes = Buffer.concat([registration.bytes, claim.bytes, bodyHeader]);
  const runs = new Set<number>();
  for (let at = 0; at + RUN_BYTES <= bytes.length; at += 1) runs.add(bytes.readUIntBE(at, RUN_BYTES));
  return runs;
}

/** Row i, column j: how alike the i-th pseudonym of the one requirement and the j-th of the other are. */
type Matrix = readonly (readonly number[])[];

function matrixOf(feature: Feature, rows: readonly SeenPseudonym[], columns: readonly SeenPseudonym[]): Matrix {
  const raw = rows.map((row) => columns.map((column) => feature(row, column)));
  const all = raw.flat();
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
  return raw.map((row) => row.map((value) => (deviation === 0 ? 0 : (value - mean) / deviation)));
}

/** How far the pairs that are one patient stand out, learned where it is known; a feature that says nothing gets next to nothing. */
const weightOf = (known: Matrix): number => known.reduce((sum, row, at) => sum + (row[at] ?? 0), 0) / known.length;

export interface Guess {
  /** The share of wrong partners that are less alike than the right one, over all patients: 1/2 is chance. */
  readonly success: number;
  /** How often as much success or more comes of matching the same pseudonyms at random. */
  readonly p: number;
}

/**
 * The partner of each pseudonym is sought among all pseudonyms of the other requirement. Under the null hypothesis, that what is shown says nothing
 * about who is who, the true matching is as good as any other: the permutation test is exact, whatever the features are.
 * @param crowd of one requirement and of the other, in the order of the patients; the first `known` are the adversary's own
 * @param permutations how many random matchings the true one is compared with
 */
export function distinguish(
  [one, other]: readonly [readonly SeenPseudonym[], readonly SeenPseudonym[]],
  { names, known, permutations, draw }: { readonly names: readonly FeatureName[]; readonly known: number; readonly permutations: number; readonly draw: () => number },
): Guess {
  const matrices = names.map((name) => {
    const whole = matrixOf(FEATURES[name], one, other);
    const weight = weightOf(whole.slice(0, known).map((row) => row.slice(0, known)));
    return whole.slice(known).map((row) => row.slice(known).map((value) => value * weight));
  });
  const scores = one.slice(known).map((_, row) => other.slice(known).map((__, column) => matrices.reduce((sum, matrix) => sum + (matrix[row]?.[column] ?? 0), 0)));
  const ranks = scores.map(ranksOf);
  const successOf = (partner: readonly number[]): number => ranks.reduce((sum, row, at) => sum + (row[partner[at] ?? 0] ?? 0), 0) / ranks.length;
  const partner = ranks.map((_, at) => at);
  const success = successOf(partner);
  let asGood = 1;
  for (let round = 0; round < permutations; round += 1) {
    shuffle(partner, draw);
    if (successOf(partner) >= success - 1e-12) asGood += 1;
  }
  return { success, p: asGood / (permutations + 1) };
}

/** For each partner the share of the others that are less alike; equals count half. */
const ranksOf = (row: readonly number[]): number[] =>
  row.map((value) => (row.filter((other) => other < value).length + (row.filter((other) => other === value).length - 1) / 2) / (row.length - 1));

/** In place (Fisher, Yates). */
export function shuffle(items: number[], draw: () => number): void {
  for (let at = items.length - 1; at > 0; at -= 1) {
    const other = Math.floor(draw() * (at + 1));
    const held = items[at] as number;
    items[at] = items[other] as number;
    items[other] = held;
  }
}

/** Numbers of [0, 1) that repeat with the seed (mulberry32): many, and for nothing secret. */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
