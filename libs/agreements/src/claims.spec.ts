import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { claimIdOf } from './envelope.js';
import { readClaim, readRequirement } from './queries.js';
import { claim, claimBody, freshClaim, openRequirement, register, release } from './testing/exchange.js';
import { bytes32, DAY_MS, delegateeKeyOf, ownerKeyOf, World } from './testing/world.js';

function readyToClaim(overrides: Parameters<typeof openRequirement>[1] = {}) {
  const world = new World();
  const requirementId = openRequirement(world, overrides);
  const patient = world.pseudonym('ana');
  register(world, patient, 'r1');
  return { world, requirementId, patient };
}

describe('a claim', () => {
  it('is accepted with proof, and its reward held', () => {
    const { world, requirementId, patient } = readyToClaim();
    const claimId = claimIdOf(patient.id, 1);
    const [event] = world.send(patient, claimBody(world, patient, 'ana', requirementId, 'r1'));
    assert.equal(event?.type, 'claim-accepted');
    assert.equal(event.data['claimId'], claimId);
    assert.deepEqual(event.data['parts'], [{ part: 'laboratory', version: 1 }]);
    const accepted = readClaim(world.view, claimId)!;
    assert.equal(accepted.status, 'accepted');
    assert.equal(accepted.hold, 1_000);
    assert.deepEqual(accepted.delegateeKey, delegateeKeyOf('institute'));
    assert.equal(readRequirement(world.view, requirementId)?.escrow, 2_000);
  });

  it('names a requirement and a registered record of its own sender', () => {
    const { world, requirementId, patient } = readyToClaim();
    const body = claimBody(world, patient, 'ana', requirementId, 'r1');
    world.refuses('agreements/unknown-requirement', patient, { ...body, requirementId: `req_${'0'.repeat(64)}` });
    world.refuses('agreements/unknown-record', patient, claimBody(world, patient, 'ana', requirementId, 'r2'));
    const thief = world.pseudonym('eve');
    register(world, thief, 'r3');
    world.refuses('agreements/not-the-record-owner', thief, claimBody(world, thief, 'eve', requirementId, 'r1'));
  });

  it('needs ciphertexts of all parts asked for', () => {
    const { world, requirementId } = readyToClaim({ parts: ['laboratory', 'procedures'] });
    const patient = world.pseudonym('ben');
    register(world, patient, 'r2', ['laboratory']);
    world.refuses('agreements/missing-part', patient, claimBody(world, patient, 'ben', requirementId, 'r2'));
  });

  it('needs ciphertexts that the institution has said it takes', () => {
    const { world, requirementId, patient } = readyToClaim({ maxBodyBytes: 4_095 });
    world.refuses('agreements/body-too-large', patient, claimBody(world, patient, 'ana', requirementId, 'r1'));
    const { world: other, requirementId: just, patient: ana } = readyToClaim({ maxBodyBytes: 4_096 });
    other.send(ana, claimBody(other, ana, 'ana', just, 'r1'));
  });

  it('is refused when a single bit of its proof is wrong', () => {
    const { world, requirementId, patient } = readyToClaim();
    const body = claimBody(world, patient, 'ana', requirementId, 'r1');
    for (const bit of [0, 500, 1023]) {
      const proof = body.proof.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      world.refuses('agreements/bad-eligibility-proof', patient, { ...body, proof });
    }
  });

  it('cannot change what the proof binds', () => {
    const { world, requirementId, patient } = readyToClaim();
    register(world, patient, 'r2');
    const body = claimBody(world, patient, 'ana', requirementId, 'r1');
    const changed = [
      { ...body, record: bytes32('r2') },
      { ...body, policyHash: bytes32('another') },
      { ...body, result: 0 },
      { ...body, claimNullifier: bytes32('fresh') },
      { ...body, domainNullifiers: [bytes32('fresh')] },
      { ...body, domainNullifiers: [] },
      { ...body, domainNullifiers: [...body.domainNullifiers, new Uint8Array(32)] },
    ];
    for (const each of changed) world.refuses('agreements/bad-eligibility-proof', patient, each);
  });

  it('cannot be proved for one requirement and made for another', () => {
    const { world, requirementId, patient } = readyToClaim();
    const other = release(world, world.institute, { quantity: 1 });
    world.refuses('agreements/bad-eligibility-proof', patient, { ...claimBody(world, patient, 'ana', requirementId, 'r1'), requirementId: other });
  });

  it('cannot be stolen: the proof names the pseudonym', () => {
    const { world, requirementId, patient } = readyToClaim();
    const thief = world.pseudonym('eve');
    // Even one who registers the commitment first, having seen it under way, cannot use the proof.
    const body = claimBody(world, patient, 'ben', requirementId, 'seen under way');
    register(world, thief, 'seen under way');
    world.refuses('agreements/bad-eligibility-proof', thief, body);
  });

  it('with a valid proof of another result or policy is told so', () => {
    const { world, requirementId, patient } = readyToClaim();
    world.refuses('agreements/result-mismatch', patient, claimBody(world, patient, 'ana', requirementId, 'r1', { result: 0 }));
    world.refuses('agreements/policy-mismatch', patient, claimBody(world, patient, 'ana', requirementId, 'r1', { policyHash: bytes32('easier') }));
  });

  it('is made once by a person, under whatever pseudonym', () => {
    const { world, requirementId, patient } = readyToClaim();
    claim(world, patient, 'ana', requirementId, 'r1');
    register(world, patient, 'r2');
    world.refuses('agreements/nullifier-spent', patient, claimBody(world, patient, 'ana', requirementId, 'r2'));
    const second = world.pseudonym('ana under another name');
    register(world, second, 'r3');
    world.refuses('agreements/nullifier-spent', second, claimBody(world, second, 'ana', requirementId, 'r3'));
  });

  it('cannot be replayed, neither the transaction nor the claim', () => {
    const { world, requirementId, patient } = readyToClaim();
    const bytes = world.build(patient, claimBody(world, patient, 'ana', requirementId, 'r1'));
    assert.ok(world.execute(bytes).ok);
    world.refusesBytes('agreements/wrong-nonce', bytes);
    world.refuses('agreements/nullifier-spent', patient, claimBody(world, patient, 'ana', requirementId, 'r1'));
  });

  it('may be tried again after a lapse, as often as the parameters say', () => {
    const { world, requirementId } = readyToClaim();
    for (const attempt of [1, 2]) {
      const { claimId } = freshClaim(world, 'ben', requirementId, ` attempt ${attempt}`);
      const lapsed = world.pass(3 * DAY_MS).find(({ type }) => type === 'claim-lapsed');
      assert.deepEqual(lapsed?.data, { claimId, requirementId, retryable: attempt === 1 });
    }
    const patient = world.pseudonym('ben once more');
    register(world, patient, 'r9');
    world.refuses('agreements/nullifier-spent', patient, claimBody(world, patient, 'ben', requirementId, 'r9'));
  });

  it("is refused where the owner's key is the delegatee's: the proxy alone could read", () => {
    const { world, requirementId } = readyToClaim();
    const ownerKey = ownerKeyOf('clara');
    ownerKey.set(delegateeKeyOf('institute').subarray(1, 33), 1);
    const patient = world.pseudonym('clara', { ownerKey });
    register(world, patient, 'r2');
    world.refuses('agreements/related-keys', patient, claimBody(world, patient, 'clara', requirementId, 'r2'));
  });
});
