import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { generatePatients, parseBundle, prepareRecord } from '@medveil/fhir';
import { CSV_HEADER, csvRows } from './csv.js';
import { ndjsonLines, partFromLines, resourcesOf } from './part-resources.js';

const NOW_MS = Date.UTC(2026, 5, 1);

const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] });
const row = (code: string) => csvRows('clm_1', 'other', { resourceType: 'Observation', id: 'o', code: { coding: [{ system: 's', code }] }, valueInteger: -3 })[0];

describe('a cohort’s files', () => {
  it('give every part back byte for byte from its lines', () => {
    for (const bundle of generatePatients({ seed: 5, count: 8, referenceTimeMs: NOW_MS })) {
      const { parts } = prepareRecord(parseBundle(new TextEncoder().encode(JSON.stringify(bundle))), { ruleSet: 'limited-data-set', random: (length) => new Uint8Array(randomBytes(length)), referenceTimeMs: NOW_MS });
      for (const part of Object.values(parts)) assert.deepEqual(partFromLines(ndjsonLines(part)), part);
    }
  });

  it('have a row for each fact, with code, date, value and unit', () => {
    const pressure = {
      resourceType: 'Observation', id: 'o1', effectiveDateTime: '2026-03-01', code: loinc('85354-9'),
      component: [{ code: loinc('8480-6'), valueQuantity: { value: 120, code: 'mm[Hg]' } }, { code: loinc('8462-4'), valueQuantity: { value: 80, comparator: '<', code: 'mm[Hg]' } }],
    };
    const rows = csvRows('clm_1', 'vital-signs', pressure);
    assert.deepEqual(rows, [
      'clm_1,vital-signs,Observation,o1,2026-03-01,http://loinc.org,8480-6,120,mm[Hg]', 'clm_1,vital-signs,Observation,o1,2026-03-01,http://loinc.org,8462-4,<80,mm[Hg]',
    ]);
    assert.equal(rows[0]?.split(',').length, CSV_HEADER.split(',').length);
    const patient = resourcesOf(new TextEncoder().encode('{"entry":[{"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","id":"p","birthDate":"1980","gender":"female"}}]}'))[0];
    assert.deepEqual(patient === undefined ? [] : csvRows('clm_1', 'demographics', patient), ['clm_1,demographics,Patient,p,1980,,,female,']);
  });

  it('keep texts texts in a spreadsheet, and quote what needs it', () => {
    assert.equal(row('=cmd()'), "clm_1,other,Observation,o,,s,'=cmd(),-3,");
    assert.equal(row('a,"b"'), 'clm_1,other,Observation,o,,s,"a,""b""",-3,');
  });
});
