/**
 * Generated bundles, and those of a folder of your own: `MEDVEIL_FHIR_BUNDLES=DIR npm test`. De-identification must let no text
 * out that names somebody, whichever system wrote the bundle.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { deidentify, generatePatients, parseBundle, RULE_SET_NAMES, toObservations } from './index.js';
import { allText, bytesOf, NOW_MS, seededBytes } from './testing/fixtures.js';
import { dayDates, needlesIn } from './testing/needles.js';

interface Given {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function* bundles(): Iterable<Given> {
  let number = 0;
  for (const bundle of generatePatients({ seed: 21, count: 8, referenceTimeMs: NOW_MS })) yield { name: `generated ${(number += 1)}`, bytes: bytesOf(bundle) };
  const folder = process.env['MEDVEIL_FHIR_BUNDLES'];
  if (folder === undefined) return;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (name.endsWith('.json')) yield { name, bytes: readFileSync(join(folder, name)) };
  }
}

const isBundle = ({ bytes }: Given): boolean => (JSON.parse(new TextDecoder().decode(bytes)) as { resourceType?: string }).resourceType === 'Bundle';

describe('de-identification of whole bundles', () => {
  for (const given of bundles()) {
    if (!isBundle(given)) continue;
    it(`lets nothing out of ${given.name} that names somebody`, (context) => {
      const needles = needlesIn(JSON.parse(new TextDecoder().decode(given.bytes)));
      assert.ok(needles.length > 50);
      for (const ruleSet of RULE_SET_NAMES) {
        const record = deidentify(parseBundle(given.bytes), { ruleSet, random: seededBytes(3), referenceTimeMs: NOW_MS });
        const text = allText(record);
        const report = JSON.stringify(record.report);
        assert.deepEqual(needles.filter((needle) => text.includes(needle)), [], 'in the parts');
        assert.deepEqual(needles.filter((needle) => report.includes(needle)), [], 'in the report');
        if (ruleSet === 'safe-harbor') assert.deepEqual(dayDates(text), []);
        context.diagnostic(`${ruleSet}: ${needles.length} texts looked for, ${toObservations(record.parts).observations.length} observations left`);
      }
    });
  }
});
