/** docs/security.md says which test shows what: what it names has to be there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const page = readFileSync(join(ROOT, 'docs', 'security.md'), 'utf8');
/** A path, and the tests that are quoted after it. */
const NAMED = /`((?:libs|services|circuits|docs|scripts)\/[^`]+)`((?:(?:,| and)? "[^"]+")*)/g;

const named = [...page.matchAll(NAMED)].map(([, path = '', tests = '']) => ({ path, tests: [...tests.matchAll(/"([^"]+)"/g)].map(([, test = '']) => test) }));

it('every file that the page on security names exists, and holds the tests that it quotes', () => {
  assert.ok(named.length > 40 && named.flatMap(({ tests }) => tests).length > 25);
  for (const { path, tests } of named) {
    assert.ok(existsSync(join(ROOT, path)), path);
    const text = tests.length === 0 ? '' : readFileSync(join(ROOT, path), 'utf8');
    for (const test of tests) assert.ok(text.includes(`('${test}'`) || text.includes(`("${test}"`), `${path}: ${test}`);
  }
});

it('every property has its file on the page, and every quoted test a file before it', () => {
  const quoted = [...page.matchAll(/"([^"]+)"/g)].length;
  assert.equal(named.flatMap(({ tests }) => tests).length, quoted, 'a quotation that belongs to no path');
});
