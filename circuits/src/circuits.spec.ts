import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { concatBytes } from '@medveil/encoding';
import { SLOT_CLASSES } from '@medveil/eligibility';
import { seededRandom, TAGS } from '@medveil/eligibility/testing';
import { FixedBase } from './fixed-base.js';
import { ensureCircuits } from './ensure.js';
import { fromLittleEndian, toLittleEndian } from './curve-memory.js';
import { PACKAGE_DIR, readInstances } from './instances.js';
import { domainSizeOf, lagrangeAt, power, rootOfUnity } from './qap.js';
import { parseR1cs, type R1cs } from './r1cs.js';

const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

const system = (constraints: number): R1cs => ({ constraints, publicInputs: 16, wires: 1, body: new Uint8Array() });

describe('circom sources', () => {
  it('use the tags of libs/eligibility', () => {
    const source = readFileSync(`${PACKAGE_DIR}circom/tags.circom`, 'utf8');
    const found = [...source.matchAll(/function TAG_([A-Z_]+)\(\) \{\s*return 0x([0-9a-f]+);/g)].map(([, name, value]) => [name, BigInt(`0x${value}`)]);
    const expected = Object.entries(TAGS).map(([name, value]) => [name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(), value]);
    assert.deepEqual(found, expected);
  });

  it('assign nothing without constraining it: slopes only, each by the next line', () => {
    for (const file of ['hash', 'merkle', 'opening', 'record', 'clause', 'policy', 'eligibility']) {
      assert.doesNotMatch(readFileSync(`${PACKAGE_DIR}circom/${file}.circom`, 'utf8'), /<--|-->/, file);
    }
    const slopes = readFileSync(`${PACKAGE_DIR}circom/schnorr.circom`, 'utf8');
    const hints = [...slopes.matchAll(/signal (\w+) <-- .*;\n\s*(.*);/g)];
    assert.equal(hints.length, slopes.match(/<--|-->/g)?.length);
    for (const [, name = '', next = ''] of hints) assert.match(next, new RegExp(`\\b${name}\\b.* === `), name);
  });
});

describe('instances', () => {
  it('have slots that policies are padded to', () => {
    for (const { slots } of readInstances().values()) assert.ok((SLOT_CLASSES as readonly number[]).includes(slots));
  });

  it('have the constraints that circuits.json says, within the powers of two that matter', async () => {
    const artefacts = await ensureCircuits({ instances: ['small', 'everyday'] });
    for (const { instance, r1csPath } of artefacts.values()) {
      const r1cs = parseR1cs(await readFile(r1csPath));
      assert.equal(r1cs.constraints, instance.constraints, instance.name);
      assert.equal(r1cs.publicInputs, 16);
      assert.equal(domainSizeOf(r1cs), instance.name === 'small' ? 1 << 14 : 1 << 15, instance.name);
    }
  });
});

describe('key generation', () => {
  it('multiplies the generator as repeated addition does', () => {
    const table = new FixedBase('g1');
    const scalars = concatBytes(...[0n, 1n, 2n, 3n, 5n, R - 1n, R - 2n].map((s) => toLittleEndian(s)));
    const points = table.multiply(scalars);
    const at = (i: number) => Buffer.from(points.subarray(64 * i, 64 * (i + 1))).toString('hex');
    assert.equal(at(0), '00'.repeat(64));
    // 1 and -1, 2 and -2 share x
    assert.equal(at(1).slice(0, 64), at(5).slice(0, 64));
    assert.equal(at(2).slice(0, 64), at(6).slice(0, 64));
    assert.equal(new Set([0, 1, 2, 3, 4, 5, 6].map(at)).size, 7);
  });

  it('evaluates Lagrange polynomials that are a basis: 1 at their own point, and one in sum', () => {
    const order = 16;
    const root = rootOfUnity(order);
    assert.equal(power(root, 16n), 1n);
    assert.notEqual(power(root, 8n), 1n);
    const tau = fromLittleEndian(seededRandom('tau')(31));
    const values = lagrangeAt(tau, order, 1n, root, order);
    assert.equal(values.reduce((sum, value) => sum + value, 0n) % R, 1n);
    // the polynomial x through its values at the roots
    const identity = values.reduce((sum, value, i) => sum + value * power(root, BigInt(i)), 0n) % R;
    assert.equal(identity, tau);
  });

  it('leaves a row for every public input beside the constraints', () => {
    assert.equal(domainSizeOf(system(32_768 - 17)), 32_768);
    assert.equal(domainSizeOf(system(32_768 - 16)), 65_536);
  });
});
