import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { ceremonyError } from '@medveil/eligibility';
import { type MpcCurve, zKey } from 'snarkjs';
import { domainSizeOf } from '../qap.js';
import { parseR1cs } from '../r1cs.js';
import { listenTo, type OnProgress } from './curve.js';
import { readPowersOfTau } from './powers-of-tau.js';
import { prepareFor } from './prepare.js';
import { readZkey, type ZkeyFile } from './zkey-file.js';

/**
 * The key that the first contribution starts from: a function of the circuit and the powers of tau alone, so that
 * everybody can make it again and compare. γ = δ = 1 in it.
 * @param path where it is written; must not exist
 * @throws CodedError `ceremony/unsuitable-powers`, `ceremony/bad-input`
 */
export async function makeInitialKey(curve: MpcCurve, files: { readonly r1cs: string; readonly powersOfTau: string; readonly path: string }, onProgress: OnProgress): Promise<ZkeyFile> {
  const powers = await readPowersOfTau(files.powersOfTau);
  const power = Math.log2(domainSizeOf(await circuitOf(files.r1cs)));
  if (powers.power < power) {
    throw ceremonyError('ceremony/unsuitable-powers', `the circuit needs powers of tau up to 2^${power}; ${powers.path} has 2^${powers.power}`, { path: powers.path, power });
  }
  const work = await mkdtemp(join(tmpdir(), 'medveil-powers-'));
  try {
    const prepared = powers.prepared ? powers.path : join(work, 'prepared.ptau');
    if (!powers.prepared) await prepareFor(curve, powers, power, prepared, onProgress);
    onProgress('initial key');
    const logger = listenTo(onProgress);
    const made = await zKey.newZKey(files.r1cs, prepared, files.path, logger);
    if (made === -1) throw ceremonyError('ceremony/bad-input', `no initial key: ${logger.errors.join('; ')}`);
    return await readZkey(files.path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function circuitOf(path: string) {
  try {
    return parseR1cs(await readFile(path));
  } catch (cause) {
    throw ceremonyError('ceremony/bad-input', `${path} is not a circuit: ${cause instanceof Error ? cause.message : 'unreadable'}`, { path }, { cause });
  }
}
