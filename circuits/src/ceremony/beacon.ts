import { createHash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { ceremonyError, type Contribution, formatG1, SeededDraws } from '@medveil/eligibility';
import { fromHex } from '@medveil/encoding';
import type { OnProgress } from './curve.js';

const REPORT_EVERY = 1 << 18;

/** SHA-256, iterated 2^exponent times. */
export async function iterateHash(value: Uint8Array, exponent: number, onProgress: OnProgress): Promise<Uint8Array> {
  const total = 2 ** exponent;
  let hash: Uint8Array = value;
  for (let i = 0; i < total; i += 1) {
    hash = createHash('sha256').update(hash).digest();
    if (i % REPORT_EVERY !== 0) continue;
    onProgress('hash of the beacon', i / total);
    await breathe();
  }
  return hash;
}

/**
 * The beacon's factor follows from its public value: whoever likes computes it, and so the proof, again.
 * @throws CodedError `ceremony/wrong-beacon`
 */
export async function checkBeacon({ index, name, beacon, proof }: Contribution, announcedExponent: number, onProgress: OnProgress): Promise<void> {
  const wrong = (what: string) => ceremonyError('ceremony/wrong-beacon', `contribution ${index}, the beacon: ${what}`, { index, name });
  if (beacon === null) throw wrong('it is not one');
  if (beacon.iterationsExponent !== announcedExponent) throw wrong(`its hash was iterated 2^${beacon.iterationsExponent} times, 2^${announcedExponent} were announced`);
  const draws = new SeededDraws(await iterateHash(fromHex(beacon.value), beacon.iterationsExponent, onProgress));
  const factor = draws.scalar();
  const s = draws.g1();
  if (formatG1(s) !== proof.s || formatG1(s.multiply(factor)) !== proof.sx) throw wrong('its factor does not follow from the public value');
}
