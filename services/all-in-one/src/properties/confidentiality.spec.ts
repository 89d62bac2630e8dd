/** Confidentiality: who was not granted a part reads nothing of it, with whatever others they combine (docs/security.md). */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { containerOf, type EncryptedPart, encodeContainer, encryptPart, makeRecord } from '@medveil/delivery/testing';
import type { PartType } from '@medveil/eligibility';
import { concatBytes, sha256 } from '@medveil/encoding';
import { type Afgh06, afgh06, decryptBody, type DelegateeKey, isPreError, loadEngine, type OwnerKey } from '@medveil/pre';
import { CHAIN, random } from '../testing/lone-contract.js';

const NOW_MS = Date.UTC(2026, 5, 15, 12);
const PARTS: readonly PartType[] = ['demographics', 'laboratory', 'conditions'];
const GRANTED: PartType = 'laboratory';

/** What those who combine hold beside what everybody sees. */
interface Coalition {
  readonly owners: readonly OwnerKey[];
  readonly delegatees: readonly DelegateeKey[];
  readonly reKeys: readonly Uint8Array[];
  /** secrets of other kinds, tried as seeds */
  readonly others?: readonly Uint8Array[];
}

let pre: Afgh06;
let patient: OwnerKey;
let institution: DelegateeKey;
let parts: EncryptedPart[];
let reKey: Uint8Array;
let nobody: Coalition;
before(async () => {
  pre = afgh06(await loadEngine());
  const record = makeRecord({ nowMs: NOW_MS, seed: 1 });
  patient = pre.ownerKeyFromSeed(random(32));
  institution = pre.delegateeKeyFromSeed(random(32));
  parts = await Promise.all(PARTS.map((part) => encryptPart(pre, patient, { chainId: CHAIN, record: record.h, part, plaintext: encodeContainer(containerOf(record, part)) })));
  reKey = pre.reKeyGen(patient, labelOf(GRANTED), institution.publicKey);
  nobody = { owners: [], delegatees: [], reKeys: [] };
});

const labelOf = (wanted: PartType): Uint8Array => parts.find(({ part }) => part === wanted)?.label ?? new Uint8Array();

const attempted = <T>(work: () => T): T[] => {
  try {
    return [work()];
  } catch (error) {
    if (isPreError(error)) return [];
    throw error;
  }
};

/** Every way to a seed that the coalition's keys and the public artefacts give, under every label; and bytes that lie about, taken for seeds. */
function seedsFor({ capsule }: EncryptedPart, { owners, delegatees, reKeys, others = [] }: Coalition): Uint8Array[] {
  const labels = parts.map(({ label }) => label);
  const transformed = reKeys.flatMap((key) => attempted(() => pre.reEncrypt(capsule, key)));
  const publicKeys = [patient.publicKey, ...owners.map(({ publicKey }) => publicKey)];
  return [
    ...owners.flatMap((owner) => labels.flatMap((label) => attempted(() => pre.decapsulate(owner, label, capsule)))),
    ...delegatees.flatMap((key) => transformed.flatMap((made) =>
      publicKeys.flatMap((owner) => labels.flatMap((label) => attempted(() => pre.decapsulateDelegated(key, owner, label, made)))))),
    ...[capsule, ...transformed, ...reKeys, ...others].flatMap((bytes) => [bytes.slice(-32), sha256(bytes)]),
  ];
}

async function opensWith(seed: Uint8Array, { record, part, version, ciphertext }: EncryptedPart): Promise<boolean> {
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of decryptBody(seed, { record, part, version }, once(ciphertext))) pieces.push(piece);
    return concatBytes(...pieces).length > 0;
  } catch (error) {
    if (isPreError(error)) return false;
    throw error;
  }
}

// oxlint-disable-next-line require-await -- an async generator is what the envelope reads from
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function readBy(coalition: Coalition): Promise<PartType[]> {
  const read: PartType[] = [];
  for (const part of parts) {
    for (const seed of seedsFor(part, coalition)) {
      if (!(await opensWith(seed, part))) continue;
      read.push(part.part);
      break;
    }
  }
  return read;
}

describe('confidentiality', () => {
  it('holds against nobody who may read: the owner reads all, the institution by way of the proxy what it was granted', async () => {
    assert.deepEqual(await readBy({ ...nobody, owners: [patient] }), PARTS);
    assert.deepEqual(await readBy({ ...nobody, delegatees: [institution], reKeys: [reKey] }), [GRANTED]);
  });

  it('holds against the proxy alone, with all ciphertexts and re-encryption keys', async () => {
    assert.deepEqual(await readBy({ ...nobody, reKeys: [reKey] }), []);
  });

  it('holds against the proxy with users of both roles who were not granted the record', async () => {
    const owner = pre.ownerKeyFromSeed(random(32));
    const delegatee = pre.delegateeKeyFromSeed(random(32));
    const theirs = pre.reKeyGen(owner, labelOf(GRANTED), delegatee.publicKey);
    assert.deepEqual(await readBy({ owners: [owner], delegatees: [delegatee], reKeys: [reKey, theirs] }), []);
  });

  it('holds against a granted institution without the proxy', async () => {
    assert.deepEqual(await readBy({ ...nobody, delegatees: [institution] }), []);
  });

  it('holds for what was not granted against the proxy with the granted institution, and for other records of the patient', async () => {
    assert.deepEqual(await readBy({ ...nobody, delegatees: [institution], reKeys: [reKey] }), [GRANTED]);
    const next = pre.ownerKeyFromSeed(random(32));
    const record = makeRecord({ nowMs: NOW_MS, seed: 1 });
    const again = await encryptPart(pre, next, { chainId: CHAIN, record: record.h, part: GRANTED, plaintext: encodeContainer(containerOf(record, GRANTED)) });
    for (const seed of seedsFor(again, { ...nobody, delegatees: [institution], reKeys: [reKey] })) assert.equal(await opensWith(seed, again), false);
  });

  it('holds against a PKG that kept all it was ever sent: self-made keys leave nothing to read with', async () => {
    const context = random(32);
    const sent = [pre.proveOwnerKey(patient, context, random), pre.proveDelegateeKey(institution, context, random), patient.publicKey, institution.publicKey];
    const mastersOwn = { owners: sent.map((bytes) => pre.ownerKeyFromSeed(sha256(bytes))), delegatees: sent.map((bytes) => pre.delegateeKeyFromSeed(sha256(bytes))) };
    assert.deepEqual(await readBy({ ...mastersOwn, reKeys: [reKey], others: sent }), []);
  });
});
