import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FhirError, directIdentifiers, generatePatients, parseBundle } from '../index.js';
import { ageAt, parseDate } from '../dates.js';
import { NOW_MS, bytesOf } from '../testing/fixtures.js';

const generate = (seed: number, count: number, referenceTimeMs = NOW_MS) => [...generatePatients({ seed, count, referenceTimeMs })];

describe('generated patients', () => {
  it('are the same for the same seed, whatever the count and the hour', () => {
    assert.deepEqual(generate(42, 3), generate(42, 8).slice(0, 3));
    assert.deepEqual(generate(42, 2), generate(42, 2, NOW_MS + 3_600_000));
  });

  it('differ between seeds and among each other', () => {
    const ids = [...generate(1, 10), ...generate(2, 10), ...generate(2 ** 40, 10)].flatMap(directIdentifiers);
    const repeated = ids.length - new Set(ids).size;
    assert.equal(repeated, 0);
  });

  it('are FHIR bundles of which every clinical resource is understood', () => {
    for (const bundle of generate(9, 16)) {
      const { resources, setAside } = parseBundle(bytesOf(bundle));
      assert.ok(resources.length > 40);
      assert.deepEqual(setAside.map((row) => `${row.resourceType} ${row.reason}`), [
        'Organization type-not-shared', 'Practitioner type-not-shared',
      ]);
    }
  });

  it('have no event in the future, and ages from children to over ninety', () => {
    const ages: number[] = [];
    for (const bundle of generate(13, 16)) {
      const text = JSON.stringify(bundle);
      for (const [day] of text.matchAll(/\d{4}-\d{2}-\d{2}(?=T)/g)) assert.ok(Date.parse(day) <= NOW_MS, day);
      const birth = parseDate(/"birthDate":"([^"]+)"/.exec(text)?.[1] ?? '');
      assert.ok(birth !== undefined);
      ages.push(ageAt(birth, NOW_MS));
    }
    assert.ok(Math.min(...ages) < 18 && Math.max(...ages) > 89);
  });

  it('are not made from options out of range', () => {
    for (const options of [{ seed: -1, count: 1 }, { seed: 0.5, count: 1 }, { seed: 1, count: -1 }, { seed: 1, count: 1e9 }]) {
      assert.throws(() => generate(options.seed, options.count), (error: FhirError) => error.code === 'fhir/bad-options');
    }
  });
});
