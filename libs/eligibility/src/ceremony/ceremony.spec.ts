import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { encodeCanonical, fromHex, toHex } from '@medveil/encoding';
import { seededRandom } from '../testing.js';
import { checkKeyCeremony, checkTranscript, type KeyCeremony, type VerifySignature } from './check.js';
import { SeededDraws } from './derive.js';
import { type CeremonyErrorCode, isCeremonyError } from './errors.js';
import { formatG1, formatG2, parseCompressedG2, parseG1, parseG2, GENERATOR_G2 } from './points.js';
import { attested, type CeremonyMember, heldCeremony } from './testing.js';
import { type CeremonyTranscript, encodeTranscript, parseTranscript } from './transcript.js';

const random = seededRandom('ceremony');
const verifySignature: VerifySignature = (publicKey, domain, message, signature) => ed25519.verify(signature, encodeCanonical([domain, message]), publicKey);

function member(name: string): CeremonyMember {
  const secret = random(32);
  return { name, publicKey: ed25519.getPublicKey(secret), sign: (domain, message) => ed25519.sign(encodeCanonical([domain, message]), secret) };
}

const [alice, ben, outsider] = [member('alice'), member('ben'), member('outsider')];
const held = heldCeremony([alice, ben], random);
const withMembers = (transcript: CeremonyTranscript, members = [alice, ben]): KeyCeremony => ({ transcript, memberKeys: members.map(({ publicKey }) => publicKey), verifySignature });

const fails = (work: () => unknown, code: CeremonyErrorCode) => {
  assert.throws(work, (error) => {
    assert.ok(isCeremonyError(error), String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
};

/** The held transcript, changed. */
const changed = (change: (contributions: CeremonyTranscript['contributions']) => unknown): CeremonyTranscript => {
  const transcript = structuredClone(held.transcript);
  change(transcript.contributions);
  return transcript;
};

describe('the transcript of a ceremony', () => {
  it('is accepted as it was held, and has one text', () => {
    checkTranscript(held.transcript, verifySignature);
    const text = encodeTranscript(held.transcript);
    assert.deepEqual(parseTranscript(text), held.transcript);
    for (const other of [text.trim(), text.replaceAll('  ', ' '), text.replace('"index"', '"extra": 1, "index"'), '{']) fails(() => parseTranscript(other), 'ceremony/bad-transcript');
  });

  it('is refused where a step proves nothing, is not bound to its place, or multiplies by something else', () => {
    const [first] = held.transcript.contributions;
    assert.ok(first);
    const cases = [
      ['ceremony/no-knowledge', { spx: first.proof.spx }],
      ['ceremony/wrong-delta', { deltaAfter: first.proof.deltaAfter }],
      ['ceremony/proof-not-bound', { challenge: first.proof.challenge }],
      ['ceremony/proof-not-bound', first.proof],
      ['ceremony/bad-point', { sx: '00'.repeat(64) }],
      ['ceremony/bad-point', { spx: toHex(new Uint8Array(128).fill(1)) }],
    ] as const;
    for (const [code, proof] of cases) {
      // by a member who signs for it
      const cheated = changed((all) => { all[1] = attested(held.transcript.description, ben, { ...all[1]!, proof: { ...all[1]!.proof, ...proof } }); });
      fails(() => checkTranscript(cheated, verifySignature), code);
    }
  });

  it('is refused where steps are missing, swapped, replaced or changed', () => {
    fails(() => checkTranscript(changed((all) => all.shift()), verifySignature), 'ceremony/missing-contribution');
    fails(() => checkTranscript(changed((all) => all.splice(0, 2, all[1]!, all[0]!)), verifySignature), 'ceremony/reordered');
    fails(() => checkTranscript(changed((all) => { all[0]!.keyFile = toHex(random(32)); }), verifySignature), 'ceremony/wrong-hash');
    fails(() => checkTranscript(changed((all) => { all[0] = attested(held.transcript.description, alice, { ...all[0]!, keyFile: toHex(random(32)) }); }), verifySignature), 'ceremony/broken-chain');
    fails(() => checkTranscript(changed((all) => all.splice(0)), verifySignature), 'ceremony/no-contribution');
  });

  it('is refused where the description was changed after the contributions', () => {
    const { description } = held.transcript;
    fails(() => checkTranscript({ ...held.transcript, description: { ...description, beacon: { ...description.beacon, source: 'another' } } }, verifySignature), 'ceremony/broken-chain');
  });

  it('is refused with an attestation that is not the member\'s', () => {
    fails(() => checkTranscript(changed((all) => { all[1]!.attestation!.signature = all[0]!.attestation!.signature; }), verifySignature), 'ceremony/bad-attestation');
    fails(() => checkTranscript(changed((all) => { all[1] = attested(held.transcript.description, outsider, all[1]!); }), verifySignature), 'ceremony/unknown-member');
  });
});

describe('a key with its ceremony', () => {
  it('is accepted when one of the consortium took part', () => {
    checkKeyCeremony(held.key, withMembers(held.transcript));
    checkKeyCeremony(held.key, withMembers(held.transcript, [ben]));
    fails(() => checkKeyCeremony(held.key, withMembers(held.transcript, [outsider])), 'ceremony/unknown-member');
  });

  it('is refused when the transcript is another\'s, or was not followed', () => {
    const other = heldCeremony([alice, ben], random);
    fails(() => checkKeyCeremony(held.key, withMembers(other.transcript)), 'ceremony/other-contributions');
    fails(() => checkKeyCeremony({ ...held.key, contributions: other.key.contributions }, withMembers(other.transcript)), 'ceremony/wrong-delta');
    fails(() => checkKeyCeremony({ ...held.key, delta: '00'.repeat(64) }, withMembers(held.transcript)), 'ceremony/wrong-delta');
    fails(() => checkKeyCeremony({ ...held.key, instance: { ...held.key.instance, depth: 4 } }, withMembers(held.transcript)), 'ceremony/other-circuit');
    const unsigned = changed((all) => { for (const contribution of all) contribution.attestation = null; });
    fails(() => checkKeyCeremony(held.key, withMembers(unsigned)), 'ceremony/no-contribution');
  });
});

describe('points and scalars drawn from a seed', () => {
  it('are those that snarkjs 0.7.6 (ffjavascript 0.3.1) draws', () => {
    const vectors = JSON.parse(readFileSync(new URL('../../vectors/ceremony-draws.json', import.meta.url), 'utf8')) as { seed: string; scalar: string; g1: string; g2: string }[];
    assert.equal(vectors.length, 8);
    for (const { seed, scalar, g1, g2 } of vectors) {
      const draws = new SeededDraws(fromHex(seed));
      assert.equal(draws.scalar(), BigInt(`0x${scalar}`));
      assert.equal(formatG1(draws.g1()), g1);
      assert.equal(formatG2(draws.g2()), g2);
    }
  });

  it('are read back as they were written, and nothing else is', () => {
    const [g1, g2] = [new SeededDraws(random(32)).g1(), new SeededDraws(random(32)).g2()];
    assert.ok(parseG1(formatG1(g1))?.equals(g1));
    assert.ok(parseG2(formatG2(g2))?.equals(g2));
    assert.ok(parseCompressedG2(held.key.beta)?.equals(GENERATOR_G2));
    assert.equal(parseG1(formatG1(g1).replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))), undefined);
    assert.equal(parseG1('ff'.repeat(64)), undefined);
    assert.equal(parseG1(''), undefined);
    assert.equal(parseG2('00'.repeat(128)), undefined);
  });
});
