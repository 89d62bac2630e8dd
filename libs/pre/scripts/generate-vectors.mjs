/** Writes vectors/*.json anew. Usage: node libs/pre/scripts/generate-vectors.mjs, after a build. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { makeVectors, serialize } from '../dist/vectors/generate.js';

const folder = new URL('../vectors/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const file of await makeVectors()) writeFileSync(new URL(`${file.name}.json`, folder), serialize(file));
