import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createVerifiers, DEFAULT_PARAMETERS, genesisEntries } from '@medveil/agreements';
import { type CeremonyTranscript, encodeTranscript, loadVerifier, PART_TYPES, type VerificationKey, verificationKeyHash } from '@medveil/eligibility';
import { heldCeremony } from '@medveil/eligibility/testing';
import { isCodedError, toBase64Url } from '@medveil/encoding';
import { sign, signingKeyFromSeed } from '@medveil/identity';
import { createGenesis } from '@medveil/ledger';
import { afgh06, loadEngine } from '@medveil/pre';
import { loadVerifiers, type Network, readCircuitFolders } from './index.js';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const keyPair = () => signingKeyFromSeed(random(32));
const withCode = (code: string) => (error: unknown) => {
  assert.ok(isCodedError(error), String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

describe('keys that a service loads', () => {
  const operators = [keyPair(), keyPair()];
  const members = (keys: typeof operators) => keys.map((key, index) => ({ name: `member ${index}`, publicKey: key.publicKey, sign: (domain: string, message: Uint8Array) => sign(key, domain, message) }));
  const { transcript, key } = heldCeremony(members(operators), random);
  const elsewhere = heldCeremony(members([keyPair(), keyPair()]), random);
  const development: VerificationKey = { ...key, development: true, contributions: [] };
  let home = '';
  let genesis = '';

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'medveil-circuits-'));
    await loadVerifier();
    const verifiers = createVerifiers({ pre: afgh06(await loadEngine()), verificationKeys: [] });
    const state = genesisEntries({
      chainId: 'test', pkgPublicKey: keyPair().publicKey, pkgAccountKey: keyPair().publicKey, feeAccountKey: keyPair().publicKey, members: [],
      consortium: operators.map(({ publicKey }, index) => ({ accountKey: publicKey, name: `member ${index}` })),
      verificationKeys: [{ instance: key.instance.name, hash: verificationKeyHash(key), development: false }], voucherKeys: [], allowDevelopmentKeys: false,
      registry: { domains: [], parts: Object.fromEntries(PART_TYPES.map((part) => [part, null])) as never }, issuerRoot: null, parameters: DEFAULT_PARAMETERS, startedAtMs: 1,
    }, verifiers);
    const replicaSet = Array.from({ length: 4 }, (_, index) => ({ id: `replica-${index}`, publicKey: keyPair().publicKey }));
    genesis = toBase64Url(createGenesis({ version: 1, chainId: 'test', timeMs: 1, replicaSet, parameters: null, state }).bytes);
  });
  after(async () => rm(home, { recursive: true, force: true }));

  const networkOf = (pinned: VerificationKey, ceremony?: CeremonyTranscript) => ({
    genesis, verificationKeys: { [pinned.instance.name]: JSON.stringify(pinned) }, ...(ceremony === undefined ? {} : { ceremonies: { [pinned.instance.name]: encodeTranscript(ceremony) } }),
  }) as unknown as Network;

  async function folderOf(name: string, files: { key: VerificationKey; ceremony?: CeremonyTranscript }): Promise<string> {
    const folder = join(home, name);
    await mkdir(folder);
    await writeFile(join(folder, 'verification-key.json'), JSON.stringify(files.key));
    if (files.ceremony !== undefined) await writeFile(join(folder, 'ceremony.json'), encodeTranscript(files.ceremony));
    return folder;
  }

  it('may be anybody\'s in development, and only then', async () => {
    const folder = await folderOf('development', { key: development });
    const [circuit] = await readCircuitFolders([folder], networkOf(development), 'development');
    assert.deepEqual(circuit?.instance, key.instance);
    await assert.rejects(readCircuitFolders([folder], networkOf(development), 'production'), withCode('eligibility/development-key-refused'));
    await loadVerifiers(networkOf(development), 'development');
    await assert.rejects(loadVerifiers(networkOf(development), 'production'), withCode('eligibility/development-key-refused'));
    await assert.rejects(loadVerifiers(networkOf({ ...key, contributions: [] }), 'production'), withCode('eligibility/development-key-refused'));
  });

  it('come from a ceremony of the consortium otherwise', async () => {
    const folder = await folderOf('held', { key, ceremony: transcript });
    const [circuit] = await readCircuitFolders([folder], networkOf(key), 'production');
    assert.deepEqual(circuit?.verificationKeyHash, verificationKeyHash(key));
    assert.ok((await loadVerifiers(networkOf(key, transcript), 'production')).hasVerificationKey(verificationKeyHash(key)));
  });

  it('are refused without their transcript, or with another\'s', async () => {
    await assert.rejects(loadVerifiers(networkOf(key), 'production'), withCode('eligibility/no-ceremony'));
    await assert.rejects(loadVerifiers(networkOf(key, elsewhere.transcript), 'production'), withCode('ceremony/other-contributions'));
    await assert.rejects(readCircuitFolders([await folderOf('bare', { key })], networkOf(key), 'production'), withCode('host/bad-circuit-folder'));
    const folder = await folderOf('swapped', { key, ceremony: elsewhere.transcript });
    await assert.rejects(readCircuitFolders([folder], networkOf(key), 'production'), withCode('ceremony/other-contributions'));
  });

  it('are refused when the ceremony was held by others than the consortium', async () => {
    const folder = await folderOf('elsewhere', { key: elsewhere.key, ceremony: elsewhere.transcript });
    await assert.rejects(readCircuitFolders([folder], networkOf(elsewhere.key), 'production'), withCode('ceremony/unknown-member'));
    await assert.rejects(loadVerifiers(networkOf(elsewhere.key, elsewhere.transcript), 'production'), withCode('ceremony/unknown-member'));
  });

  it('are refused when a transcript was tampered with', async () => {
    const forged = structuredClone(transcript);
    for (const contribution of forged.contributions) if (contribution.attestation !== null) contribution.attestation.signature = 'ab'.repeat(64);
    await assert.rejects(loadVerifiers(networkOf(key, forged), 'production'), withCode('ceremony/bad-attestation'));
    const folder = await folderOf('forged', { key, ceremony: forged });
    await assert.rejects(readCircuitFolders([folder], networkOf(key), 'production'), withCode('ceremony/bad-attestation'));
    // whoever names the last contributions' hashes without having made the key
    await assert.rejects(loadVerifiers(networkOf({ ...key, delta: key.gamma }, transcript), 'production'), withCode('ceremony/wrong-delta'));
  });

  it('are useless when the network does not pin them', async () => {
    const folder = await folderOf('unpinned', { key: development });
    await assert.rejects(readCircuitFolders([folder], networkOf(key), 'development'), withCode('host/circuit-not-pinned'));
  });

  it('are read with what a prover needs, into shared memory', async () => {
    const folder = await folderOf('whole', { key: development });
    const [circuit] = await readCircuitFolders([folder], networkOf(development), 'development');
    assert.ok(circuit);
    await assert.rejects(circuit.load(), withCode('host/bad-circuit-folder'));
    await writeFile(join(folder, 'circuit.wasm'), 'wasm');
    await writeFile(join(folder, 'proving-key.zkey'), 'zkey');
    const { wasm, zkey } = await circuit.load();
    assert.deepEqual([Buffer.from(wasm).toString(), Buffer.from(zkey).toString()], ['wasm', 'zkey']);
    assert.ok(wasm.buffer instanceof SharedArrayBuffer);
    await writeFile(join(folder, 'verification-key.json'), '{');
    await assert.rejects(readCircuitFolders([folder], networkOf(development), 'development'), withCode('host/bad-circuit-folder'));
  });
});
