import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatBytes, utf8 } from '@medveil/encoding';
import fc from 'fast-check';
import { FhirError, type FhirErrorCode, type SetAside, parseBundle, readBundle } from './index.js';
import { isObject } from './json.js';
import { PATIENT, bundleOf, bytesOf, observation, without } from './testing/fixtures.js';

const refusal = (bytes: Uint8Array, limits?: Parameters<typeof parseBundle>[1]): FhirError => {
  try {
    parseBundle(bytes, limits);
  } catch (error) {
    assert.ok(error instanceof FhirError, String(error));
    return error;
  }
  return assert.fail('was accepted');
};
const assertRefused = (bytes: Uint8Array, code: FhirErrorCode): void => assert.equal(refusal(bytes).code, code);
const setAside = (resource: unknown): readonly SetAside[] => parseBundle(bytesOf(bundleOf([PATIENT, resource]))).setAside;

describe('a file that is no usable bundle is refused for its own reason', () => {
  const whole = bytesOf(bundleOf([PATIENT, observation()]));

  it('truncated anywhere', () => {
    for (let length = 1; length < whole.length; length += 7) assertRefused(whole.subarray(0, length), 'fhir/truncated');
  });

  it('truncated within a character', () => {
    const text = utf8('{"resourceType":"Bundle","a":"ä');
    assertRefused(text.subarray(0, text.length - 1), 'fhir/truncated');
  });

  it('not JSON, not UTF-8, not an object', () => {
    for (const text of ['', '   ', 'MSH|^~\\&|HL7v2', '<Bundle/>', '[]', 'null', '{"a":1}}', "{'a':1}"]) {
      assertRefused(utf8(text), 'fhir/not-json');
    }
    assertRefused(Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), 'fhir/not-json');
  });

  it('other JSON, other FHIR resources, other types of bundle', () => {
    for (const value of [{}, PATIENT, bundleOf([PATIENT], 'history'), { ...bundleOf([]), entry: 'x' }]) {
      assertRefused(bytesOf(value), 'fhir/not-a-bundle');
    }
  });

  it('without a patient, or with several', () => {
    assertRefused(bytesOf(bundleOf([observation()])), 'fhir/no-patient');
    assertRefused(bytesOf({ resourceType: 'Bundle', type: 'collection' }), 'fhir/no-patient');
    assertRefused(bytesOf(bundleOf([PATIENT, { ...PATIENT, id: 'p2' }])), 'fhir/several-patients');
  });

  it('with a patient that cannot be read', () => {
    for (const field of [{ birthDate: '17.5.1980' }, { birthDate: '1980-02-31' }, { gender: 7 }, { modifierExtension: [{}] }]) {
      assertRefused(bytesOf(bundleOf([{ ...PATIENT, ...field }])), 'fhir/bad-patient');
    }
  });

  it('never quoting what it read', () => {
    const error = refusal(utf8('{"resourceType":"Bundle","type":"collection","entry":[{"name":"Secret-Name" oops}]}'));
    assert.doesNotMatch(JSON.stringify([error.message, error.details, String(error.cause)]), /Secret-Name/);
  });
});

describe('limits', () => {
  it('refuses deep nesting before anything is built', () => {
    assertRefused(utf8(`{"a":${'['.repeat(1_000_000)}`), 'fhir/too-deep');
    assertRefused(utf8(`{"a":${'{"a":'.repeat(60)}1${'}'.repeat(61)}`), 'fhir/too-deep');
  });

  it('does not count brackets inside strings', () => {
    const bundle = parseBundle(bytesOf(bundleOf([{ ...PATIENT, name: [{ text: '[{'.repeat(500) + '\\"' }] }])));
    assert.equal(bundle.resources.length, 0);
  });

  it('refuses too many entries and too many bytes', () => {
    const limits = { maxBytes: 10_000, maxEntries: 3, maxDepth: 48 };
    const many = bytesOf(bundleOf([PATIENT, {}, {}, {}]));
    assert.equal(refusal(many, limits).code, 'fhir/too-many-entries');
    const big = bytesOf(bundleOf([{ ...PATIENT, text: 'x'.repeat(10_000) }]));
    const error = refusal(big, limits);
    assert.equal(error.code, 'fhir/too-large');
    assert.deepEqual(error.details, { sizeBytes: big.length, maxBytes: 10_000 });
  });

  it('refuses a file by its size without reading it', async () => {
    await assert.rejects(
      readBundle({ sizeBytes: 200_000_000, read: () => assert.fail('was read') }),
      (error: FhirError) => error.code === 'fhir/too-large' && /200000000 bytes/.test(error.message),
    );
  });

  it('stops reading at the limit where the size was not told, or told wrong', async () => {
    let chunks = 0;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        chunks += 1;
        yield new Uint8Array(1024);
      }
    };
    const limits = { maxBytes: 10_240, maxEntries: 10, maxDepth: 48 };
    await assert.rejects(readBundle({ sizeBytes: 5, read: endless }, limits), (e: FhirError) => e.code === 'fhir/too-large');
    assert.equal(chunks, 11);
  });

  it('reads a bundle in chunks', async () => {
    const bytes = bytesOf(bundleOf([PATIENT, observation()]));
    const read = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
    };
    assert.equal((await readBundle({ sizeBytes: bytes.length, read })).resources.length, 1);
  });
});

describe('what a bundle holds beside the patient', () => {
  it('takes every type of bundle that carries a record, and a byte order mark', () => {
    for (const type of ['collection', 'transaction', 'batch', 'searchset', 'document']) {
      assert.equal(parseBundle(bytesOf(bundleOf([PATIENT, observation()], type))).resources.length, 1);
    }
    const marked = concatBytes(Uint8Array.of(0xef, 0xbb, 0xbf), bytesOf(bundleOf([PATIENT])));
    assert.equal(parseBundle(marked).resources.length, 0);
  });

  it('sets aside with a reason what is not read, and carries on', () => {
    const cases: [unknown, string][] = [
      [{ resourceType: 'Encounter', id: 'e1' }, 'type-not-shared'],
      [observation({ status: 'finished' }), 'malformed'],
      [observation({ effectiveDateTime: 'yesterday' }), 'malformed'],
      [observation({ valueQuantity: { value: '71.5' } }), 'malformed'],
      [observation({ code: null }), 'malformed'],
      [observation({ modifierExtension: [{ url: 'http://x' }] }), 'modifier-extension'],
      [observation({ component: [{ code: {}, modifierExtension: [{}] }] }), 'modifier-extension'],
      [observation({ status: 'entered-in-error' }), 'entered-in-error'],
      [observation({ subject: { reference: 'Patient/somebody-else' } }), 'other-subject'],
      [observation({ subject: { reference: 'https://elsewhere.example/Patient/p1' } }), 'other-subject'],
      [observation({ subject: { display: 'no reference' } }), 'other-subject'],
      [observation({ focus: [{ reference: 'RelatedPerson/child' }] }), 'other-subject'],
    ];
    for (const [resource, reason] of cases) assert.deepEqual(setAside(resource).map((row) => row.reason), [reason]);
  });

  it('counts a resource that comes twice once', () => {
    const twice = observation({ id: 'o1' });
    const bundle = parseBundle(bytesOf(bundleOf([PATIENT, twice, twice, observation({ id: 'o2' })])));
    assert.equal(bundle.resources.length, 2);
    assert.deepEqual(bundle.setAside, [{ resourceType: 'Observation', reason: 'duplicate-id', count: 1 }]);
  });

  it('finds the patient by full URL, by relative reference and with a version', () => {
    for (const reference of ['urn:uuid:1', 'Patient/p1', 'Patient/p1/_history/3']) {
      const entry = [{ fullUrl: 'urn:uuid:1', resource: PATIENT }, { resource: observation({ subject: { reference } }) }];
      assert.equal(parseBundle(bytesOf({ resourceType: 'Bundle', type: 'collection', entry })).resources.length, 1);
    }
  });

  it('survives entries that are nothing, and bounds what their types may be called', () => {
    const entry = [{ resource: PATIENT }, null, 7, {}, { resource: [] }, { resource: { resourceType: 'Jane Doe, MRN 12' } }];
    const bundle = parseBundle(bytesOf({ resourceType: 'Bundle', type: 'collection', entry }));
    assert.deepEqual(bundle.setAside, [
      { resourceType: '(none)', reason: 'no-resource', count: 4 },
      { resourceType: '(none)', reason: 'type-not-shared', count: 1 },
    ]);
    const many = Array.from({ length: 1000 }, (_, i) => ({ resourceType: `Made${'x'.repeat(i % 30)}${String.fromCodePoint(65 + (i % 26))}` }));
    assert.ok(parseBundle(bytesOf(bundleOf([PATIENT, ...many]))).setAside.length <= 201);
  });

  it('throws nothing but FhirError on any JSON in the place of a resource', () => {
    fc.assert(fc.property(fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 6 }), (values) => {
      const resources = values.map((value) => (isObject(value) ? { ...without(value, ''), resourceType: 'Observation' } : value));
      parseBundle(bytesOf(bundleOf([PATIENT, ...resources])));
    }), { numRuns: 200 });
  });
});
