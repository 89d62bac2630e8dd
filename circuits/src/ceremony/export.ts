import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ceremonyError, compressG1, compressG2, encodeTranscript, parseVerificationKey, type VerificationKey } from '@medveil/eligibility';
import { toHex } from '@medveil/encoding';
import { refuseExisting } from './files.js';
import { type VerifiedCeremony, type VerifyOptions, verifyCeremony } from './verify.js';
import { affineG1, G1_BYTES, SECTION } from './zkey-file.js';

export interface ExportOptions extends VerifyOptions {
  /** A circuit folder as the services read it; must not exist. */
  readonly out: string;
  /** The circuit's witness generator. */
  readonly wasm: string;
}

/**
 * Verifies the ceremony, and only then writes the circuit folder: proving key, verification key, witness generator and
 * the transcript. @throws CodedError as `verifyCeremony`; `ceremony/no-beacon`, `ceremony/exists`
 */
export async function exportKeys(options: ExportOptions): Promise<VerificationKey> {
  const out = resolve(options.out);
  refuseExisting(out);
  const verified = await verifyCeremony(options);
  if (verified.transcript.contributions.at(-1)?.beacon == null) throw ceremonyError('ceremony/no-beacon', 'the beacon comes last, and was not applied yet');
  const verificationKey = verificationKeyOf(verified);
  await mkdir(dirname(out), { recursive: true });
  const work = await mkdtemp(`${out}.partial-`);
  try {
    const done = join(work, 'done');
    await mkdir(done);
    await copyFile(verified.keyPath, join(done, 'proving-key.zkey'));
    await copyFile(options.wasm, join(done, 'circuit.wasm'));
    await writeFile(join(done, 'verification-key.json'), `${JSON.stringify(verificationKey, null, 2)}\n`);
    await writeFile(join(done, 'ceremony.json'), encodeTranscript(verified.transcript));
    await rename(done, out);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return verificationKey;
}

function verificationKeyOf({ transcript, key }: VerifiedCeremony): VerificationKey {
  const ic = key.section(SECTION.ic);
  return parseVerificationKey({
    format: 'medveil/verification-key/1',
    instance: transcript.description.instance,
    development: false,
    contributions: transcript.contributions.map(({ hash }) => hash),
    alpha: toHex(compressG1(key.alpha1)),
    beta: toHex(compressG2(key.beta2)),
    gamma: toHex(compressG2(key.gamma2)),
    delta: toHex(compressG2(key.delta2)),
    ic: Array.from({ length: ic.length / G1_BYTES }, (_, i) => toHex(compressG1(affineG1(ic.subarray(i * G1_BYTES, (i + 1) * G1_BYTES))))),
  });
}
