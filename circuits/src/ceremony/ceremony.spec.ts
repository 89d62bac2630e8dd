import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  ATTESTATION_DOMAIN, attestedStatement, ceremonyId, type CeremonyErrorCode, type CeremonyTranscript, checkKeyCeremony, contributionHash, createSnarkjsProver, encodeTranscript, isCeremonyError,
  loadVerifier, parseTranscript, parseVerificationKey, prepareVerificationKey, PUBLIC_INPUT_COUNT, verifySignals,
} from '@medveil/eligibility';
import { toHex } from '@medveil/encoding';
import { sign, signingKeyFromSeed, verifySignature } from '@medveil/identity';
import { powersOfTau, zKey } from 'snarkjs';
import { withCurve } from './curve.js';
import { exportKeys } from './export.js';
import { stepFiles } from './folder.js';
import { knownPowersOfTau } from './powers-of-tau.js';
import { adopt, applyBeacon, contribute, newCeremony } from './steps.js';
import { compileTiny, makePowersOfTau } from './testing.js';
import { verifyCeremony } from './verify.js';
import { G1_BYTES, readZkey, SECTION } from './zkey-file.js';

const INSTANCE = { name: 'tiny', slots: 2, depth: 1, tops: 0, issuerDepth: 1 };
const BEACON = { source: 'the first block of next year', iterationsExponent: 10 };
const BEACON_VALUE = 'c0ffee00'.repeat(8);
const onProgress = () => undefined;
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const memberNamed = (name: string) => ({ name, key: signingKeyFromSeed(random(32)) });
type MemberKey = ReturnType<typeof memberNamed>;

const fails = (promise: Promise<unknown>, code: CeremonyErrorCode, name?: string) =>
  assert.rejects(promise, (error) => {
    assert.ok(isCeremonyError(error), String(error));
    assert.deepEqual([error.code, name === undefined ? undefined : error.details['name']], [code, name], error.message);
    return true;
  });

describe('a ceremony', () => {
  let home = '';
  const members = ['alice', 'ben', 'clara'].map(memberNamed);
  const [alice, ben, clara] = members as [MemberKey, MemberKey, MemberKey];
  const path = (...names: string[]) => join(home, ...names);
  const source = () => ({ r1cs: path('tiny.r1cs'), powersOfTau: path('raw.ptau'), checksum });
  let checksum = '';

  // one curve for all that follows: each start of its threads takes a third of a second
  const finished = new AbortController();
  const curve = withCurve(() => once(finished.signal, 'abort'));

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'medveil-ceremony-spec-'));
    await compileTiny(home, 'tiny', 3);
    await compileTiny(home, 'other', 5);
    await makePowersOfTau(home);
    await withCurve(() => powersOfTau.preparePhase2(path('raw.ptau'), path('prepared.ptau')));
    checksum = await blake2b('raw.ptau');
    await begin('held');
    await step('held', alice);
    await withCurve(() => zKey.contribute(stepFiles(path('held'), 1).key, path('by-snarkjs.zkey'), 'ben', 'whatever'));
    await adopt({ folder: path('held'), name: 'ben', key: ben.key, made: path('by-snarkjs.zkey'), onProgress });
    await step('held', clara);
    await applyBeacon({ folder: path('held'), value: BEACON_VALUE, onProgress });
  });
  after(async () => {
    finished.abort();
    await curve;
    await rm(home, { recursive: true, force: true });
  });

  const blake2b = async (name: string) => createHash('blake2b512').update(await readFile(path(name))).digest('hex');

  const described = () => ({ name: 'tiny 2026', instance: INSTANCE, members: members.map(({ name, key }) => ({ name, publicKey: toHex(key.publicKey) })), beacon: BEACON });
  const begin = (folder: string, r1cs = 'tiny.r1cs', ptau = 'raw.ptau', sum: string | undefined = checksum) =>
    newCeremony({
      folder: path(folder), r1cs: path(r1cs), powersOfTau: path(ptau), ...(sum === undefined ? {} : { checksum: sum }),
      description: described(), onProgress,
    });
  const step = (folder: string, { name, key }: { name: string; key: MemberKey['key'] | null }) =>
    contribute({ folder: path(folder), name, key, entropy: new TextEncoder().encode('dice'), random, onProgress });
  const verify = (folder: string, changes: Partial<Parameters<typeof verifyCeremony>[0]> = {}) => verifyCeremony({ folder: path(folder), ...source(), onProgress, ...changes });

  const transcriptOf = async (folder: string, index: number): Promise<CeremonyTranscript> => parseTranscript(await readFile(stepFiles(path(folder), index).transcript, 'utf8'));

  /** The held ceremony as it was after a step. */
  async function upTo(folder: string, index: number): Promise<void> {
    await mkdir(path(folder));
    for (let i = 0; i <= index; i += 1) {
      const [from, to] = [stepFiles(path('held'), i), stepFiles(path(folder), i)];
      await cp(from.key, to.key);
      await cp(from.transcript, to.transcript);
    }
  }

  /** A copy of the held ceremony whose last transcript was changed. */
  let copies = 0;
  async function forged(change: (transcript: CeremonyTranscript) => CeremonyTranscript): Promise<string> {
    const folder = `forged-${(copies += 1)}`;
    await cp(path('held'), path(folder), { recursive: true });
    const transcript = change(structuredClone(await transcriptOf('held', 4)));
    const [from, to] = [stepFiles(path(folder), 4), stepFiles(path(folder), transcript.contributions.length)];
    await rename(from.key, to.key);
    await rm(from.transcript);
    await writeFile(to.transcript, encodeTranscript(transcript));
    return folder;
  }

  type Entries = CeremonyTranscript['contributions'];
  const changed = (change: (entries: Entries) => unknown) => (transcript: CeremonyTranscript): CeremonyTranscript => {
    change(transcript.contributions);
    return transcript;
  };

  /** What cheaters do who hold all the members' keys: chain and attestations made anew over what they changed. */
  function resealed(transcript: CeremonyTranscript): CeremonyTranscript {
    let previous = toHex(ceremonyId(transcript.description));
    for (const entry of transcript.contributions) {
      Object.assign(entry, { previous });
      Object.assign(entry, { hash: toHex(contributionHash(entry)) });
      const member = members.find(({ name }) => name === entry.name);
      const signature = member && toHex(sign(member.key, ATTESTATION_DOMAIN, attestedStatement(transcript.description, entry)));
      Object.assign(entry, { attestation: member && signature ? { publicKey: toHex(member.key.publicKey), signature } : null });
      previous = entry.hash;
    }
    return transcript;
  }

  it('of three members and a beacon makes a key whose proofs verify', async () => {
    const memberKeys = members.map(({ key }) => key.publicKey);
    const out = path('exported');
    await exportKeys({ folder: path('held'), ...source(), out, wasm: path('tiny.wasm'), onProgress });
    const verificationKey = parseVerificationKey(JSON.parse(await readFile(join(out, 'verification-key.json'), 'utf8')));
    const transcript = parseTranscript(await readFile(join(out, 'ceremony.json'), 'utf8'));
    assert.equal(verificationKey.development, false);
    assert.equal(verificationKey.contributions.length, 4);
    checkKeyCeremony(verificationKey, { transcript, memberKeys, verifySignature });

    const prover = createSnarkjsProver({ threads: 1 });
    try {
      const signals = [49n, ...Array.from({ length: PUBLIC_INPUT_COUNT - 1 }, (_, i) => BigInt(i))];
      const circuit = { instance: INSTANCE, wasm: await readFile(join(out, 'circuit.wasm')), zkey: await readFile(join(out, 'proving-key.zkey')) };
      const proof = await prover.prove(circuit, { x: signals, w: 7n });
      await loadVerifier();
      const key = prepareVerificationKey(verificationKey);
      assert.ok(verifySignals(key, signals, proof));
      assert.ok(!verifySignals(key, [50n, ...signals.slice(1)], proof));
    } finally {
      await prover.close();
    }
  });

  it('satisfies the verifier of snarkjs, too', async () => {
    await withCurve(async () => assert.equal(await zKey.verifyFromR1cs(path('tiny.r1cs'), path('prepared.ptau'), stepFiles(path('held'), 4).key), true));
  });

  it('begins with the same key, whoever prepares the powers of tau', async () => {
    await begin('prepared', 'tiny.r1cs', 'prepared.ptau', await blake2b('prepared.ptau'));
    const [ours, theirs] = [await readFile(stepFiles(path('held'), 0).key), await readFile(stepFiles(path('prepared'), 0).key)];
    assert.ok(ours.equals(theirs));
  });

  it('uses every contribution and no secret twice', async () => {
    const { contributions } = await transcriptOf('held', 4);
    assert.equal(new Set(contributions.flatMap(({ proof }) => [proof.deltaAfter, proof.s, proof.sx])).size, 3 * contributions.length);
  });

  it('overwrites nothing and leaves nothing half done', async () => {
    await fails(begin('held'), 'ceremony/exists');
    await fails(exportKeys({ folder: path('held'), ...source(), out: home, wasm: path('tiny.wasm'), onProgress }), 'ceremony/exists');
    assert.deepEqual((await readdir(path('held'))).filter((name) => !/^\d{4}\.(zkey|json)$/.test(name)), []);
  });

  it('is over with the beacon, and is not exported before', async () => {
    await fails(step('held', alice), 'ceremony/wrong-beacon');
    await upTo('unfinished', 1);
    await fails(exportKeys({ folder: path('unfinished'), ...source(), out: path('nowhere'), wasm: path('tiny.wasm'), onProgress }), 'ceremony/no-beacon');
  });

  it('does not count without a member', async () => {
    await upTo('strangers', 0);
    await step('strangers', { name: 'a stranger', key: null });
    await fails(verify('strangers'), 'ceremony/no-contribution');
    await fails(step('strangers', { name: 'dora', key: alice.key }), 'ceremony/unknown-member');
    await fails(verify('held', { memberKeys: [toHex(random(32))] }), 'ceremony/unknown-member');
  });

  it('takes no powers of tau but those whose checksum was published', async () => {
    await fails(begin('unpublished', 'tiny.r1cs', 'raw.ptau', 'ab'.repeat(64)), 'ceremony/wrong-checksum');
    await fails(newCeremony({ folder: path('unpublished'), r1cs: path('tiny.r1cs'), powersOfTau: path('raw.ptau'), description: described(), onProgress }), 'ceremony/wrong-checksum');
    await fails(newCeremony({ folder: path('unpublished'), ...source(), description: { ...described(), members: [] }, onProgress }), 'ceremony/bad-input');
    await fails(verify('held', { powersOfTau: path('prepared.ptau'), checksum: await blake2b('prepared.ptau') }), 'ceremony/wrong-checksum');
    assert.equal(knownPowersOfTau()['powersOfTau28_hez_final_15.ptau']?.power, 15);
  });

  describe('finds the cheater who', () => {
    const cases: readonly (readonly [string, (transcript: CeremonyTranscript) => CeremonyTranscript, CeremonyErrorCode, string])[] = [
      ['proves knowledge of nothing', (t) => resealed(changed((e) => { e[1]!.proof.spx = e[0]!.proof.spx; })(t)), 'ceremony/no-knowledge', 'ben'],
      ['multiplies delta by something else', (t) => resealed(changed((e) => { e[1]!.proof.deltaAfter = e[0]!.proof.deltaAfter; })(t)), 'ceremony/wrong-delta', 'ben'],
      ['repeats a proof made at another place', (t) => resealed(changed((e) => { e[2]!.proof = e[0]!.proof; })(t)), 'ceremony/proof-not-bound', 'clara'],
      ['gives a point that is none', (t) => resealed(changed((e) => { e[1]!.proof.spx = '00'.repeat(128); })(t)), 'ceremony/bad-point', 'ben'],
      ['drops a contribution', changed((e) => e.splice(1, 1)), 'ceremony/missing-contribution', 'clara'],
      ['swaps contributions', changed((e) => e.splice(1, 2, e[2]!, e[1]!)), 'ceremony/reordered', 'clara'],
      ['changes one and keeps its hash', changed((e) => { e[1]!.keyFile = e[0]!.keyFile; }), 'ceremony/wrong-hash', 'ben'],
      ['signs for another', changed((e) => { e[1]!.attestation!.signature = e[0]!.attestation!.signature; }), 'ceremony/bad-attestation', 'ben'],
      ['signs with a key of their own', changed((e) => { e[1]!.attestation!.publicKey = toHex(signingKeyFromSeed(random(32)).publicKey); }), 'ceremony/unknown-member', 'ben'],
      ['tells another value of the beacon', (t) => resealed(changed((e) => { e[3]!.beacon!.value = 'ab'.repeat(32); })(t)), 'ceremony/wrong-beacon', 'beacon'],
      ['iterates the beacon more often than announced', (t) => resealed(changed((e) => { e[3]!.beacon!.iterationsExponent = 11; })(t)), 'ceremony/wrong-beacon', 'beacon'],
      ['puts a beacon in the middle', changed((e) => { e[1]!.beacon = e[3]!.beacon; }), 'ceremony/wrong-beacon', 'ben'],
    ];
    for (const [what, change, code, name] of cases) it(what, async () => fails(verify(await forged(change)), code, name));

    it('replaces a contribution by one of their own', async () => {
      await upTo('replaced', 1);
      const theirs = await step('replaced', ben);
      await fails(verify(await forged(changed((e) => { e[1] = theirs; }))), 'ceremony/broken-chain', 'clara');
    });

    it('changes elements of the key that they pass on, whoever contributes after them', async () => {
      await upTo('tampered', 2);
      const { key, transcript: file } = stepFiles(path('tampered'), 2);
      const bytes = await readFile(key);
      const l = (await readZkey(key)).section(SECTION.l);
      const at = bytes.indexOf(l.subarray(0, 2 * G1_BYTES));
      bytes.set(l.slice(G1_BYTES, 2 * G1_BYTES), at);
      await writeFile(key, bytes);
      await fails(step('tampered', clara), 'ceremony/tampered-key', 'ben');
      const transcript = await transcriptOf('tampered', 2);
      transcript.contributions[1]!.keyFile = createHash('sha256').update(bytes).digest('hex');
      await writeFile(file, encodeTranscript(resealed(transcript)));
      await step('tampered', clara);
      await fails(verify('tampered'), 'ceremony/tampered-key', 'ben');
    });

    it('puts another delta into G2', async () => {
      const folder = await forged((t) => t);
      const { key, transcript: file } = stepFiles(path(folder), 4);
      const bytes = await readFile(key);
      const header = (await readZkey(key)).section(SECTION.header);
      const at = bytes.indexOf(header) + header.length;
      bytes.copy(bytes, at - 128, at - 320, at - 192);
      await writeFile(key, bytes);
      const transcript = await transcriptOf(folder, 4);
      transcript.contributions[3]!.keyFile = createHash('sha256').update(bytes).digest('hex');
      await writeFile(file, encodeTranscript(resealed(transcript)));
      await fails(verify(folder), 'ceremony/wrong-delta', 'beacon');
    });

    it('brings the key of another circuit, or checks against one', async () => {
      await begin('other', 'other.r1cs');
      await step('other', alice);
      const folder = await forged((t) => t);
      await cp(stepFiles(path('other'), 1).key, stepFiles(path(folder), 4).key);
      await fails(verify(folder), 'ceremony/other-circuit', 'beacon');
      await fails(verify('held', { r1cs: path('other.r1cs') }), 'ceremony/other-circuit');
    });
  });
});
