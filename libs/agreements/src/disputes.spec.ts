import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toHex } from '@medveil/encoding';
import { readClaim, readLicences, readRequirement } from './queries.js';
import { claimBody, deliver, freshClaim, openRequirement, register } from './testing/exchange.js';
import { bytes32, DAY_MS, World } from './testing/world.js';
import type { DisputeOutcome } from './vocabulary.js';

const evidenceHash = bytes32('sealed evidence');

function disputed() {
  const world = new World();
  const requirementId = openRequirement(world);
  const claimed = freshClaim(world, 'ana', requirementId);
  deliver(world, claimed.claimId);
  world.send(world.institute, { type: 'open-dispute', claimId: claimed.claimId, evidenceHash });
  const rule = (auditor: number, outcome: DisputeOutcome) => world.send(world.auditors[auditor]!, { type: 'rule-dispute', claimId: claimed.claimId, outcome });
  return { world, requirementId, rule, ...claimed };
}

describe('a dispute', () => {
  it("is opened by the claim's institution against a bond, in time", () => {
    const world = new World();
    const requirementId = openRequirement(world);
    const { claimId } = freshClaim(world, 'ana', requirementId);
    const body = { type: 'open-dispute', claimId, evidenceHash } as const;
    world.refuses('agreements/wrong-claim-state', world.institute, body);
    deliver(world, claimId);
    world.refuses('agreements/not-permitted', world.university, body);
    world.timeMs += 7 * DAY_MS;
    world.refuses('agreements/too-late', world.institute, body);
    world.timeMs -= 1;
    world.send(world.institute, body);
    assert.equal(world.balance(world.institute), 6_900);
    world.refuses('agreements/wrong-claim-state', world.institute, body);
    world.refuses('agreements/wrong-claim-state', world.institute, { type: 'confirm-delivery', claimId });
  });

  it('needs the bond', () => {
    const world = new World();
    world.fund(world.institute, 3_099);
    const requirementId = openRequirement(world);
    world.send(world.institute, { type: 'redeem', amount: world.balance(world.institute) - 99, reference: bytes32('x') });
    const { claimId } = freshClaim(world, 'ana', requirementId);
    deliver(world, claimId);
    world.refuses('agreements/insufficient-funds', world.institute, { type: 'open-dispute', claimId, evidenceHash });
  });

  it('is decided by more than half of the auditors, each with one vote', () => {
    const { world, claimId, rule } = disputed();
    assert.deepEqual(rule(0, 'body-unavailable').map(({ type }) => type), ['ruling-voted']);
    world.refuses('agreements/already-ruled', world.auditors[0]!, { type: 'rule-dispute', claimId, outcome: 'patient-at-fault' });
    assert.equal(readClaim(world.view, claimId)?.status, 'disputed');
    rule(1, 'patient-at-fault');
    assert.equal(readClaim(world.view, claimId)?.status, 'disputed');
    assert.deepEqual(rule(2, 'body-unavailable').map(({ type }) => type), ['ruling-voted', 'ruled', 'refunded']);
    world.refuses('agreements/wrong-claim-state', world.auditors[0]!, { type: 'rule-dispute', claimId, outcome: 'body-unavailable' });
  });

  it('does not count auditors who were unpinned since', () => {
    const { world, claimId, rule } = disputed();
    rule(0, 'patient-at-fault');
    world.decide({ kind: 'unpin-member', account: world.auditors[0]!.id });
    rule(1, 'patient-at-fault');
    assert.equal(readClaim(world.view, claimId)?.status, 'disputed');
    rule(2, 'patient-at-fault');
    assert.equal(readClaim(world.view, claimId)?.status, 'refunded');
  });

  it('lost by the patient: refund, bond back, the licence gone and no second attempt', () => {
    const { world, claimId, requirementId, patient, rule } = disputed();
    rule(0, 'patient-at-fault');
    rule(1, 'patient-at-fault');
    assert.equal(world.balance(world.institute), 7_000);
    assert.equal(world.balance(patient), 0);
    const requirement = readRequirement(world.view, requirementId);
    assert.deepEqual([requirement?.taken, requirement?.escrow], [0, 3_000]);
    const ended = readClaim(world.view, claimId);
    assert.deepEqual([ended?.status, ended?.hold, ended?.dispute?.bond, ended?.dispute?.outcome, ended?.deadlineMs], ['refunded', 0, 0, 'patient-at-fault', null]);
    assert.deepEqual(readLicences(world.view, 'measurements', toHex(bytes32('ana measurements'))), []);
    const again = world.pseudonym('ana under another name');
    register(world, again, 'r2');
    world.refuses('agreements/nullifier-spent', again, claimBody(world, again, 'ana', requirementId, 'r2'));
  });

  it('over a body not to be had: refund, bond back, and the person may try again', () => {
    const { world, requirementId, rule } = disputed();
    rule(0, 'body-unavailable');
    rule(1, 'body-unavailable');
    assert.equal(world.balance(world.institute), 7_000);
    freshClaim(world, 'ana', requirementId, ' again');
  });

  it('lost by the institution: paid, and the bond with it', () => {
    const { world, claimId, patient, rule } = disputed();
    rule(0, 'institution-at-fault');
    rule(1, 'institution-at-fault');
    assert.equal(world.balance(patient), 980 + 100);
    assert.equal(world.balance(world.institute), 6_900);
    assert.equal(readClaim(world.view, claimId)?.status, 'settled');
  });

  it('refunds to the institution where the requirement has ended', () => {
    const { world, requirementId, rule } = disputed();
    world.send(world.institute, { type: 'close-requirement', requirementId });
    rule(0, 'body-unavailable');
    rule(1, 'body-unavailable');
    assert.equal(world.balance(world.institute), 10_000);
  });

  it('left undecided is settled after T3 with the bond returned', () => {
    const { world, claimId, patient, rule } = disputed();
    rule(0, 'patient-at-fault');
    const { deadlineMs } = readClaim(world.view, claimId)!;
    world.timeMs = deadlineMs!;
    world.refuses('agreements/too-late', world.auditors[1]!, { type: 'rule-dispute', claimId, outcome: 'patient-at-fault' });
    const [settled] = world.pass(0);
    assert.equal(settled?.data['how'], 'unruled');
    assert.equal(world.balance(patient), 980);
    assert.equal(world.balance(world.institute), 7_000);
  });
});
