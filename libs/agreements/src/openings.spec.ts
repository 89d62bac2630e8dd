import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountId } from '@medveil/identity';
import { isCodedError } from '@medveil/encoding';
import { openingIdOf } from './envelope.js';
import { approvedOpening } from './ordered-opening.js';
import { readAccount, readOpening } from './queries.js';
import { freshClaim, openRequirement, register } from './testing/exchange.js';
import { type Actor, bytes32, CHAIN, DAY_MS, keyOf, pkgKey, World } from './testing/world.js';

const evidenceHash = bytes32('an agreement, and how it was broken');

function asked() {
  const world = new World();
  const requirementId = openRequirement(world);
  const { claimId, patient } = freshClaim(world, 'ana', requirementId);
  const [first, second, third] = world.auditors as [Actor, Actor, Actor];
  const body = { type: 'request-opening', account: patient.id, reason: 'licence-breach', claimId, evidenceHash } as const;
  const openingId = openingIdOf(first.id, world.nonce(first));
  return { world, patient, claimId, body, first, second, third, openingId };
}

describe('an opening of a pseudonym', () => {
  it('is asked for by an auditor, on the record, and approved by more than half of them', () => {
    const { world, patient, body, first, second, third, openingId } = asked();
    const events = world.send(first, body);
    assert.deepEqual(events.map(({ type, data }) => [type, data['approved']]), [['opening-requested', undefined], ['opening-approved', false]]);
    assert.equal(readOpening(world.view, openingId)?.approvedAtMs, null);
    const [approved] = world.send(second, { type: 'approve-opening', openingId });
    assert.deepEqual([approved?.data['approved'], approved?.data['account']], [true, patient.id]);
    const opening = readOpening(world.view, openingId);
    assert.deepEqual([opening?.requestedBy, opening?.approvals, opening?.approvedAtMs], [first.id, [first.id, second.id], world.timeMs]);
    world.timeMs += 1;
    world.send(third, { type: 'approve-opening', openingId });
    assert.equal(readOpening(world.view, openingId)?.approvedAtMs, world.timeMs - 1, 'since when it may be opened does not change');
  });

  it('is of a pseudonym that is registered, with a claim of its own if with any, and asked for by auditors only', () => {
    const { world, body, first, claimId } = asked();
    world.refuses('agreements/not-a-pseudonym', first, { ...body, account: accountId(keyOf('nobody').publicKey), claimId: null });
    world.refuses('agreements/not-a-pseudonym', first, { ...body, account: world.institute.id, claimId: null });
    const other = world.pseudonym('ben');
    register(world, other, 'r9');
    world.refuses('agreements/not-permitted', first, { ...body, account: other.id });
    world.refuses('agreements/unknown-claim', first, { ...body, claimId: `clm_${'0'.repeat(64)}` });
    for (const sender of [world.institute, world.proxy, other, world.pkg]) world.refuses('agreements/not-permitted', sender, body);
    world.send(first, { ...body, account: other.id, claimId: null });
    assert.ok(claimId);
  });

  it('is approved once by each, in time, and by those who are still pinned', () => {
    const { world, body, first, second, third, openingId } = asked();
    world.refuses('agreements/unknown-opening', second, { type: 'approve-opening', openingId });
    world.send(first, body);
    world.refuses('agreements/already-approved', first, { type: 'approve-opening', openingId });
    world.decide({ kind: 'unpin-member', account: first.id });
    // Two are left, and the request of the one who is gone does not count: both are needed.
    world.send(second, { type: 'approve-opening', openingId });
    assert.equal(readOpening(world.view, openingId)?.approvedAtMs, null);
    world.timeMs += 30 * DAY_MS;
    world.refuses('agreements/too-late', third, { type: 'approve-opening', openingId });
    world.timeMs -= 1;
    world.send(third, { type: 'approve-opening', openingId });
    assert.equal(readOpening(world.view, openingId)?.approvedAtMs, world.timeMs);
  });

  it('lets holders give their shares once it is approved, of this pseudonym’s certificate and no other', () => {
    const { world, patient, body, first, second, openingId } = asked();
    world.send(first, body);
    const ordered = () => ({ chainId: CHAIN, pkgPublicKey: pkgKey.publicKey, opening: readOpening(world.view, openingId)!, account: readAccount(world.view, patient.id)! });
    const refused = (code: string, certificate: Uint8Array, change: object = {}) =>
      assert.throws(() => approvedOpening({ ...ordered(), ...change }, certificate), (error) => isCodedError(error) && error.code === `agreements/${code}`);
    const certificate = patient.certificate!;
    refused('opening-not-approved', certificate);
    world.send(second, { type: 'approve-opening', openingId });
    const { opening, binding } = approvedOpening(ordered(), certificate);
    assert.deepEqual([opening, accountId(binding.accountKey), binding.chainId], [bytes32(`opening ${patient.name}`), patient.id, CHAIN]);
    for (const other of [
      world.pseudonym('ben').certificate!,
      world.pseudonym(patient.name, { serial: bytes32('another serial').subarray(0, 16) }).certificate!,
      world.pseudonym(patient.name, { issuer: keyOf('another pkg') }).certificate!,
      world.pseudonym(patient.name, { chainId: 'another' }).certificate!,
      certificate.subarray(1),
    ]) refused('not-this-pseudonym', other);
    refused('not-this-pseudonym', certificate, { account: readAccount(world.view, world.institute.id)! });
  });
});
