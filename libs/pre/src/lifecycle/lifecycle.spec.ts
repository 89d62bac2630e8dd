import assert from 'node:assert/strict';
import { generateKeyPairSync, sign as signWith, verify as verifyWith } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { encodeCanonical } from '@medveil/encoding';
import fc from 'fast-check';
import {
  type Afgh06, checkGrant, decodeGrant, decodeReceipt, encodeGrant, encodeLabel, type Grant, grantDigest, isInForce, type Label, makeGrant, makeReceipt,
  MAX_BATCH, nextLabel, reEncryptUnder, type RevocationReceipt, rotate, verifyReceipt,
} from '../index.js';
import { labelOf, makeParties, type Parties } from '../testing/parties.js';
import { bothEngines, flipped, seededRandom } from '../testing/random.js';
import { refuses } from '../testing/refuses.js';

const record = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const LABELS: readonly Label[] = [
  { chainId: 'medveil-test', record: record(1), part: 'laboratory', version: 1 },
  { chainId: 'medveil-test', record: record(1), part: 'conditions', version: 1 },
  { chainId: 'medveil-test', record: record(2), part: 'laboratory', version: 3 },
];
const TIMES = { notBeforeMs: 1_000, notAfterMs: 2_000 };

let parties: Parties;
let scheme: Afgh06;
let grant: Grant;
before(async () => {
  const [engine] = await bothEngines();
  assert.ok(engine);
  parties = makeParties(engine, 'life cycle');
  ({ scheme } = parties);
  grant = makeGrant(scheme, parties.owner, LABELS, { delegateePublicKey: parties.delegatee.publicKey, ...TIMES });
});

describe('a grant', () => {
  it('opens the parts and records it names, while it is in force', () => {
    const { owner, delegatee, random } = parties;
    for (const label of LABELS.map(encodeLabel)) {
      const { seed, capsule } = scheme.encapsulate(owner.publicKey, label, random);
      const transformed = reEncryptUnder(scheme, grant, label, capsule, 1_500);
      assert.deepEqual(scheme.decapsulateDelegated(delegatee, owner.publicKey, label, transformed), seed);
      for (const atMs of [0, 999, 2_000, 9_999]) refuses(() => reEncryptUnder(scheme, grant, label, capsule, atMs), 'pre/not-granted');
    }
    assert.ok(isInForce(grant, 1_000));
  });

  it('opens nothing else', () => {
    const { owner, random } = parties;
    for (const label of [labelOf(), encodeLabel({ ...(LABELS[0] as Label), version: 2 }), encodeLabel({ ...(LABELS[1] as Label), record: record(2) })]) {
      const { capsule } = scheme.encapsulate(owner.publicKey, label, random);
      refuses(() => reEncryptUnder(scheme, grant, label, capsule, 1_500), 'pre/not-granted');
    }
  });

  it('has one encoding, whatever the order in which its labels were named', () => {
    const reordered = makeGrant(scheme, parties.owner, LABELS.toReversed(), { delegateePublicKey: parties.delegatee.publicKey, ...TIMES });
    assert.deepEqual(encodeGrant(reordered), encodeGrant(grant));
    assert.deepEqual(decodeGrant(encodeGrant(grant)), grant);
    assert.notDeepEqual(grantDigest({ ...grant, notAfterMs: 2_001 }), grantDigest(grant));
  });

  it('is checked by the proxy, which names the bad items', () => {
    const { random } = parties;
    assert.deepEqual(checkGrant(scheme, grant, random), []);
    const [first, second, third] = grant.items;
    assert.ok(first && second && third);
    const swapped = { ...grant, items: [{ ...first, reKey: second.reKey }, { ...second, reKey: first.reKey }, third] };
    assert.deepEqual(checkGrant(scheme, swapped, random), [0, 1]);
    const malformed = { ...grant, items: [first, { ...second, reKey: flipped(second.reKey, 3) }, third] };
    assert.deepEqual(checkGrant(scheme, malformed, random), [1]);
  });

  it('is refused malformed', () => {
    const { owner, delegatee } = parties;
    const terms = { delegateePublicKey: delegatee.publicKey, ...TIMES };
    refuses(() => makeGrant(scheme, owner, [], terms), 'pre/bad-grant');
    refuses(() => makeGrant(scheme, owner, [LABELS[0] as Label, LABELS[0] as Label], terms), 'pre/bad-grant');
    for (const times of [{ notAfterMs: 1_000 }, { notBeforeMs: -1 }, { notAfterMs: 1.5 }]) refuses(() => makeGrant(scheme, owner, LABELS, { ...terms, ...times }), 'pre/bad-grant');
    const [, o, d, from, to] = ['', grant.ownerPublicKey, grant.delegateePublicKey, 1_000, 2_000] as const;
    const items = grant.items.map(({ label, reKey }) => [label, reKey]);
    const cases = [
      null, [], {}, 'text', ['medveil/grant/2', o, d, from, to, items], ['medveil/grant/1', o, d, from, to], ['medveil/grant/1', o, d, from, to, items, 0],
      ['medveil/grant/1', d, o, from, to, items], ['medveil/grant/1', 'o', d, from, to, items], ['medveil/grant/1', o, o, from, to, items],
      ['medveil/grant/1', o, d, '1', to, items], ['medveil/grant/1', o, d, to, from, items], ['medveil/grant/1', o, d, from, from, items],
      ['medveil/grant/1', o, d, -1, to, items], ['medveil/grant/1', o, d, from, to, []], ['medveil/grant/1', o, d, from, to, 'items'],
      ['medveil/grant/1', o, d, from, to, [[]]], ['medveil/grant/1', o, d, from, to, [['label', 'key']]], ['medveil/grant/1', o, d, from, to, [[o, d]]],
      ['medveil/grant/1', o, d, from, to, [...items, items[0] ?? null]], ['medveil/grant/1', o, d, from, to, items.toReversed()],
      ['medveil/grant/1', o, d, from, to, [[grant.items[0]?.label ?? null, o]]],
    ].map((value) => encodeCanonical(value));
    assert.ok(cases.length >= 20);
    for (const bytes of [...cases, new Uint8Array(0), encodeGrant(grant).subarray(1)]) refuses(() => decodeGrant(bytes), 'pre/bad-grant', 'pre/bad-label');
  });

  it('never reads back as another than it encodes', () => {
    const bytes = encodeGrant(grant);
    fc.assert(fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      const altered = flipped(bytes, bit);
      try {
        assert.deepEqual(encodeGrant(decodeGrant(altered)), altered);
      } catch {
        refuses(() => decodeGrant(altered), 'pre/bad-grant', 'pre/bad-label');
      }
    }));
  });
});

describe('checking many keys at once', () => {
  it('finds the same keys as checking each, for many owners and delegatees', () => {
    const random = seededRandom('many');
    const entries = Array.from({ length: 8 }, (_, index) => {
      const owner = scheme.ownerKeyFromSeed(random(32));
      const delegatee = index % 2 === 0 ? parties.delegatee : scheme.delegateeKeyFromSeed(random(32));
      const label = labelOf({ version: index + 1 });
      const reKey = scheme.reKeyGen(owner, label, delegatee.publicKey);
      return { ownerPublicKey: owner.publicKey, delegateePublicKey: delegatee.publicKey, label, reKey };
    });
    assert.deepEqual(scheme.badReKeys(entries, random), []);
    const [third, sixth] = [entries[2], entries[5]];
    assert.ok(third && sixth);
    const label = labelOf({ version: 99 });
    assert.deepEqual(scheme.badReKeys(entries.with(2, { ...third, label }).with(5, { ...sixth, label }), random), [2, 5]);
  });

  /** Without random weights the product of two keys that are wrong by inverse factors would pass. */
  it('is not fooled by errors that cancel', () => {
    const { engine } = parties;
    const [first, second] = grant.items;
    assert.ok(first && second);
    const { g2, scalars } = engine;
    const off = g2.pow(g2.generator, scalars.fromInt(5));
    const shift = (reKey: Uint8Array, by: typeof off): Uint8Array => Uint8Array.of(0x14, ...g2.encode(g2.mul(g2.decode(reKey.subarray(1)), by)));
    const label = first.label;
    const entry = { ownerPublicKey: grant.ownerPublicKey, delegateePublicKey: grant.delegateePublicKey, label };
    const cancelling = [{ ...entry, reKey: shift(first.reKey, off) }, { ...entry, reKey: shift(first.reKey, g2.inv(off)) }];
    assert.deepEqual(scheme.badReKeys(cancelling, parties.random), [0, 1]);
  });

  it('has a limit', () => {
    const entry = { ownerPublicKey: grant.ownerPublicKey, delegateePublicKey: grant.delegateePublicKey, label: labelOf(), reKey: parties.reKey };
    assert.deepEqual(scheme.badReKeys([], parties.random), []);
    refuses(() => scheme.badReKeys(Array.from({ length: MAX_BATCH + 1 }, () => entry), parties.random), 'pre/out-of-range');
  });
});

describe('rotation', () => {
  it('keeps the seed and makes old keys useless', () => {
    const { owner, delegatee, random } = parties;
    const label = LABELS[0] as Label;
    const { seed, capsule } = scheme.encapsulate(owner.publicKey, encodeLabel(label), random);
    const rotated = rotate(scheme, owner, label, capsule, false);
    assert.deepEqual(rotated.label, nextLabel(label));
    assert.deepEqual(scheme.decapsulate(owner, encodeLabel(rotated.label), rotated.capsule), seed);
    refuses(() => scheme.decapsulate(owner, encodeLabel(label), rotated.capsule), 'pre/check-failed');
    const oldKey = scheme.reKeyGen(owner, encodeLabel(label), delegatee.publicKey);
    assert.equal(scheme.checkReKey(owner.publicKey, encodeLabel(rotated.label), delegatee.publicKey, oldKey), false);
    refuses(() => scheme.decapsulateDelegated(delegatee, owner.publicKey, encodeLabel(rotated.label), scheme.reEncrypt(rotated.capsule, oldKey)), 'pre/check-failed');
  });

  it('refuses to keep the seed of a part that was granted', () => {
    const label = LABELS[0] as Label;
    const { capsule } = scheme.encapsulate(parties.owner.publicKey, encodeLabel(label), parties.random);
    refuses(() => rotate(scheme, parties.owner, label, capsule, true), 'pre/already-granted');
    refuses(() => scheme.rewrap(parties.owner, encodeLabel(label), encodeLabel(label), capsule), 'pre/bad-label');
  });
});

describe('a receipt of revocation', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const proxy = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
  const sign = (message: Uint8Array): Uint8Array => new Uint8Array(signWith(null, message, privateKey));
  const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
    Buffer.compare(key, proxy) === 0 && verifyWith(null, message, publicKey, signature);
  const receiptOf = (change: Partial<RevocationReceipt> = {}): RevocationReceipt => ({ grant: grantDigest(grant), proxy, revokedAtMs: 1_700, ...change });

  it('is signed by the proxy and names the grant and the time', () => {
    const bytes = makeReceipt(receiptOf(), sign);
    assert.ok(verifyReceipt(bytes, verify));
    const { grant: named, revokedAtMs } = decodeReceipt(bytes);
    assert.deepEqual(named, grantDigest(grant));
    assert.equal(revokedAtMs, 1_700);
  });

  it('does not pass altered in any bit', () => {
    const bytes = makeReceipt(receiptOf(), sign);
    fc.assert(fc.property(fc.nat(bytes.length * 8 - 1), (bit) => assert.equal(verifyReceipt(flipped(bytes, bit), verify), false)));
  });

  it('is refused malformed', () => {
    for (const change of [{ grant: new Uint8Array(31) }, { proxy: new Uint8Array(33) }, { revokedAtMs: -1 }, { revokedAtMs: 0.5 }]) {
      refuses(() => makeReceipt(receiptOf(change), sign), 'pre/bad-receipt');
    }
    refuses(() => makeReceipt(receiptOf(), () => new Uint8Array(63)), 'pre/bad-receipt');
    for (const value of [null, [], ['medveil/revocation-receipt/1'], 7]) refuses(() => decodeReceipt(encodeCanonical(value)), 'pre/bad-receipt');
    refuses(() => decodeReceipt(new Uint8Array(0)), 'pre/bad-receipt');
  });
});
