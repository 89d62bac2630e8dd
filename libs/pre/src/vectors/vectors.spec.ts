import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { before, describe, it } from 'node:test';
import { afgh06 } from '../index.js';
import { bothEngines } from '../testing/random.js';
import { makeVectors, serialize } from './generate.js';
import { type Machine, OPERATION_NAMES, perform, type Vector } from './operations.js';

interface File {
  readonly description: string;
  readonly vectors: readonly Vector[];
}

const FOLDER = new URL('../../vectors/', import.meta.url);
const names = readdirSync(fileURLToPath(FOLDER)).filter((name) => name.endsWith('.json')).toSorted();
const files = new Map(names.map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')]));

let machines: readonly Machine[];
before(async () => {
  machines = (await bothEngines()).map((engine) => ({ engine, scheme: afgh06(engine) }));
});

describe('the published vectors', () => {
  for (const [name, text] of files) {
    it(`hold on both engines: ${name}`, async () => {
      const { vectors } = JSON.parse(text) as File;
      for (const { engine, scheme } of machines) {
        for (const { operation, input, output, error, comment } of vectors) {
          const expected = error === undefined ? { output } : { error };
          assert.deepEqual(await perform({ engine, scheme }, operation, input), expected, `${engine.name}: ${operation} ${comment ?? ''}`);
        }
      }
    });
  }

  it('cover every operation, with what it refuses', () => {
    const vectors = [...files.values()].flatMap((text) => (JSON.parse(text) as File).vectors);
    const refusable = OPERATION_NAMES.filter((name) => !['pair', 'hash-to-scalar', 'huang20', 'encapsulate', 'encrypt-body'].includes(name));
    assert.deepEqual(OPERATION_NAMES.filter((name) => !vectors.some(({ operation, output }) => operation === name && output !== undefined && output !== false)), []);
    const refused = (name: string): boolean => vectors.some(({ operation, output, error }) => operation === name && (error !== undefined || output === false));
    const always = ['delegatee-key', 'prove-owner-key', 'prove-delegatee-key', 're-encrypt', 'prove-re-encryption', 're-encrypt-share'];
    assert.deepEqual(refusable.filter((name) => !refused(name)), always);
  });

  it('are what the generator makes', async () => {
    const made = await makeVectors();
    assert.deepEqual(made.map((file) => `${file.name}.json`).toSorted(), names);
    for (const file of made) assert.ok(serialize(file) === files.get(`${file.name}.json`), `${file.name}.json differs: run scripts/generate-vectors.mjs`);
  });
});
