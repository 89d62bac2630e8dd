import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readClaim, readRequirement } from './queries.js';
import { deliver, deliveryBody, freshClaim, openRequirement } from './testing/exchange.js';
import { bytes32, World } from './testing/world.js';

function claimed() {
  const world = new World();
  const requirementId = openRequirement(world);
  return { world, requirementId, ...freshClaim(world, 'ana', requirementId) };
}

describe('withdrawal', () => {
  it('before delivery ends the claim', () => {
    const { world, claimId, requirementId, patient } = claimed();
    const events = world.send(patient, { type: 'revoke-grant', claimId });
    assert.deepEqual(events.map(({ type }) => type), ['grant-revoked', 'refunded', 'claim-withdrawn']);
    assert.equal(readClaim(world.view, claimId)?.status, 'withdrawn');
    assert.equal(readRequirement(world.view, requirementId)?.escrow, 3_000);
    world.refuses('agreements/wrong-claim-state', world.proxy, deliveryBody(world, claimId));
    freshClaim(world, 'ana', requirementId, ' after a change of mind');
  });

  it('after delivery leaves what is owed, and is on record', () => {
    const { world, claimId, patient } = claimed();
    deliver(world, claimId);
    assert.deepEqual(world.send(patient, { type: 'revoke-grant', claimId }).map(({ type }) => type), ['grant-revoked']);
    world.refuses('agreements/already-revoked', patient, { type: 'revoke-grant', claimId });
    world.send(world.institute, { type: 'confirm-delivery', claimId });
    const ended = readClaim(world.view, claimId);
    assert.equal(ended?.status, 'settled');
    assert.equal(ended.grantRevokedAtMs, world.timeMs);
  });

  it('is for the patient of the claim alone', () => {
    const { world, claimId, requirementId } = claimed();
    const other = freshClaim(world, 'ben', requirementId);
    world.refuses('agreements/not-permitted', other.patient, { type: 'revoke-grant', claimId });
  });
});

describe('a revocation receipt', () => {
  it('is given once by each proxy, after a revocation', () => {
    const { world, claimId, patient } = claimed();
    const body = { type: 'record-revocation-receipt', claimId, statementHash: bytes32('statement') } as const;
    world.refuses('agreements/not-revoked', world.proxy, body);
    world.send(patient, { type: 'revoke-grant', claimId });
    world.send(world.proxy, body);
    world.refuses('agreements/already-recorded', world.proxy, body);
    assert.equal(readClaim(world.view, claimId)?.revocationReceipts.length, 1);
  });
});
