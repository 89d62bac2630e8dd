import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readLicences } from './queries.js';
import { toHex } from '@medveil/encoding';
import { claimBody, deliver, freshClaim, licence, register, release } from './testing/exchange.js';
import { type Actor, bytes32, DAY_MS, World } from './testing/world.js';
import type { RequirementId, Terms } from './vocabulary.js';

function market(parameters = {}) {
  const world = new World({ parameters });
  world.fund(world.institute, 100_000);
  world.fund(world.university, 100_000);
  const offer = (institution: Actor, kind: 'exclusive' | 'non-exclusive', overrides: Partial<Terms> = {}, days = 400) =>
    release(world, institution, { licence: licence(world, { kind, untilMs: world.timeMs + days * DAY_MS }), ...overrides });
  const pseudonym = (name: string): Actor => {
    const patient = world.pseudonym(name);
    register(world, patient, name);
    return patient;
  };
  const attempt = (patient: Actor, person: string, requirementId: RequirementId) => claimBody(world, patient, person, requirementId, patient.name);
  return { world, offer, pseudonym, attempt };
}

describe('an exclusive licence', () => {
  it('lets no second sale of the domain pass, under any pseudonym, record or kind of licence', () => {
    const { world, offer, pseudonym, attempt } = market();
    const first = offer(world.institute, 'exclusive');
    const second = offer(world.university, 'exclusive', { parts: ['vital-signs'] });
    const third = offer(world.university, 'non-exclusive', { parts: ['demographics', 'vital-signs', 'conditions'] });
    const { claimId } = freshClaim(world, 'ana', first);
    const again = pseudonym('ana under another name');
    world.refuses('agreements/exclusive-licence-in-force', again, attempt(again, 'ana', second));
    world.refuses('agreements/exclusive-licence-in-force', again, attempt(again, 'ana', third));
    deliver(world, claimId);
    world.send(world.institute, { type: 'confirm-delivery', claimId });
    world.refuses('agreements/exclusive-licence-in-force', again, attempt(again, 'ana', second));
  });

  it('leaves other domains and other people free', () => {
    const { world, offer } = market();
    const first = offer(world.institute, 'exclusive');
    const elsewhere = offer(world.university, 'exclusive', { parts: ['conditions'] });
    const same = offer(world.university, 'exclusive', { parts: ['vital-signs'] });
    freshClaim(world, 'ana', first);
    freshClaim(world, 'ana', elsewhere);
    freshClaim(world, 'ben', same);
  });

  it('gives the domain back when the claim lapses', () => {
    const { world, offer, pseudonym, attempt } = market();
    const first = offer(world.institute, 'exclusive');
    const second = offer(world.university, 'exclusive');
    freshClaim(world, 'ana', first);
    const again = pseudonym('ana under another name');
    world.refuses('agreements/exclusive-licence-in-force', again, attempt(again, 'ana', second));
    world.pass(3 * DAY_MS);
    assert.deepEqual(readLicences(world.view, 'measurements', toHex(bytes32('ana measurements'))), []);
    world.send(again, attempt(again, 'ana', second));
  });

  it('ends with its time', () => {
    const { world, offer, pseudonym, attempt } = market();
    const first = offer(world.institute, 'exclusive', { expiresAtMs: world.timeMs + 5 * DAY_MS }, 30);
    const second = offer(world.university, 'exclusive');
    const { claimId } = freshClaim(world, 'ana', first);
    deliver(world, claimId);
    world.send(world.institute, { type: 'confirm-delivery', claimId });
    const again = pseudonym('ana under another name');
    world.pass(30 * DAY_MS - 1);
    world.refuses('agreements/exclusive-licence-in-force', again, attempt(again, 'ana', second));
    world.pass(1);
    world.send(again, attempt(again, 'ana', second));
  });

  it('is not sold where another licence is in force: its buyer would not be the only one', () => {
    const { world, offer, pseudonym, attempt } = market();
    const shared = offer(world.institute, 'non-exclusive');
    const exclusive = offer(world.university, 'exclusive');
    freshClaim(world, 'ana', shared);
    const again = pseudonym('ana under another name');
    world.refuses('agreements/licence-in-force', again, attempt(again, 'ana', exclusive));
  });

  it('reserves no domain when a later one is refused', () => {
    const { world, offer, pseudonym, attempt } = market();
    freshClaim(world, 'ana', offer(world.institute, 'exclusive', { parts: ['conditions'] }));
    const both = offer(world.university, 'exclusive', { parts: ['laboratory', 'conditions'] });
    const again = pseudonym('ana under another name');
    world.refuses('agreements/exclusive-licence-in-force', again, attempt(again, 'ana', both));
    freshClaim(world, 'ana', offer(world.university, 'exclusive', { parts: ['laboratory'] }), ' laboratory');
  });
});

describe('non-exclusive licences', () => {
  it('stand beside each other, up to a number', () => {
    const { world, offer, pseudonym, attempt } = market({ licencesPerDomain: 2 });
    freshClaim(world, 'ana', offer(world.institute, 'non-exclusive'));
    freshClaim(world, 'ana', offer(world.university, 'non-exclusive'));
    const third = offer(world.university, 'non-exclusive', { quantity: 1 });
    const again = pseudonym('ana under another name');
    world.refuses('agreements/domain-full', again, attempt(again, 'ana', third));
  });

  it('are not asked about where a part belongs to no domain', () => {
    const { world, offer } = market();
    freshClaim(world, 'ana', offer(world.institute, 'exclusive', { parts: ['laboratory'] }));
    freshClaim(world, 'ana', offer(world.university, 'non-exclusive', { parts: ['demographics'] }));
  });
});
