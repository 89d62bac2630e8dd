import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { readChart } from './chart-files.js';
import { documentedValues } from './documented-values.js';
import { renderReadme } from './readme.js';

describe('the chart\'s README', () => {
  it('is made from values.yaml as it is now (`npm run chart:readme`)', () => {
    assert.equal(readChart('README.md'), renderReadme(readChart('README.md'), readChart('values.yaml')));
  });

  it('describes every value', () => {
    assert.deepEqual(documentedValues(readChart('values.yaml')).filter(({ text }) => text === '').map(({ path }) => path), []);
  });

  it('says what the defaults are', () => {
    const values = parse(readChart('values.yaml')) as { image: { pullPolicy: string } };
    const shown = documentedValues(readChart('values.yaml')).find(({ path }) => path === 'image.pullPolicy');
    assert.equal(shown?.value, JSON.stringify(values.image.pullPolicy));
  });
});

describe('documented values', () => {
  it('are a file\'s keys with the comments above them, the file\'s own introduction left out', () => {
    const text = '# Of the file.\n\n# Of a,\n# on two lines.\na:\n  # Of b.\n  b: 1\n  # Of c.\n  c: [x]\nd: {}\n';
    assert.deepEqual(documentedValues(text), [
      { path: 'a', text: 'Of a, on two lines.', value: null },
      { path: 'a.b', text: 'Of b.', value: '1' },
      { path: 'a.c', text: 'Of c.', value: '["x"]' },
      { path: 'd', text: '', value: '{}' },
    ]);
  });
});
