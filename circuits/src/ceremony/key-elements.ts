import { randomBytes } from 'node:crypto';
import { type CeremonyErrorCode, type CeremonyTranscript, GENERATOR_G1, GENERATOR_G2, parseG1, parseG2, type PointG1, sameRatio } from '@medveil/eligibility';
import { equalBytes } from '@medveil/encoding';
import type { MpcCurve } from 'snarkjs';
import { affineG1, G1_BYTES, SECTION, uncompressedG1, uncompressedG2, type ZkeyFile } from './zkey-file.js';

/** What is wrong with a key. */
export interface KeyFault {
  readonly code: CeremonyErrorCode;
  readonly message: string;
}

const UNCHANGED = { ic: SECTION.ic, coefficients: SECTION.coefficients, A: SECTION.a, B1: SECTION.b1, B2: SECTION.b2 } as const;
const DIVIDED = { L: SECTION.l, H: SECTION.h } as const;
/** Weights of 128 bits: wrong elements pass with probability 2^-128. */
const WEIGHT_BYTES = 16;

const fault = (code: CeremonyErrorCode, message: string): KeyFault => ({ code, message });

/** Whether a key file records the contributions of the transcript, for its circuit. */
export function compareContributions(key: ZkeyFile, { description, contributions }: CeremonyTranscript): KeyFault | undefined {
  if (key.circuitHash !== description.circuitHash) return fault('ceremony/other-circuit', 'the key file is for another circuit than the ceremony');
  const same = key.contributions.length === contributions.length
    && key.contributions.every(({ proof }, i) => JSON.stringify(proof) === JSON.stringify(contributions[i]?.proof));
  return same ? undefined : fault('ceremony/other-contributions', 'the key file records other contributions than the transcript');
}

/**
 * Whether a key is the initial one with δ put in: everything but δ, L and H is as it was, δ is the same in both groups and
 * what the contributions say, and the elements of L and H were divided by it (checked together, randomly weighted).
 */
export async function compareKeys(curve: MpcCurve, initial: ZkeyFile, key: ZkeyFile): Promise<KeyFault | undefined> {
  if (key.circuitHash !== initial.circuitHash || key.wires !== initial.wires || key.publicInputs !== initial.publicInputs || key.domainSize !== initial.domainSize) {
    return fault('ceremony/other-circuit', 'it is for another circuit');
  }
  if (pointsOfPowers(key) !== pointsOfPowers(initial)) return fault('ceremony/tampered-key', 'its alpha, beta or gamma is not that of the powers of tau');
  for (const [name, id] of Object.entries(UNCHANGED)) {
    if (!equalBytes(key.section(id), initial.section(id))) return fault('ceremony/tampered-key', `its elements ${name} are not the circuit's`);
  }
  const [delta1, delta2] = [parseG1(uncompressedG1(key.delta1)), parseG2(uncompressedG2(key.delta2))];
  const proved = key.contributions.at(-1)?.proof.deltaAfter ?? uncompressedG1(initial.delta1);
  if (delta1 === undefined || uncompressedG1(key.delta1) !== proved) return fault('ceremony/wrong-delta', 'its delta in G1 is not what the contributions multiplied');
  if (delta2 === undefined || !sameRatio([GENERATOR_G1, delta1], [GENERATOR_G2, delta2])) return fault('ceremony/wrong-delta', 'its delta in G2 is not that in G1');
  for (const [name, id] of Object.entries(DIVIDED)) {
    const [before, after] = [initial.section(id), key.section(id)];
    if (before.length !== after.length || !allOnCurve(curve, after)) return fault('ceremony/tampered-key', `its elements ${name} are not points of G1, or too few`);
    const weights = new Uint8Array(randomBytes((before.length / G1_BYTES) * WEIGHT_BYTES));
    const [sumBefore, sumAfter] = [await weightedSum(curve, before, weights), await weightedSum(curve, after, weights)];
    const bothZero = sumBefore === undefined && sumAfter === undefined;
    const divided = sumBefore !== undefined && sumAfter !== undefined && sameRatio([sumAfter, sumBefore], [GENERATOR_G2, delta2]);
    if (!bothZero && !divided) return fault('ceremony/tampered-key', `its elements ${name} were not divided by delta`);
  }
  return undefined;
}

const pointsOfPowers = ({ alpha1, beta1, beta2, gamma2 }: ZkeyFile): string => [alpha1, beta1, ...beta2, ...gamma2].flat().join();

function allOnCurve({ G1 }: MpcCurve, points: Uint8Array): boolean {
  for (let i = 0; i < points.length; i += G1_BYTES) if (!G1.isValid(points.subarray(i, i + G1_BYTES))) return false;
  return true;
}

/** @returns undefined for infinity */
async function weightedSum({ G1 }: MpcCurve, points: Uint8Array, weights: Uint8Array): Promise<PointG1 | undefined> {
  if (points.length === 0) return undefined;
  const sum = await G1.multiExpAffine(points, weights);
  return G1.isZero(sum) ? undefined : parseG1(uncompressedG1(affineG1(G1.toAffine(sum))));
}
