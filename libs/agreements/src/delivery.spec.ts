import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readClaim, readRequirement } from './queries.js';
import { transformedDigest } from './rules/delivery.js';
import { deliver, deliveryBody, freshClaim, openRequirement } from './testing/exchange.js';
import { bytes32, DAY_MS, World } from './testing/world.js';

function accepted(overrides: Parameters<typeof openRequirement>[1] = {}) {
  const world = new World();
  const requirementId = openRequirement(world, overrides);
  return { world, requirementId, ...freshClaim(world, 'ana', requirementId) };
}

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 3 ? byte ^ 1 : byte));

describe('a delivery', () => {
  it('is recorded by a proxy with the re-encrypted capsules, and paid when the institution confirms', () => {
    const { world, claimId, patient, requirementId } = accepted();
    const body = deliveryBody(world, claimId);
    const [event] = world.send(world.proxy, body);
    const parts = body.parts.map(({ part, transformed }) => ({ part, transformed }));
    assert.deepEqual(event?.data['parts'], parts);
    assert.deepEqual(readClaim(world.view, claimId)?.delivery?.transformedDigest, transformedDigest(parts));
    const [settled] = world.send(world.institute, { type: 'confirm-delivery', claimId });
    assert.deepEqual(settled, { type: 'settled', data: { claimId, requirementId, how: 'confirmed', patient: patient.id, institution: world.institute.id, paid: 980, fee: 20 } });
    assert.equal(world.balance(patient), 980);
    assert.equal(world.balance(world.fees), 20);
    assert.equal(readRequirement(world.view, requirementId)?.settled, 1);
    assert.equal(world.contract.nextDeadlineMs(world.view), readRequirement(world.view, requirementId)?.terms.expiresAtMs);
  });

  it("can be made by the claim's patient where the proxy stalls, and by no other patient", () => {
    const { world, claimId, patient, requirementId } = accepted();
    const other = freshClaim(world, 'ben', requirementId);
    world.refuses('agreements/not-permitted', other.patient, deliveryBody(world, claimId));
    deliver(world, claimId, patient);
    assert.equal(readClaim(world.view, claimId)?.delivery?.by, patient.id);
  });

  it('holds exactly the parts asked for', () => {
    const { world, claimId } = accepted({ parts: ['laboratory', 'conditions'] });
    const body = deliveryBody(world, claimId);
    const [laboratory, conditions] = body.parts;
    for (const parts of [[laboratory!], [conditions!, laboratory!], [laboratory!, laboratory!], [laboratory!, { ...conditions!, part: 'other' as const }], [...body.parts, { ...conditions!, part: 'other' as const }]]) {
      world.refuses('agreements/wrong-parts', world.proxy, { ...body, parts });
    }
    world.send(world.proxy, body);
  });

  it('is refused where any part is not shown to be right', () => {
    const { world, claimId, requirementId } = accepted({ parts: ['laboratory', 'conditions'] });
    const body = deliveryBody(world, claimId);
    const [laboratory, conditions] = body.parts;
    const others = deliveryBody(world, freshClaim(world, 'ben', requirementId).claimId).parts;
    for (const parts of [
      [laboratory!, { ...conditions!, transformed: flip(conditions!.transformed) }],
      [{ ...laboratory!, proof: flip(laboratory!.proof) }, conditions!],
      [{ ...laboratory!, transformed: conditions!.transformed, proof: conditions!.proof }, conditions!],
      others,
    ]) {
      world.refuses('agreements/bad-reencryption-proof', world.proxy, { ...body, parts });
    }
  });

  it('is made once, for a claim that waits for it', () => {
    const { world, claimId } = accepted();
    const body = deliveryBody(world, claimId);
    world.refuses('agreements/unknown-claim', world.proxy, { ...body, claimId: `clm_${'0'.repeat(64)}` });
    world.send(world.proxy, body);
    world.refuses('agreements/wrong-claim-state', world.proxy, body);
  });
});

describe('T1', () => {
  it('lapses a claim without delivery: refund, place open again', () => {
    const { world, claimId, requirementId, patient } = accepted();
    assert.equal(world.contract.nextDeadlineMs(world.view), world.timeMs + 3 * DAY_MS);
    assert.deepEqual(world.pass(3 * DAY_MS - 1), []);
    const events = world.pass(1);
    assert.deepEqual(events.map(({ type }) => type), ['refunded', 'claim-lapsed']);
    assert.equal(readClaim(world.view, claimId)?.status, 'lapsed');
    const requirement = readRequirement(world.view, requirementId);
    assert.deepEqual([requirement?.taken, requirement?.escrow], [0, 3_000]);
    world.refuses('agreements/wrong-claim-state', patient, { ...deliveryBody(world, claimId) });
  });

  it('is over at its time, even where the block has not worked it off yet', () => {
    const { world, claimId } = accepted();
    world.timeMs += 3 * DAY_MS;
    world.refuses('agreements/too-late', world.proxy, deliveryBody(world, claimId));
  });
});

describe('T2', () => {
  it('settles by silence: a patient is not left unpaid by a silent institution', () => {
    const { world, claimId, patient } = accepted();
    deliver(world, claimId);
    assert.deepEqual(world.pass(7 * DAY_MS - 1), []);
    const [settled] = world.pass(1);
    assert.equal(settled?.data['how'], 'silence');
    assert.equal(world.balance(patient), 980);
    world.refuses('agreements/wrong-claim-state', world.institute, { type: 'confirm-delivery', claimId });
    world.refuses('agreements/wrong-claim-state', world.institute, { type: 'open-dispute', claimId, evidenceHash: bytes32('late') });
  });
});

describe('a confirmation', () => {
  it("is the claim's institution's, after a delivery", () => {
    const { world, claimId } = accepted();
    world.refuses('agreements/wrong-claim-state', world.institute, { type: 'confirm-delivery', claimId });
    deliver(world, claimId);
    world.refuses('agreements/not-permitted', world.university, { type: 'confirm-delivery', claimId });
    world.send(world.institute, { type: 'confirm-delivery', claimId });
    world.refuses('agreements/wrong-claim-state', world.institute, { type: 'confirm-delivery', claimId });
  });
});

describe('a deletion', () => {
  it('is stated once by the institution that received something', () => {
    const { world, claimId } = accepted();
    const body = { type: 'record-deletion', claimId, statementHash: bytes32('statement') } as const;
    world.refuses('agreements/wrong-claim-state', world.institute, body);
    deliver(world, claimId);
    world.refuses('agreements/not-permitted', world.university, body);
    world.send(world.institute, body);
    world.refuses('agreements/already-recorded', world.institute, body);
  });
});

describe('a reward of nothing', () => {
  it('goes the same way', () => {
    const { world, claimId, patient } = accepted({ rewardPerRecord: 0 });
    deliver(world, claimId);
    world.send(world.institute, { type: 'confirm-delivery', claimId });
    assert.equal(world.balance(patient), 0);
  });
});
