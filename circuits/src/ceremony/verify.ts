import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ceremonyError, type CeremonyTranscript, checkTranscript } from '@medveil/eligibility';
import { verifySignature } from '@medveil/identity';
import type { MpcCurve } from 'snarkjs';
import { checkBeacon } from './beacon.js';
import { type OnProgress, withCurve } from './curve.js';
import { hashFile } from './files.js';
import { lastStep, type StepFiles, stepsIn } from './folder.js';
import { makeInitialKey } from './initial-key.js';
import { compareContributions, compareKeys } from './key-elements.js';
import { checkPowersOfTau } from './powers-of-tau.js';
import { readZkey, type ZkeyFile } from './zkey-file.js';

export interface VerifyOptions {
  readonly folder: string;
  readonly r1cs: string;
  readonly powersOfTau: string;
  readonly checksum?: string;
  /** Ed25519 keys in hexadecimal of those whose attestations count; default: those that the ceremony lists. */
  readonly memberKeys?: readonly string[];
  readonly onProgress: OnProgress;
}

export interface VerifiedCeremony {
  readonly transcript: CeremonyTranscript;
  readonly key: ZkeyFile;
  readonly keyPath: string;
}

/**
 * Checks a ceremony whole, trusting nobody who took part: from the circuit and the powers of tau to the last key.
 * @throws CodedError `ceremony/…` for what fails first, with the step's `index` and `name` where it is one's fault
 */
export async function verifyCeremony({ folder, r1cs, powersOfTau, checksum, memberKeys, onProgress }: VerifyOptions): Promise<VerifiedCeremony> {
  const last = await lastStep(folder);
  const transcript = last.content;
  const { description, contributions } = transcript;
  onProgress(`${description.name}: ${contributions.length} steps for ${description.instance.name}`);
  if ((await checkPowersOfTau(powersOfTau, checksum, onProgress)) !== description.powersOfTau.checksum) {
    throw ceremonyError('ceremony/wrong-checksum', 'the ceremony was held on another powers-of-tau file', { path: powersOfTau });
  }
  if ((await hashFile(r1cs, 'sha256', onProgress)) !== description.constraintSystem) {
    throw ceremonyError('ceremony/other-circuit', `${r1cs} is not the circuit that the ceremony was held for`, { path: r1cs });
  }
  onProgress('proofs and attestations');
  checkTranscript(transcript, verifySignature);
  checkMembers(transcript, memberKeys);
  for (const contribution of contributions) if (contribution.beacon !== null) await checkBeacon(contribution, description.beacon.iterationsExponent, onProgress);
  const work = await mkdtemp(join(tmpdir(), 'medveil-ceremony-'));
  try {
    const key = await withCurve(async (curve) => {
      const initial = await makeInitialKey(curve, { r1cs, powersOfTau, path: join(work, 'initial.zkey') }, onProgress);
      if (initial.circuitHash !== description.circuitHash) throw ceremonyError('ceremony/other-circuit', 'the ceremony did not begin with this circuit\'s initial key');
      return checkKeys(curve, initial, { last, folder, onProgress });
    });
    return { transcript, key, keyPath: last.key };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function checkMembers({ contributions }: CeremonyTranscript, memberKeys: readonly string[] | undefined): void {
  if (memberKeys === undefined) return;
  if (contributions.some(({ attestation }) => attestation !== null && memberKeys.includes(attestation.publicKey))) return;
  throw ceremonyError('ceremony/unknown-member', 'none of the given members took part');
}

interface KeysToCheck {
  readonly last: StepFiles & { readonly content: CeremonyTranscript };
  readonly folder: string;
  readonly onProgress: OnProgress;
}

/** The last key decides. Where it is wrong, the keys of the steps before it, as far as they are in the folder, say whose step made it so. */
async function checkKeys(curve: MpcCurve, initial: ZkeyFile, { last, folder, onProgress }: KeysToCheck): Promise<ZkeyFile> {
  onProgress(`key of step ${last.index}`);
  const fault = await faultOf(curve, initial, last, last.content, onProgress);
  if (fault === undefined) return readZkey(last.key);
  for (const step of await stepsIn(folder)) {
    onProgress(`key of step ${step.index}`);
    const found = step.index === last.index ? fault : await faultOf(curve, initial, step, last.content, onProgress);
    if (found === undefined) continue;
    const name = last.content.contributions[step.index - 1]?.name ?? 'the coordinator';
    throw ceremonyError(found.code, `the key of step ${step.index}, by ${name}: ${found.message}`, { index: step.index, name });
  }
  throw ceremonyError(fault.code, fault.message);
}

async function faultOf(curve: MpcCurve, initial: ZkeyFile, step: StepFiles, { description, contributions }: CeremonyTranscript, onProgress: OnProgress) {
  const key = await readZkey(step.key);
  const soFar = { format: 'medveil/ceremony/1' as const, description, contributions: contributions.slice(0, step.index) };
  const fault = compareContributions(key, soFar) ?? (await compareKeys(curve, initial, key));
  const recorded = contributions[step.index - 1]?.keyFile;
  if (fault !== undefined || recorded === undefined || (await hashFile(step.key, 'sha256', onProgress)) === recorded) return fault;
  return { code: 'ceremony/tampered-key' as const, message: 'the file is not the one that the transcript records' };
}
