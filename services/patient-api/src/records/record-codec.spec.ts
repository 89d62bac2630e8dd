import assert from 'node:assert/strict';
import { it } from 'node:test';
import { attest, issuerKeyFromSeed, type Observation, PART_TYPES } from '@medveil/eligibility';
import { encodeCanonical, utf8 } from '@medveil/encoding';
import { decodeRecord, encodeRecord, type StoredRecord } from './record-codec.js';

const values: readonly Observation['value'][] = [
  { kind: 'quantity', scaled: -(1n << 61n), unit: '%' },
  { kind: 'quantity', scaled: 720n, unit: '%' },
  { kind: 'coded', system: 'http://snomed.info/sct', code: '1' },
  { kind: 'present' },
];

it('keeps a record as it was attested: parts, observations of every kind, attestation', () => {
  const record: StoredRecord = {
    secretIndex: 3,
    datePrecision: 'year',
    attestation: attest(issuerKeyFromSeed(new Uint8Array(32).fill(7)), { partsRoot: 5n, timeDay: 20_000, subject: 9n }),
    parts: PART_TYPES.map((part) => ({
      part,
      content: utf8(`content of ${part}`),
      observations: values.map((value, index) => ({ part, code: { system: 'http://loinc.org', code: `${index}-1` }, timeMs: 86_400_000 * (1 - index), value })),
    })),
  };
  assert.deepEqual(decodeRecord(encodeRecord(record)), record);
});

it('refuses what is not one', () => {
  assert.throws(() => decodeRecord(encodeCanonical({ version: 2 })), (error: unknown) => error instanceof Error && 'code' in error && error.code === 'patient-api/record-unreadable');
});
