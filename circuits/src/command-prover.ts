import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { groth16 } from 'snarkjs';

/**
 * For specs: snarkjs behind rapidsnark's command line, `command-prover.js MODE ZKEY WITNESS PROOF PUBLIC`. It takes only
 * a witness that has no name and can be mapped. MODE: `prove`, `fail`, `hang`, `garbage`.
 */
const [, , mode, zkey = '', witness = '', proofFile = '', publicFile = ''] = process.argv;

const descriptor = openSync(witness, 'r');
const { nlink, size } = fstatSync(descriptor);
closeSync(descriptor);
if (mode === 'fail' || nlink !== 0 || size === 0) process.exit(1);
if (mode === 'hang') setInterval(() => undefined, 60_000);
if (mode === 'garbage') writeFileSync(proofFile, '{"pi_a": ["1"]}');
if (mode === 'prove') {
  const { proof, publicSignals } = await groth16.prove(zkey, new Uint8Array(readFileSync(witness)), undefined, { singleThread: true });
  writeFileSync(proofFile, JSON.stringify(proof));
  writeFileSync(publicFile, JSON.stringify(publicSignals));
  process.exit();
}
