import { createHash } from 'node:crypto';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import {
  ATTESTATION_DOMAIN, attestedStatement, type CeremonyDescription, ceremonyError, type CeremonyTranscript, checkSteps, type Contribution, contributionHash,
  contributorNameSchema, descriptionSchema, encodeTranscript, lastHash,
} from '@medveil/eligibility';
import { type RandomBytes, toHex } from '@medveil/encoding';
import { sign, type SigningKeyPair, verifySignature } from '@medveil/identity';
import { zKey } from 'snarkjs';
import type { z } from 'zod';
import { listenTo, type OnProgress, withCurve } from './curve.js';
import { hashFile, place, refuseExisting } from './files.js';
import { lastStep, type StepFiles, stepFiles } from './folder.js';
import { makeInitialKey } from './initial-key.js';
import { compareContributions } from './key-elements.js';
import { checkPowersOfTau } from './powers-of-tau.js';
import { G1_BYTES, readZkey, SECTION, type ZkeyFile } from './zkey-file.js';

const givenSchema = descriptionSchema.pick({ name: true, instance: true, members: true, beacon: true });

export interface NewCeremony {
  readonly folder: string;
  readonly r1cs: string;
  readonly powersOfTau: string;
  /** Published BLAKE2b-512 of the powers-of-tau file, unless it is one of `knownPowersOfTau`. */
  readonly checksum?: string;
  readonly description: z.input<typeof givenSchema>;
  readonly onProgress: OnProgress;
}

/** Step 0: the initial key and the description. @throws CodedError `ceremony/…` */
export async function newCeremony({ folder, r1cs, powersOfTau, checksum: given, description, onProgress }: NewCeremony): Promise<CeremonyTranscript> {
  const step = stepFiles(folder, 0);
  refuseExisting(step.key, step.transcript);
  const parsed = givenSchema.safeParse(description);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw ceremonyError('ceremony/bad-input', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`);
  }
  const checksum = await checkPowersOfTau(powersOfTau, given, onProgress);
  await mkdir(folder, { recursive: true });
  return writingStep(step, async (partial) => {
    const key = await withCurve((curve) => makeInitialKey(curve, { r1cs, powersOfTau, path: partial }, onProgress));
    const constraintSystem = await hashFile(r1cs, 'sha256', onProgress);
    const powers = { checksum, power: Math.log2(key.domainSize) };
    return { format: 'medveil/ceremony/1', description: { ...parsed.data, constraintSystem, powersOfTau: powers, circuitHash: key.circuitHash }, contributions: [] };
  });
}

export interface ContributionOptions {
  readonly folder: string;
  readonly name: string;
  /** Signs the attestation; null: a contribution by somebody who is not a member. */
  readonly key: SigningKeyPair | null;
  /** Whatever the contributor wants to mix in besides the system's randomness; overwritten with zeros afterwards. */
  readonly entropy: Uint8Array;
  readonly random: RandomBytes;
  readonly onProgress: OnProgress;
}

/** A member's step: multiplies δ by a fresh factor that nobody else learns. @throws CodedError `ceremony/…` */
export async function contribute({ folder, name, key, entropy, random, onProgress }: ContributionOptions): Promise<Contribution> {
  const fresh = random(64);
  const seed = createHash('blake2b512').update(fresh).update(entropy).digest();
  const text = seed.toString('hex');
  for (const secret of [fresh, entropy, seed]) secret.fill(0);
  return addStep({ folder, name, key, onProgress }, (from, partial) => zKey.contribute(from, partial, name, text, listenTo(onProgress)));
}

/** Takes a key to which somebody contributed with snarkjs itself, on the last step's, as the next step. @throws CodedError `ceremony/…` */
export async function adopt(options: Omit<ContributionOptions, 'entropy' | 'random'> & { readonly made: string }): Promise<Contribution> {
  return addStep(options, (_from, partial) => copyFile(options.made, partial));
}

export interface BeaconOptions {
  readonly folder: string;
  /** The public random value, in hexadecimal. */
  readonly value: string;
  readonly onProgress: OnProgress;
}

const BEACON_NAME = 'beacon';

/** The last step. @throws CodedError `ceremony/…` */
export async function applyBeacon({ folder, value, onProgress }: BeaconOptions): Promise<Contribution> {
  if (!/^([0-9a-f]{2}){16,128}$/.test(value)) throw ceremonyError('ceremony/wrong-beacon', 'the public random value must be 16 to 128 bytes in lower-case hexadecimal');
  return addStep({ folder, name: BEACON_NAME, key: null, onProgress }, (from, partial, { beacon }) =>
    zKey.beacon(from, partial, BEACON_NAME, value, beacon.iterationsExponent, listenTo(onProgress)),
  );
}

type Work = (from: string, partial: string, description: CeremonyDescription) => Promise<unknown>;

async function addStep({ folder, name, key, onProgress }: Pick<ContributionOptions, 'folder' | 'name' | 'key' | 'onProgress'>, work: Work): Promise<Contribution> {
  const last = await lastStep(folder);
  const { content } = last;
  const before = await checkIncoming(last, content, onProgress);
  requireMember(content.description, name, key);
  const next = stepFiles(folder, last.index + 1);
  refuseExisting(next.key, next.transcript);
  const transcript = await writingStep(next, async (partial) => {
    onProgress(`${(before.section(SECTION.l).length + before.section(SECTION.h).length) / G1_BYTES} elements of the key, in two parts, L and H`);
    await withCurve(() => work(last.key, partial, content.description));
    const contribution = await recordStep(content, await readZkey(partial), { name, key, keyFile: await hashFile(partial, 'sha256', onProgress) });
    const extended = { ...content, contributions: [...content.contributions, contribution] };
    checkSteps(extended, verifySignature);
    return extended;
  });
  return transcript.contributions.at(-1) as Contribution;
}

/** A contributor on a machine of their own finds here that what they were sent is not what the last step left. */
async function checkIncoming(last: StepFiles, transcript: CeremonyTranscript, onProgress: OnProgress): Promise<ZkeyFile> {
  const before = transcript.contributions.at(-1);
  if (before?.beacon != null) throw ceremonyError('ceremony/wrong-beacon', 'the beacon was applied: the ceremony is over');
  checkSteps(transcript, verifySignature);
  if (before !== undefined && (await hashFile(last.key, 'sha256', onProgress)) !== before.keyFile) {
    throw ceremonyError('ceremony/tampered-key', `${last.key} is not the key that contribution ${before.index} by ${before.name} made`, { index: before.index, name: before.name });
  }
  const key = await readZkey(last.key);
  requireContributionsOf(key, transcript);
  return key;
}

function requireContributionsOf(key: ZkeyFile, transcript: CeremonyTranscript): void {
  const fault = compareContributions(key, transcript);
  if (fault !== undefined) throw ceremonyError(fault.code, fault.message);
}

function requireMember({ members }: CeremonyDescription, name: string, key: SigningKeyPair | null): void {
  const parsed = contributorNameSchema.safeParse(name);
  if (!parsed.success) throw ceremonyError('ceremony/bad-input', `name: ${parsed.error.issues[0]?.message ?? 'malformed'}`);
  if (key === null || members.some((member) => member.name === name && member.publicKey === toHex(key.publicKey))) return;
  throw ceremonyError('ceremony/unknown-member', `the ceremony lists no member ${name} with this key; it lists ${members.map((member) => member.name).join(', ')}`, { name });
}

async function recordStep(before: CeremonyTranscript, made: ZkeyFile, { name, key, keyFile }: { name: string; key: SigningKeyPair | null; keyFile: string }): Promise<Contribution> {
  const last = made.contributions.at(-1);
  if (last === undefined || made.contributions.length !== before.contributions.length + 1) {
    throw ceremonyError('ceremony/other-contributions', `the key has ${made.contributions.length} contributions where ${before.contributions.length + 1} are expected`);
  }
  requireContributionsOf({ ...made, contributions: made.contributions.slice(0, -1) }, before);
  const content = { index: made.contributions.length, name, previous: lastHash(before), proof: last.proof, keyFile, beacon: last.beacon };
  const hash = toHex(contributionHash(content));
  const attestation = key === null ? null : {
    publicKey: toHex(key.publicKey),
    signature: toHex(sign(key, ATTESTATION_DOMAIN, attestedStatement(before.description, { ...content, hash }))),
  };
  return { ...content, hash, attestation };
}

/** Key first, transcript last, each under its name only when it is whole. */
async function writingStep(step: StepFiles, work: (partial: string) => Promise<CeremonyTranscript>): Promise<CeremonyTranscript> {
  const [partialKey, partialTranscript] = [`${step.key}.partial`, `${step.transcript}.partial`];
  try {
    await Promise.all([partialKey, partialTranscript].map((path) => rm(path, { force: true })));
    const transcript = await work(partialKey);
    await writeFile(partialTranscript, encodeTranscript(transcript));
    await place(partialKey, step.key);
    await place(partialTranscript, step.transcript);
    return transcript;
  } finally {
    await Promise.all([partialKey, partialTranscript].map((path) => rm(path, { force: true })));
  }
}
