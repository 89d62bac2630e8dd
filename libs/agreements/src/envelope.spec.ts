import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeCanonical, encodeCanonical, type CborValue } from '@medveil/encoding';
import { LEDGER_LIMITS } from '@medveil/ledger';
import { buildTransaction, claimIdOf, decodeTransaction, requirementIdOf } from './envelope.js';
import { Rejection } from './errors.js';
import { terms } from './testing/exchange.js';
import { bytes32, CHAIN, HOUR_MS, keyOf, World } from './testing/world.js';

const redeem = { type: 'redeem', amount: 1, reference: bytes32('pay-out') } as const;
const forged = (bytes: Uint8Array, change: (fields: Record<string, CborValue>) => Record<string, CborValue>): Uint8Array =>
  encodeCanonical(change(decodeCanonical(bytes) as Record<string, CborValue>));

describe('a transaction', () => {
  it('is decoded to what was built', () => {
    const world = new World();
    const bytes = world.build(world.treasury, redeem);
    const decoded = decodeTransaction(bytes);
    assert.deepEqual({ chainId: decoded.chainId, nonce: decoded.nonce, body: decoded.body }, { chainId: CHAIN, nonce: 0, body: redeem });
    assert.deepEqual(encodeCanonical(decoded), bytes);
  });

  it('is refused where it is not one', () => {
    const world = new World();
    const bytes = world.build(world.treasury, redeem);
    for (const bad of [
      new Uint8Array(0), bytes.subarray(1), new Uint8Array([...bytes, 0]), encodeCanonical(null),
      forged(bytes, (fields) => ({ ...fields, extra: 1 })),
      forged(bytes, (fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'nonce'))),
      forged(bytes, (fields) => ({ ...fields, version: 2 })),
      forged(bytes, (fields) => ({ ...fields, nonce: 0.5 })),
      forged(bytes, (fields) => ({ ...fields, body: { type: 'unheard-of' } })),
      forged(bytes, (fields) => ({ ...fields, body: { ...redeem, amount: -1 } })),
      forged(bytes, (fields) => ({ ...fields, body: { ...redeem, amount: 1.5 } })),
    ]) {
      world.refusesBytes('agreements/malformed', bad);
    }
    world.refusesBytes('agreements/too-large', new Uint8Array(LEDGER_LIMITS.transactionBytes + 1));
  });

  it('says what is wrong without repeating what was sent', () => {
    const account = keyOf('treasury');
    const secret = 'a value that nobody should read in a log';
    assert.throws(
      () => buildTransaction({ chainId: CHAIN, account, nonce: 0, validUntilMs: 0, body: { ...redeem, amount: secret } as never }),
      (error: Rejection) => error.code === 'agreements/malformed' && error.message.includes('body.amount') && !error.message.includes(secret),
    );
  });

  it('counts for one chain and for a limited time', () => {
    const world = new World();
    world.refusesBytes('agreements/wrong-chain', world.build(world.treasury, redeem, { chainId: 'another' }));
    world.refusesBytes('agreements/expired-transaction', world.build(world.treasury, redeem, { validUntilMs: world.timeMs - 1 }));
    world.refusesBytes('agreements/valid-too-long', world.build(world.treasury, redeem, { validUntilMs: world.timeMs + HOUR_MS + 1 }));
  });

  it('is signed as a whole: no field can be changed', () => {
    const world = new World();
    world.fund(world.institute, 10);
    const bytes = world.build(world.institute, redeem);
    const changes: ((fields: Record<string, CborValue>) => Record<string, CborValue>)[] = [
      (fields) => ({ ...fields, nonce: 1 }),
      (fields) => ({ ...fields, validUntilMs: (fields['validUntilMs'] as number) + 1 }),
      (fields) => ({ ...fields, certificate: new Uint8Array(1) }),
      (fields) => ({ ...fields, sender: world.university.key.publicKey }),
      (fields) => ({ ...fields, body: { ...redeem, amount: 2 } }),
      (fields) => ({ ...fields, signature: (fields['signature'] as Uint8Array).map((byte, index) => (index === 40 ? byte ^ 1 : byte)) }),
    ];
    for (const change of changes) world.refusesBytes('agreements/bad-signature', forged(bytes, change));
  });

  it('is executed once, and in the order its author gave', () => {
    const world = new World();
    world.fund(world.institute, 10);
    const first = world.build(world.institute, redeem);
    const second = world.build(world.institute, redeem, { nonce: 1 });
    world.refusesBytes('agreements/wrong-nonce', second);
    assert.ok(world.execute(first).ok);
    world.refusesBytes('agreements/wrong-nonce', first);
    assert.ok(world.execute(second).ok);
    assert.equal(world.balance(world.institute), 8);
  });

  it('does not use its nonce up when it is rejected', () => {
    const world = new World();
    world.refuses('agreements/insufficient-funds', world.institute, redeem);
    assert.equal(world.nonce(world.institute), 0);
  });
});

describe('identifiers', () => {
  it('bind every word of an offer, who makes it and where', () => {
    const world = new World();
    const offered = terms(world);
    const id = requirementIdOf(CHAIN, world.institute.id, offered);
    assert.equal(requirementIdOf(CHAIN, world.institute.id, { ...offered }), id);
    assert.notEqual(requirementIdOf('another', world.institute.id, offered), id);
    assert.notEqual(requirementIdOf(CHAIN, world.university.id, offered), id);
    assert.notEqual(requirementIdOf(CHAIN, world.institute.id, { ...offered, rewardPerRecord: offered.rewardPerRecord - 1 }), id);
    assert.notEqual(requirementIdOf(CHAIN, world.institute.id, { ...offered, licence: { ...offered.licence, noOnwardSharing: false } }), id);
  });

  it('name a claim by its one transaction', () => {
    const world = new World();
    assert.notEqual(claimIdOf(world.proxy.id, 0), claimIdOf(world.proxy.id, 1));
    assert.notEqual(claimIdOf(world.proxy.id, 0), claimIdOf(world.treasury.id, 0));
  });
});
