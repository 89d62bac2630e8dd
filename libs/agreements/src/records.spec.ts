import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordIdOf } from './envelope.js';
import { readRecord } from './queries.js';
import { recordPart, registerBody } from './testing/exchange.js';
import { bytes32, ownerKeyOf, World } from './testing/world.js';

describe('a record', () => {
  it('is registered with its parts under the owner key of the certificate', () => {
    const world = new World();
    const patient = world.pseudonym('ana');
    const body = registerBody('r1');
    world.send(patient, body);
    const record = readRecord(world.view, recordIdOf(bytes32('r1')));
    assert.equal(record?.account, patient.id);
    assert.deepEqual(record.ownerKey, ownerKeyOf('ana'));
    assert.deepEqual(record.parts, body.parts);
  });

  it('is registered once, by whoever comes first', () => {
    const world = new World();
    world.send(world.pseudonym('ana'), registerBody('r1'));
    world.refuses('agreements/duplicate-record', world.pseudonym('eve'), registerBody('r1'));
  });

  it('has each part at most once, in order', () => {
    const world = new World();
    const patient = world.pseudonym('ana');
    for (const parts of [[], ['other', 'laboratory'], ['laboratory', 'laboratory']] as const) {
      const body = { ...registerBody('r1'), parts: parts.map((part) => recordPart('r1', part)) };
      assert.throws(() => world.build(patient, body), { code: 'agreements/malformed' });
    }
  });

  it('says nothing in its event that the transaction did not say in public', () => {
    const world = new World();
    const [, registered] = world.send(world.pseudonym('ana'), registerBody('r1', ['laboratory']));
    assert.deepEqual(Object.keys(registered!.data).toSorted(), ['account', 'parts', 'record', 'recordId']);
  });
});
