import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeCanonical } from '@medveil/encoding';
import { decodeLabel, encodeLabel, type Label, MAX_LABEL_BYTES } from './index.js';
import { labelOf } from './testing/parties.js';
import { flipped } from './testing/random.js';
import { refuses } from './testing/refuses.js';

const record = new Uint8Array(32).fill(7);
const good: Label = { chainId: 'medveil-test', record, part: 'laboratory', version: 1 };

describe('labels', () => {
  it('round-trip within their bound', () => {
    const labels = fc.record({
      chainId: fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
      record: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      part: fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/),
      version: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    }, { noNullPrototype: true });
    fc.assert(fc.property(labels, (label) => {
      const bytes = encodeLabel(label);
      assert.ok(bytes.length <= MAX_LABEL_BYTES);
      assert.deepEqual(decodeLabel(bytes), label);
    }));
  });

  it('differ in every field', () => {
    const all = [good, { ...good, chainId: 'x' }, { ...good, record: new Uint8Array(32) }, { ...good, part: 'conditions' }, { ...good, version: 2 }];
    assert.equal(new Set(all.map((label) => Buffer.from(encodeLabel(label)).toString('hex'))).size, all.length);
  });

  it('are refused with fields out of bounds', () => {
    const bad: readonly Record<string, unknown>[] = [
      { chainId: '' }, { chainId: 'x'.repeat(65) }, { chainId: 'a b' }, { chainId: 'ä' },
      { record: new Uint8Array(31) }, { record: new Uint8Array(33) }, { record: 'x'.repeat(32) },
      { part: '' }, { part: 'Laboratory' }, { part: '1a' }, { part: 'a'.repeat(33) }, { part: 'a b' },
      { version: 0 }, { version: -1 }, { version: 1.5 }, { version: Number.NaN }, { version: 2 ** 53 },
    ];
    for (const change of bad) refuses(() => encodeLabel({ ...good, ...change }), 'pre/bad-label');
  });

  it('are refused in any other encoding', () => {
    const valid = labelOf();
    const format = 'medveil/label/1';
    const cases = [
      new Uint8Array(0), valid.subarray(1), valid.subarray(0, -1), Uint8Array.of(...valid, 0), new Uint8Array(MAX_LABEL_BYTES + 1),
      ...[
        null, 7, 'text', [], {}, [format], ['medveil/label/2', 'c', record, 'p', 1], [format, 'c', record, 'p'], [format, 'c', record, 'p', 1, 1],
        [format, 1, record, 'p', 1], [format, 'c', 'p', 'p', 1], [format, 'c', record, 1, 1], [format, 'c', record, 'p', '1'],
        [format, 'c', record, 'p', 0], [format, '', record, 'p', 1], [format, 'c', record, 'P', 1],
      ].map((value) => encodeCanonical(value)),
    ];
    assert.ok(cases.length >= 20);
    for (const bytes of cases) refuses(() => decodeLabel(bytes), 'pre/bad-label');
  });

  it('never read back as another value than they encode', () => {
    const valid = labelOf();
    fc.assert(fc.property(fc.nat(valid.length * 8 - 1), (bit) => {
      const bytes = flipped(valid, bit);
      try {
        assert.deepEqual(encodeLabel(decodeLabel(bytes)), bytes);
      } catch {
        refuses(() => decodeLabel(bytes), 'pre/bad-label');
      }
    }));
  });
});
