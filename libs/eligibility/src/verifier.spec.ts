import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { bn254 } from '@noble/curves/bn254.js';
import mcl from 'mcl-wasm';
import { groth16 } from 'snarkjs';
import { concatBytes, fromHex } from '@medveil/encoding';
import {
  bytesToField,
  encodeProof,
  FIELD_ORDER as R,
  fieldToBytes,
  isEligibilityError,
  loadVerifier,
  parseVerificationKey,
  prepareVerificationKey,
  type PreparedKey,
  PROOF_BYTES,
  type PublicInputs,
  requireProductionKey,
  type VerificationKey,
  verificationKeyHash,
  verifyBatch,
  verifyEligibility,
  verifySignals,
} from './index.js';
import { BASE_FIELD_ORDER as Q, splitProof } from './proof-encoding.js';
import { decodeG1, decodeG2, type G1Point, g1Text, type G2Point, g2Text } from './testing-proofs.js';
import { seededRandom } from './testing.js';

interface Vectors {
  readonly verificationKey: VerificationKey;
  readonly proofs: readonly { readonly signals: readonly string[]; readonly proof: string }[];
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/groth16.json', import.meta.url), 'utf8')) as Vectors;
const verificationKey = parseVerificationKey(vectors.verificationKey);
const proofs = vectors.proofs.map(({ signals, proof }) => ({ signals: signals.map((s) => bytesToField(fromHex(s))), proof: fromHex(proof) }));
const [example = assert.fail()] = proofs;
const random = seededRandom('verifier');
const { G1, G2 } = { G1: bn254.G1.Point, G2: bn254.G2.Point };
const { Fp2 } = bn254.fields;
const integer = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

interface Proof {
  readonly a: G1Point;
  readonly b: G2Point;
  readonly c: G1Point;
}

const decoded = (proof: Uint8Array): Proof => {
  const { a, b, c } = splitProof(proof);
  return { a: decodeG1(a), b: decodeG2(b), c: decodeG1(c) };
};
const encoded = ({ a, b, c }: Proof): Uint8Array => {
  const [pa, pb, pc] = [a.toAffine(), b.toAffine(), c.toAffine()];
  return encodeProof([pa.x, pa.y], [[pb.x.c0, pb.x.c1], [pb.y.c0, pb.y.c1]], [pc.x, pc.y]);
};

/** A proof whose C is shifted by a point. */
const shift = (proof: Uint8Array, by: G1Point) => {
  const d = decoded(proof);
  return encoded({ ...d, c: d.c.add(by) });
};

const scalar = () => (integer(random(32)) % (R - 1n)) + 1n;

function blsIsBilinear(): boolean {
  const p = mcl.hashAndMapToG1('p');
  const q = mcl.hashAndMapToG2('q');
  const s = new mcl.Fr();
  s.setInt(42);
  return mcl.pairing(mcl.mul(p, s), q).isEqual(mcl.pairing(p, mcl.mul(q, s)));
}

const snarkjsKey = {
  protocol: 'groth16',
  curve: 'bn128',
  nPublic: example.signals.length,
  vk_alpha_1: g1Text(decodeG1(fromHex(verificationKey.alpha))),
  vk_beta_2: g2Text(decodeG2(fromHex(verificationKey.beta))),
  vk_gamma_2: g2Text(decodeG2(fromHex(verificationKey.gamma))),
  vk_delta_2: g2Text(decodeG2(fromHex(verificationKey.delta))),
  IC: verificationKey.ic.map((point) => g1Text(decodeG1(fromHex(point)))),
};
const snarkjsVerify = ({ a, b, c }: Proof, signals: readonly bigint[]): Promise<boolean> =>
  groth16.verify(snarkjsKey, signals.map(String), { protocol: 'groth16', curve: 'bn128', pi_a: g1Text(a), pi_b: g2Text(b), pi_c: g1Text(c) });

let key: PreparedKey;
before(async () => {
  await loadVerifier();
  key = prepareVerificationKey(verificationKey);
});

/** snarkjs keeps its curve, threads and all, in a global. */
after(async () => {
  await (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate();
});

const inputsOf = (signals: readonly bigint[]): PublicInputs => {
  const at = (i: number) => fieldToBytes(signals[i] ?? 0n);
  const [h, policyHash, result, requirementId, nullifier] = [at(0), at(1), at(2), at(3), at(4)];
  return {
    h,
    policyHash,
    result,
    requirementId,
    claimNullifier: nullifier,
    domains: [5, 6, 7, 8].map(at),
    domainNullifiers: [9, 10, 11, 12].map(at),
    issuerRoot: at(13),
    pseudonym: at(14),
    chainId: at(15),
  };
};

describe('verification', () => {
  it('accepts the proofs that were made', () => {
    for (const { signals, proof } of proofs) {
      assert.equal(verifySignals(key, signals, proof), true);
      assert.equal(verifyEligibility(key, inputsOf(signals), proof), true);
    }
  });

  it('agrees with snarkjs on valid and on 200 changed proofs', async () => {
    const honest = decoded(example.proof);
    const changes: (() => { proof: Proof; signals: readonly bigint[] })[] = [
      // re-randomised: another proof of the same, valid
      () => {
        const z = scalar();
        return { proof: { ...honest, a: honest.a.multiply(z), b: honest.b.multiply(bn254.fields.Fr.inv(z)) }, signals: example.signals };
      },
      () => ({ proof: { ...honest, a: G1.BASE.multiply(scalar()) }, signals: example.signals }),
      () => ({ proof: { ...honest, b: G2.BASE.multiply(scalar()) }, signals: example.signals }),
      () => ({ proof: { ...honest, c: G1.BASE.multiply(scalar()) }, signals: example.signals }),
      () => ({ proof: { ...honest, a: honest.a.negate() }, signals: example.signals }),
      () => ({ proof: { ...honest, a: honest.a.negate(), b: honest.b.negate() }, signals: example.signals }),
      () => ({ proof: { a: honest.c, b: honest.b, c: honest.a }, signals: example.signals }),
      () => {
        const i = Number(scalar() % 16n);
        return { proof: honest, signals: example.signals.with(i, scalar()) };
      },
      () => {
        const i = Number(scalar() % 16n);
        return { proof: honest, signals: example.signals.with(i, ((example.signals[i] ?? 0n) + 1n) % R) };
      },
      () => ({ proof: decoded((proofs[1] ?? example).proof), signals: example.signals }),
    ];
    let valid = 0;
    for (let round = 0; round < 20; round += 1) {
      for (const change of changes) {
        const { proof, signals } = change();
        const ours = verifySignals(key, signals, encoded(proof));
        assert.equal(ours, await snarkjsVerify(proof, signals));
        valid += ours ? 1 : 0;
      }
    }
    // the re-randomised, and those with both A and B negated
    assert.equal(valid, 40);
  });

  it('refuses every flipped bit', () => {
    for (let bit = 0; bit < 8 * PROOF_BYTES; bit += 3) {
      const proof = Uint8Array.from(example.proof);
      proof[bit >> 3] = (proof[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(verifySignals(key, example.signals, proof), false, `bit ${bit}`);
    }
  });

  it('refuses inputs that are not below r, in place of their residues', () => {
    for (let i = 0; i < example.signals.length; i += 1) {
      const alias = example.signals.with(i, (example.signals[i] ?? 0n) + R);
      assert.equal(verifySignals(key, alias, example.proof), false);
    }
    const inputs = inputsOf(example.signals);
    const aliasBytes = Uint8Array.from(Buffer.from(((example.signals[0] ?? 0n) + R).toString(16).padStart(64, '0'), 'hex'));
    assert.equal(verifyEligibility(key, { ...inputs, h: aliasBytes }, example.proof), false);
    assert.equal(verifyEligibility(key, { ...inputs, domains: inputs.domains.slice(1) }, example.proof), false);
    assert.equal(verifySignals(key, example.signals.slice(1), example.proof), false);
  });

  it('refuses points at infinity, off the curve, outside the subgroup, and coordinates not below q', () => {
    const { a, b, c } = splitProof(example.proof);
    const verify = (...parts: Uint8Array[]) => verifySignals(key, example.signals, concatBytes(...parts));
    assert.equal(verify(a, b, c), true);
    assert.equal(verify(new Uint8Array(32), b, c), false);
    assert.equal(verify(a, new Uint8Array(64), c), false);
    assert.equal(verify(a, b, new Uint8Array(32)), false);
    assert.equal(verify(new Uint8Array(32), new Uint8Array(64), new Uint8Array(32)), false);
    const parity = (a[0] ?? 0) & 0x80;
    const shifted = Uint8Array.from(Buffer.from(((integer(a) & ((1n << 255n) - 1n)) + Q).toString(16).padStart(64, '0'), 'hex'));
    shifted[0] = (shifted[0] ?? 0) | parity;
    assert.equal(verify(shifted, b, c), false, 'x + q');
    assert.equal(verify(a, outsideSubgroup(), c), false, 'a point of the curve over Fp2 that is not in G2');
    for (const length of [0, 127, 129]) assert.equal(verifySignals(key, example.signals, new Uint8Array(length)), false);
  });
});

/** A point of the twist whose order is not r, compressed. */
function outsideSubgroup(): Uint8Array {
  const b = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));
  for (let n = 1n; ; n += 1n) {
    const x = { c0: n, c1: 0n };
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), b);
    try {
      const point = G2.fromAffine({ x, y: Fp2.sqrt(square) });
      if (!point.isTorsionFree()) return encoded({ ...decoded(example.proof), b: point }).slice(32, 96);
    } catch {
      // no square: no point with this x
    }
  }
}

describe('batch verification', () => {
  it('finds exactly the bad ones', () => {
    const good = proofs.map(({ signals, proof }) => ({ publicInputs: inputsOf(signals), proof }));
    const [first = assert.fail(), second = assert.fail(), third = assert.fail()] = good;
    assert.deepEqual(verifyBatch(key, good, random), good.map(() => true));
    assert.deepEqual(verifyBatch(key, [], random), []);
    const swapped = { ...first, proof: second.proof };
    const malformed = { ...first, proof: new Uint8Array(128) };
    const short = { ...first, proof: new Uint8Array(12) };
    const many = [first, swapped, second, malformed, third, short, ...Array.from({ length: 70 }, () => first)];
    const expected = many.map((statement) => statement !== swapped && statement !== malformed && statement !== short);
    assert.deepEqual(verifyBatch(key, many, random), expected);
  });

  it('is not fooled by two errors that would cancel without weights', () => {
    const [one = assert.fail(), two = assert.fail()] = proofs;
    const delta = G1.BASE.multiply(12345n);
    const cancelling = [
      { publicInputs: inputsOf(one.signals), proof: shift(one.proof, delta) },
      { publicInputs: inputsOf(two.signals), proof: shift(two.proof, delta.negate()) },
    ];
    assert.deepEqual(verifyBatch(key, cancelling, random), [false, false]);
  });
});

describe('two curves in one process', () => {
  it('BLS12-381 in the shared mcl and BN254 here do not disturb each other', async () => {
    await mcl.init(mcl.BLS12_381);
    for (let round = 0; round < 3; round += 1) {
      assert.equal(blsIsBilinear(), true);
      assert.equal(verifySignals(key, example.signals, example.proof), true);
    }
  });
});

describe('a verification key', () => {
  it('is under 4 KB as it is stored', () => {
    assert.ok(JSON.stringify(verificationKey, null, 2).length < 4096);
  });

  it('is refused in production when one party made it, or nobody contributed', () => {
    const contributed = { ...verificationKey, development: false, contributions: ['00'.repeat(32)] };
    requireProductionKey(verificationKey, 'development', null);
    for (const bad of [verificationKey, { ...contributed, contributions: [] }, { ...contributed, development: true }]) {
      assert.throws(() => requireProductionKey(bad, 'production', null), (e) => isEligibilityError(e, 'eligibility/development-key-refused'));
    }
    assert.throws(() => requireProductionKey(contributed, 'production', null), (e) => isEligibilityError(e, 'eligibility/no-ceremony'));
  });

  it('has a hash over every field', () => {
    const changed: VerificationKey[] = [
      verificationKey,
      { ...verificationKey, development: false },
      { ...verificationKey, contributions: ['00'.repeat(32)] },
      { ...verificationKey, delta: verificationKey.gamma },
      { ...verificationKey, ic: verificationKey.ic.toReversed() },
      { ...verificationKey, instance: { ...verificationKey.instance, depth: 3 } },
    ];
    assert.equal(new Set(changed.map((k) => Buffer.from(verificationKeyHash(k)).toString('hex'))).size, changed.length);
  });

  it('is refused with points that are none', () => {
    const zero = { ...verificationKey, delta: '00'.repeat(64) };
    assert.throws(() => prepareVerificationKey(zero), (e) => isEligibilityError(e, 'eligibility/bad-verification-key'));
    assert.throws(() => parseVerificationKey({ ...verificationKey, ic: [] }), (e) => isEligibilityError(e, 'eligibility/bad-verification-key'));
    assert.throws(() => parseVerificationKey(null), (e) => isEligibilityError(e, 'eligibility/bad-verification-key'));
  });
});
