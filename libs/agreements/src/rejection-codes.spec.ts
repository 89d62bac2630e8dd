import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { REJECTION_CODES } from './errors.js';

it('every rejection code is met by some spec', () => {
  const folder = new URL('.', import.meta.url);
  const specs = readdirSync(folder).filter((file) => file.endsWith('.spec.js') && file !== 'rejection-codes.spec.js');
  const text = specs.map((file) => readFileSync(new URL(file, folder), 'utf8')).join('');
  assert.deepEqual(REJECTION_CODES.filter((code) => !text.includes(`'${code}'`)), []);
});
