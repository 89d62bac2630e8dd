import { describe, it } from 'node:test';
import { claimBody, openRequirement, registerBody } from './testing/exchange.js';
import { bytes32, DAY_MS, ISSUER_ROOT, World } from './testing/world.js';

const NEXT = bytes32('issuers 2');

function claimingWorld() {
  const world = new World({ parameters: { issuerGraceMs: 7 * DAY_MS } });
  const requirementId = openRequirement(world);
  const patient = world.pseudonym('ana');
  world.send(patient, registerBody('r1'));
  const claimUnder = (issuerRoot: Uint8Array) => claimBody(world, patient, 'ana', requirementId, 'r1', { issuerRoot });
  return { world, patient, claimUnder };
}

describe('accredited issuers', () => {
  it('have to be in a root that the PKG has put on the ledger', () => {
    const { world, patient, claimUnder } = claimingWorld();
    world.refuses('agreements/unknown-issuer-root', patient, claimUnder(NEXT));
    world.send(world.pkg, { type: 'update-issuers', root: NEXT, immediate: false });
    world.send(patient, claimUnder(NEXT));
    world.refuses('agreements/unchanged-issuers', world.pkg, { type: 'update-issuers', root: NEXT, immediate: true });
  });

  it('of the root before are accepted for the grace period', () => {
    const { world, patient, claimUnder } = claimingWorld();
    world.send(world.pkg, { type: 'update-issuers', root: NEXT, immediate: false });
    world.pass(7 * DAY_MS);
    world.refuses('agreements/unknown-issuer-root', patient, claimUnder(ISSUER_ROOT));
    world.timeMs -= 1;
    world.send(patient, claimUnder(ISSUER_ROOT));
  });

  it('of any root before are refused at once after an immediate update', () => {
    const { world, patient, claimUnder } = claimingWorld();
    world.send(world.pkg, { type: 'update-issuers', root: NEXT, immediate: false });
    world.pass(1);
    world.send(world.pkg, { type: 'update-issuers', root: bytes32('issuers 3'), immediate: true });
    world.refuses('agreements/unknown-issuer-root', patient, claimUnder(NEXT));
    world.refuses('agreements/unknown-issuer-root', patient, claimUnder(ISSUER_ROOT));
    world.send(patient, claimUnder(bytes32('issuers 3')));
  });

  it('superseded in the ordinary way after an immediate update have their grace again', () => {
    const { world, patient, claimUnder } = claimingWorld();
    world.send(world.pkg, { type: 'update-issuers', root: NEXT, immediate: true });
    world.pass(1);
    world.send(world.pkg, { type: 'update-issuers', root: bytes32('issuers 3'), immediate: false });
    world.refuses('agreements/unknown-issuer-root', patient, claimUnder(ISSUER_ROOT));
    world.send(patient, claimUnder(NEXT));
  });

  it('of a root that comes back are accepted again', () => {
    const { world, patient, claimUnder } = claimingWorld();
    world.send(world.pkg, { type: 'update-issuers', root: NEXT, immediate: true });
    world.pass(1);
    world.send(world.pkg, { type: 'update-issuers', root: ISSUER_ROOT, immediate: true });
    world.send(patient, claimUnder(ISSUER_ROOT));
  });
});
