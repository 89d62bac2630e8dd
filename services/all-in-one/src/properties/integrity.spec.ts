/**
 * Integrity: what arrives is what was proved, what is ordered is what was signed, and f replicas certify nothing (docs/security.md; that
 * they cannot fork the ledger is shown in libs/pbft).
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { asDelegatee, checkBody, CheckLog, checkReceived, openPart, type PartToOpen } from '@medveil/delivery';
import { containerOf, type EncryptedPart, encodeContainer, encryptPart, flipped, makeRecord, type PatientRecord } from '@medveil/delivery/testing';
import { type CompiledPolicy, compilePolicy, LOINC, type PartType, validatePolicy } from '@medveil/eligibility';
import { digest, isCodedError } from '@medveil/encoding';
import { signingKeyFromSeed } from '@medveil/identity';
import { type CommitCertificate, commitPayload, ed25519Signer, verifyCommitCertificate } from '@medveil/pbft';
import { type Afgh06, afgh06, type DelegateeKey, loadEngine, type OwnerKey } from '@medveil/pre';
import { CHAIN, LoneContract, random } from '../testing/lone-contract.js';

const NOW_MS = Date.UTC(2026, 5, 15, 12);
const GRANTED: readonly PartType[] = ['vital-signs', 'laboratory'];

/** With other bytes than were registered, where the proxy serves such. */
type ServedPart = EncryptedPart & { readonly served?: Uint8Array };

describe('integrity of what is delivered', () => {
  let pre: Afgh06;
  let owner: OwnerKey;
  let institution: DelegateeKey;
  let mine: PatientRecord;
  let policy: CompiledPolicy;
  let honest: EncryptedPart[];
  before(async () => {
    pre = afgh06(await loadEngine());
    owner = pre.ownerKeyFromSeed(random(32));
    institution = pre.delegateeKeyFromSeed(random(32));
    mine = makeRecord({ nowMs: NOW_MS, seed: 3 });
    policy = compilePolicy(validatePolicy({ version: 1, all: [{ has: { code: { system: LOINC, code: '8302-2' } } }] }), { releasedAtMs: NOW_MS, random });
    honest = await encrypted(mine);
  });

  const encrypted = (record: PatientRecord, as = record): Promise<EncryptedPart[]> =>
    Promise.all(GRANTED.map((part) => encryptPart(pre, owner, { chainId: CHAIN, record: as.h, part, plaintext: encodeContainer(containerOf(record, part)) })));

  /** The institution receives. @returns the code of what it finds wrong, or `accepted` */
  async function received(parts: readonly ServedPart[], bend: (transformed: Uint8Array) => Uint8Array = (made) => made, h = mine.h): Promise<string> {
    const checks = new CheckLog();
    try {
      const containers = [];
      for (const part of parts) {
        const transformed = bend(pre.reEncrypt(part.capsule, pre.reKeyGen(owner, part.label, institution.publicKey)));
        const registered: PartToOpen = { ...part, transformed };
        const body = part.served ?? part.ciphertext;
        checkBody(registered, body, checks);
        containers.push(await openPart(asDelegatee(pre, institution), registered, body, checks));
      }
      checkReceived({ record: h, policy, granted: GRANTED, containers }, checks);
      return 'accepted';
    } catch (error) {
      if (isCodedError(error)) return error.code;
      throw error;
    }
  }

  it('is not claimed of nothing: an honest delivery passes', async () => {
    assert.equal(await received(honest), 'accepted');
  });

  it('holds against the proxy: changed or swapped bodies, a changed re-encryption', async () => {
    const [first, second] = honest as [EncryptedPart, EncryptedPart];
    assert.equal(await received([{ ...first, served: flipped(first.ciphertext) }, second]), 'delivery/body-differs');
    assert.equal(await received([{ ...first, served: second.ciphertext }, { ...second, served: first.ciphertext }]), 'delivery/body-differs');
    assert.equal(await received(honest, (made) => flipped(made, made.length - 1)), 'delivery/capsule-refused');
  });

  it('holds against the patient: another record than was proved, under its own or the proved commitment', async () => {
    const other = makeRecord({ nowMs: NOW_MS, seed: 4 });
    assert.equal(await received(await encrypted(other, mine)), 'delivery/commitment-differs');
    assert.equal(await received(await encrypted(mine, other), undefined, other.h), 'delivery/commitment-differs');
    assert.equal(await received(honest.slice(0, 1)), 'delivery/parts-missing');
  });
});

describe('integrity of the ledger', () => {
  it('holds for a transaction under way: no bit of it can be changed', async () => {
    const ledger = await LoneContract.open();
    const requirement = ledger.release();
    const patient = ledger.network.patient();
    const record = ledger.network.record(patient, { 'vital-signs': random(32), laboratory: random(32) });
    ledger.accept(patient.account, record.body, patient.certificate);
    const bytes = ledger.sign(patient.account, ledger.network.claim(patient, 1, record, requirement.requirementId, requirement.policyHash).body);
    for (let at = 0; at < bytes.length; at += 7) assert.notEqual(ledger.execute(flipped(bytes, at)), 'accepted', `byte ${at}`);
    assert.equal(ledger.execute(bytes), 'accepted');
    assert.equal(ledger.execute(bytes), 'agreements/wrong-nonce', 'and not twice');
  });

  it('holds against f replicas: their signatures certify nothing, repeated or with others’ names', () => {
    const secrets = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte));
    const replicaSet = { publicKeys: secrets.map((secret) => signingKeyFromSeed(secret).publicKey) };
    const vote = { epoch: 1, view: 0, sequence: 5, digest: digest('medveil/spec/1', 'a false block') };
    const signed = (replica: number, by = replica) => ({ replica, signature: ed25519Signer(secrets[by] ?? new Uint8Array()).sign(commitPayload(CHAIN, vote)) });
    const certificate = (...signatures: CommitCertificate['signatures']): CommitCertificate => ({ ...vote, signatures });
    const repeated = certificate(signed(0), signed(0), signed(0));
    const underOthersNames = certificate(signed(0), signed(1, 0), signed(2, 0));
    for (const forged of [certificate(signed(0)), repeated, underOthersNames, certificate(signed(0), signed(1))]) {
      assert.equal(verifyCommitCertificate(forged, replicaSet, CHAIN), false);
    }
    assert.ok(verifyCommitCertificate(certificate(signed(0), signed(1), signed(2)), replicaSet, CHAIN));
  });
});
