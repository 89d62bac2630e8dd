import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeCanonical, utf8 } from '@medveil/encoding';
import { combine } from 'shamir-secret-sharing';
import { hpkeKeyPairFromSeed, hpkeSealWithSeed } from './hpke.js';
import { sealOpenedShare, unsealOpenedShare } from './opened-share.js';
import { type OpenedShare, type OpeningWitness, checkSealedIdentity, combineShares, decodeOpeningWitness, encodeOpeningWitness, openShare, sealIdentity } from './opening.js';
import { type CommitteeName, type OpeningBinding, bindingBytes, committeesDigest, decodeOpening, encodeOpening, shareCommitment } from './opening-format.js';
import { CHAIN, type TestCommittees, bytesOf, coded, flipped, keyOf, seededRandom, testCommittees } from './spec-support.js';

const binding: OpeningBinding = { chainId: CHAIN, serial: bytesOf('serial').slice(0, 16), accountKey: keyOf('pseudonym').publicKey };
const enrolmentId = 'pat_00112233445566778899aabbccddeeff';

describe('opening', () => {
  let test: TestCommittees;
  let opening: Uint8Array;
  let witness: OpeningWitness;
  before(async () => {
    test = await testCommittees();
    ({ opening, witness } = await sealIdentity({ enrolmentId, binding, committees: test.committees }, seededRandom('seal')));
  });

  const open = (committee: CommitteeName, index: number, change: { opening?: Uint8Array; binding?: OpeningBinding } = {}): Promise<OpenedShare> => {
    const holder = test.holders[committee][index];
    assert.ok(holder);
    return openShare({ opening, binding, committee, index, holder, ...change });
  };
  const shares = (auditors: number[], replicas: number[]): Promise<OpenedShare[]> =>
    Promise.all([...auditors.map((index) => open('auditors', index)), ...replicas.map((index) => open('replicas', index))]);
  const combined = (given: OpenedShare[]) => combineShares({ opening, binding, committees: test.committees, shares: given });

  it('gives the identity to any t auditors with any f + 1 replicas', async () => {
    for (const auditors of [[0, 1], [0, 2], [2, 1], [0, 1, 2]]) {
      for (const replicas of [[0, 1], [3, 1], [2, 3], [0, 1, 2, 3]]) {
        assert.equal(await combined(await shares(auditors, replicas)), enrolmentId);
      }
    }
  });

  it('gives nothing to fewer: neither to all of one committee, nor to one member named twice', async () => {
    const groups: [number[], number[]][] = [[[0, 1, 2], []], [[], [0, 1, 2, 3]], [[0], [0, 1, 2, 3]], [[0, 1, 2], [3]], [[1, 1], [0, 1]], [[], []]];
    for (const [auditors, replicas] of groups) {
      await assert.rejects(combined(await shares(auditors, replicas)), coded('identity/too-few-shares'));
    }
  });

  it('leaves every value of a byte open to a group one share short', async () => {
    // One of two shares: each byte of the half is still compatible with all 256 values of the missing share.
    const [share] = witness.shares.auditors;
    assert.ok(share);
    const seen = new Set<number>();
    for (let value = 0; value < 256; value += 1) {
      const guess = Uint8Array.from(share, (byte, at) => (at === 32 ? ((byte % 255) + 1) : value));
      seen.add((await combine([Uint8Array.from(share), guess]))[0] ?? -1);
    }
    assert.equal(seen.size, 256);
  });

  it('names the holder of a false share', async () => {
    const good = await shares([0, 1], [0, 1]);
    const bad = good.map((given, at) => (at === 1 ? { ...given, share: flipped(given.share, 3) } : given));
    await assert.rejects(combined(bad), (error: unknown) => {
      coded('identity/bad-share')(error);
      assert.deepEqual((error as { details: object }).details, { committee: 'auditors', index: 1 });
      return true;
    });
    await assert.rejects(combined(good.map((given, at) => (at === 0 ? { ...given, index: 2 } : given))), coded('identity/bad-share'));
    await assert.rejects(combined([...good, { committee: 'replicas', index: 9, share: new Uint8Array(33) }]), coded('identity/bad-share'));
  });

  it('travels as shares sealed to whoever combines, for one request', async () => {
    const [combiner, other] = [await hpkeKeyPairFromSeed(bytesOf('combiner')), await hpkeKeyPairFromSeed(bytesOf('other'))];
    const random = seededRandom('transport');
    const sealed = await Promise.all((await shares([0, 2], [1, 3])).map((share) => sealOpenedShare(share, combiner.publicKey, 'txn_1', random)));
    assert.equal(await combined(await Promise.all(sealed.map((bytes) => unsealOpenedShare(bytes, combiner, 'txn_1')))), enrolmentId);
    const [first] = sealed;
    assert.ok(first);
    await assert.rejects(unsealOpenedShare(first, combiner, 'txn_2'), coded('identity/cannot-open'));
    await assert.rejects(unsealOpenedShare(first, other, 'txn_1'), coded('identity/cannot-open'));
  });

  it('opens for its own T-Cert only', async () => {
    const others: OpeningBinding[] = [
      { ...binding, serial: bytesOf('other').slice(0, 16) },
      { ...binding, accountKey: keyOf('other').publicKey },
      { ...binding, chainId: 'other-chain' },
    ];
    const given = await shares([0, 1], [0, 1]);
    for (const other of others) {
      await assert.rejects(open('auditors', 0, { binding: other }), coded('identity/cannot-open'));
      await assert.rejects(combineShares({ opening, binding: other, committees: test.committees, shares: given }), coded('identity/bad-share'));
    }
  });

  it('opens a share to its own holder only', async () => {
    const holder = test.holders.auditors[1];
    const replica = test.holders.replicas[0];
    assert.ok(holder && replica);
    await assert.rejects(openShare({ opening, binding, committee: 'auditors', index: 0, holder }), coded('identity/cannot-open'));
    await assert.rejects(openShare({ opening, binding, committee: 'auditors', index: 0, holder: replica }), coded('identity/cannot-open'));
    await assert.rejects(openShare({ opening, binding, committee: 'auditors', index: 3, holder }), coded('identity/bad-share'));
  });

  it('is checked by its holder, to the last byte', async () => {
    const check = (change: object) => checkSealedIdentity({ opening, witness, enrolmentId, binding, committees: test.committees, ...change });
    await check({});
    await check({ witness: decodeOpeningWitness(encodeOpeningWitness(witness)) });
    for (let at = 0; at < opening.length; at += 37) await assert.rejects(check({ opening: flipped(opening, at) }), coded('identity/bad-opening'));
    await assert.rejects(check({ enrolmentId: 'pat_framed' }), coded('identity/bad-opening'));
    await assert.rejects(check({ witness: { ...witness, seed: flipped(witness.seed, 0) } }), coded('identity/bad-opening'));
    await assert.rejects(check({ binding: { ...binding, serial: new Uint8Array(16) } }), coded('identity/bad-opening'));
    const elsewhere = { ...test.committees, auditors: { ...test.committees.auditors, threshold: 3 } };
    await assert.rejects(check({ committees: elsewhere }), coded('identity/bad-opening'));
  });

  it('is refused by its holder where one share is off the polynomial, though committed to and sealed as it should be', async () => {
    for (const index of [0, 1, 2]) {
      const share = flipped(witness.shares.auditors[index] ?? assert.fail(), 7);
      const sound = decodeOpening(opening);
      const context = { info: utf8('medveil/opening/1'), aad: encodeCanonical([bindingBytes(binding), 'auditors', index]) };
      const ephemeralSeed = hkdf(sha256, witness.seed, undefined, utf8(`medveil/opening/seal/auditors/${index}/1`), 32);
      const member = test.committees.auditors.members[index] ?? assert.fail();
      const record = {
        sealed: await hpkeSealWithSeed(member.publicKey, context, share, ephemeralSeed),
        commitment: shareCommitment(binding, 'auditors', index, share),
      };
      const spoilt = {
        opening: encodeOpening({ ...sound, records: { ...sound.records, auditors: sound.records.auditors.with(index, record) } }),
        witness: { ...witness, shares: { ...witness.shares, auditors: witness.shares.auditors.with(index, share) } },
      };
      await openShare({ ...spoilt, binding, committee: 'auditors', index, holder: test.holders.auditors[index] ?? assert.fail() });
      await assert.rejects(checkSealedIdentity({ ...spoilt, enrolmentId, binding, committees: test.committees }), (error: unknown) => {
        coded('identity/bad-opening')(error);
        assert.match((error as Error).message, /do not carry the half/);
        return true;
      });
    }
  });

  it('works at the largest thresholds too: all of five, three of seven', async () => {
    const large = await testCommittees([5, 5], [3, 7]);
    const sealed = await sealIdentity({ enrolmentId: 'x', binding, committees: large.committees }, seededRandom('large'));
    await checkSealedIdentity({ ...sealed, enrolmentId: 'x', binding, committees: large.committees });
    const openAll = (committee: CommitteeName, indices: number[]) =>
      Promise.all(indices.map((index) => openShare({ opening: sealed.opening, binding, committee, index, holder: large.holders[committee][index] ?? assert.fail() })));
    const given = [...(await openAll('auditors', [4, 3, 2, 1, 0])), ...(await openAll('replicas', [6, 0, 3]))];
    assert.equal(await combineShares({ opening: sealed.opening, binding, committees: large.committees, shares: given }), 'x');
  });

  it('has one length, whatever the identity', async () => {
    for (const id of ['a', 'a'.repeat(63)]) {
      const sealed = await sealIdentity({ enrolmentId: id, binding, committees: test.committees }, seededRandom(id));
      assert.equal(sealed.opening.length, opening.length);
    }
    await assert.rejects(sealIdentity({ enrolmentId: 'a'.repeat(64), binding, committees: test.committees }, seededRandom('long')), coded('identity/bad-input'));
  });

  it('refuses committees in which one member would be enough, or that are malformed', () => {
    const { auditors, replicas } = test.committees;
    const [member] = auditors.members;
    assert.ok(member);
    const bad = [
      { ...auditors, threshold: 1 },
      { ...auditors, threshold: 4 },
      { ...auditors, threshold: 1.5 },
      { threshold: 2, members: [member, member] },
      { threshold: 2, members: [member, { id: 'x', publicKey: new Uint8Array(31) }] },
      { threshold: 2, members: Array.from({ length: 65 }, (_, index) => ({ id: `m${index}`, publicKey: member.publicKey })) },
    ];
    for (const committee of bad) assert.throws(() => committeesDigest({ auditors: committee, replicas }), coded('identity/bad-committee'));
  });

  it('is not combined with committees other than its own', async () => {
    const other = await testCommittees([3, 3]);
    await assert.rejects(
      combineShares({ opening, binding, committees: other.committees, shares: await shares([0, 1], [0, 1]) }),
      coded('identity/bad-committee'),
    );
  });
});
