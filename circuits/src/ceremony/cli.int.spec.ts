import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseVerificationKey } from '@medveil/eligibility';
import { compileTiny, makePowersOfTau } from './testing.js';

const SCRIPT = fileURLToPath(new URL('../../../scripts/ceremony.mjs', import.meta.url));

/** npm run ceremony -- … */
const run = (...args: string[]): Promise<{ exitCode: number; out: string; err: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], (error, out, err) => resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, out, err }));
  });

describe('npm run ceremony', () => {
  let home = '';
  const path = (name: string) => join(home, name);
  const circuit = () => ['--circuit', 'small', '--r1cs', path('tiny.r1cs')];
  let powers: string[] = [];

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'medveil-ceremony-cli-'));
    await compileTiny(home, 'tiny', 3);
    await makePowersOfTau(home);
    powers = ['--ptau', path('raw.ptau'), '--checksum', createHash('blake2b512').update(await readFile(path('raw.ptau'))).digest('hex')];
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    await writeFile(path('north.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(path('dice.txt'), '4 2 6 6 1');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
    await writeFile(path('members.json'), JSON.stringify([{ name: 'north', publicKey: raw }]));
  });
  after(async () => rm(home, { recursive: true, force: true }));

  it('goes from new to a circuit folder, one command a step', async () => {
    const folder = path('held');
    const steps = [
      ['new', folder, '--name', 'by hand', ...circuit(), ...powers, '--members', path('members.json'), '--beacon', 'tomorrow', '--beacon-iterations', '10'],
      ['contribute', folder, '--name', 'north', '--key', path('north.pem'), '--entropy-file', path('dice.txt')],
      ['beacon', folder, '--value', 'ab'.repeat(32)],
      ['verify', folder, ...circuit(), ...powers, '--members', path('members.json')],
      ['export', folder, ...circuit(), '--wasm', path('tiny.wasm'), ...powers, '--out', path('exported')],
    ];
    const outputs: string[] = [];
    for (const step of steps) {
      const { exitCode, out, err } = await run(...step);
      assert.equal(exitCode, 0, err);
      outputs.push(out);
    }
    assert.match(outputs[1] ?? '', /^step 1 by north, attested: [0-9a-f]{64}$/m);
    assert.match(outputs[3] ?? '', /"by hand" for small is sound; it is complete/);
    assert.deepEqual((await readdir(path('exported'))).toSorted(), ['ceremony.json', 'circuit.wasm', 'proving-key.zkey', 'verification-key.json']);
    assert.equal(parseVerificationKey(JSON.parse(await readFile(join(path('exported'), 'verification-key.json'), 'utf8'))).development, false);
  });

  it('says what is wrong, in a line and with a code', async () => {
    const wrong: [string[], number, RegExp][] = [
      [['verify', path('nowhere'), ...circuit(), ...powers], 1, /^ceremony\/bad-input: .*nowhere cannot be read$/m],
      [['new', path('x'), '--name', 'x', ...circuit(), ...powers.slice(0, 2), '--members', path('members.json'), '--beacon', 'x'], 1, /^ceremony\/wrong-checksum: /m],
      [['contribute', path('nowhere'), '--name', 'north'], 1, /give --key, or --vault and --vault-key, or --not-a-member/],
      [['contribute', path('nowhere'), '--name', 'north', '--key', path('dice.txt')], 1, /^ceremony\/bad-input: .*dice\.txt must hold an Ed25519 private key/m],
      [['new', path('x'), '--circuit', 'huge'], 1, /Allowed choices are small, everyday/],
    ];
    for (const [args, code, message] of wrong) {
      const { exitCode, err } = await run(...args);
      assert.equal(exitCode, code);
      assert.match(err, message);
      assert.doesNotMatch(err, /^\s+at /m);
    }
  });
});
