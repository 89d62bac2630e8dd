import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PUBLIC_INPUT_COUNT } from '@medveil/eligibility';
import { powersOfTau } from 'snarkjs';
import { compileCircuit } from '../compile.js';
import { withCurve } from './curve.js';

/** Large enough for the tiny circuit. */
export const POWER = 6;

/** As many public inputs as the eligibility circuit has, so that its verifier takes the proofs, and next to nothing else. */
const circom = (factor: number) => `pragma circom 2.1.6;
template Tiny(n) {
  signal input x[n];
  signal input w;
  signal y[n];
  for (var i = 0; i < n; i++) { y[i] <== (x[i] + ${factor}) * (w + i); }
  w * w === x[0];
}
component main {public [x]} = Tiny(${PUBLIC_INPUT_COUNT});
`;

/** For specs: NAME.r1cs and NAME.wasm; another factor makes another circuit. */
export async function compileTiny(folder: string, name: string, factor: number): Promise<void> {
  const work = join(folder, `${name}-sources`);
  await mkdir(work);
  const prepare = (sources: string) => writeFile(join(sources, 'circuit.circom'), circom(factor));
  const { r1cs, wasm } = await compileCircuit({ name, slots: 2, depth: 1, tops: 0, issuerDepth: 1, constraints: 1 }, work, { prepare });
  await writeFile(join(folder, `${name}.r1cs`), r1cs);
  await writeFile(join(folder, `${name}.wasm`), wasm);
}

/** For specs: raw.ptau, of one contribution. */
export const makePowersOfTau = (folder: string): Promise<Uint8Array> =>
  withCurve(async (curve) => {
    await powersOfTau.newAccumulator(curve, POWER, join(folder, 'first.ptau'));
    return powersOfTau.contribute(join(folder, 'first.ptau'), join(folder, 'raw.ptau'), 'test', 'only a test');
  });
