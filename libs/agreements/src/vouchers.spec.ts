import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { invert, mod, pow } from '@noble/curves/abstract/modular.js';
import { bytesToNumberBE as number } from '@noble/curves/utils.js';
import { type BlindedVoucher, blindVoucher, createVoucherSigner, finalizeVoucher, generateVoucherKey, type Voucher, voucherKeyId } from '@medveil/vouchers';
import { checkConservation } from './conservation.js';
import { voucherRequestIdOf } from './envelope.js';
import { genesisEntries } from './genesis.js';
import { type VoucherKey } from './parameters.js';
import { ruleVerifiers } from './testing/verifiers.js';
import { type Actor, bytes32, CHAIN, DAY_MS, specGenesis, World } from './testing/world.js';
import type { VoucherRequestId } from './vocabulary.js';

const [ten, hundred] = [generateVoucherKey(), generateVoucherKey()];
const keyId = voucherKeyId(ten.publicKey);
const kind = { chainId: CHAIN, publicKey: ten.publicKey };
const treasury = createVoucherSigner(ten.privateKey);
const key = (publicKey: Uint8Array, denomination: number, issuing = true): VoucherKey => ({ denomination, publicKey, issuing });
const KEYS = [key(ten.publicKey, 10), key(hundred.publicKey, 100)];

const blind = (...names: string[]): BlindedVoucher[] => names.map((name) => blindVoucher(kind, bytes32(name)));
const answersTo = (blinded: readonly BlindedVoucher[]): Uint8Array[] => blinded.map((each) => treasury.blindSign(each.blinded));

const wanted = (...blinded: readonly Pick<BlindedVoucher, 'blinded'>[]) => blinded.map((each) => ({ keyId, blinded: each.blinded }));
const shown = (...made: readonly Voucher[]) => made.map(({ serial, signature }) => ({ keyId, serial, signature }));

/** A world with a pseudonym that was paid 100 credits. */
function paidWorld(): { world: World; ana: Actor } {
  const world = new World({ genesis: { voucherKeys: KEYS } });
  const ana = world.pseudonym('ana');
  world.send(ana, { type: 'register-record', record: bytes32('record'), parts: [{ part: 'laboratory', version: 1, capsule: new Uint8Array(81), bodyDigest: bytes32('body'), bodyBytes: 1 }] });
  world.fund(ana, 100);
  return { world, ana };
}

function request(world: World, from: Actor, blinded: readonly BlindedVoucher[]): VoucherRequestId {
  const requestId = voucherRequestIdOf(from.id, world.nonce(from));
  world.send(from, { type: 'request-vouchers', vouchers: wanted(...blinded) });
  return requestId;
}

async function vouchers(world: World, from: Actor, ...names: string[]): Promise<Voucher[]> {
  const blinded = blind(...names);
  const signatures = answersTo(blinded);
  world.send(world.treasury, { type: 'issue-vouchers', requestId: request(world, from, blinded), signatures });
  return Promise.all(blinded.map((each, i) => finalizeVoucher(kind, each, signatures[i]!)));
}

describe('blind vouchers', () => {
  it('take credits from one pseudonym and give them to another, and every credit is counted on its way', async () => {
    const { world, ana } = paidWorld();
    const purse = world.pseudonym('purse', { ownerKey: bytes32('owner') });
    const blinded = blind('one', 'two', 'three');
    const requestId = request(world, ana, blinded);
    assert.equal(world.balance(ana), 70);
    assert.equal(checkConservation(world.view).vouchers, 30n);
    const signatures = answersTo(blinded);
    world.send(world.treasury, { type: 'issue-vouchers', requestId, signatures });
    const made = await Promise.all(blinded.map((each, i) => finalizeVoucher(kind, each, signatures[i]!)));
    world.send(purse, { type: 'spend-vouchers', vouchers: shown(...made.slice(0, 2)) });
    assert.equal(world.balance(purse), 20);
    assert.equal(checkConservation(world.view).vouchers, 10n);
    world.send(purse, { type: 'redeem', amount: 20, reference: bytes32('pay-out') });
  });

  it('could each come of any request that the ledger saw answered: the same for whoever reads it, the treasury included', async () => {
    const { world, ana } = paidWorld();
    const ben = world.pseudonym('ben', { ownerKey: bytes32('owner of ben') });
    world.send(ben, { type: 'register-record', record: bytes32('record of ben'), parts: [{ part: 'laboratory', version: 1, capsule: new Uint8Array(81), bodyDigest: bytes32('body'), bodyBytes: 1 }] });
    world.fund(ben, 100);
    const asked = [blind('ana 1', 'ana 2'), blind('ben 1', 'ben 2')];
    const answered = asked.map(answersTo);
    for (const [i, sender] of [ana, ben].entries()) world.send(world.treasury, { type: 'issue-vouchers', requestId: request(world, sender, asked[i]!), signatures: answered[i]! });
    const made = await Promise.all(asked.flatMap((group, i) => group.map((each, j) => finalizeVoucher(kind, each, answered[i]![j]!))));
    const purse = world.pseudonym('purse', { ownerKey: bytes32('owner') });
    world.send(purse, { type: 'spend-vouchers', vouchers: shown(...made.toReversed()) });

    // For each pair there is one blinding factor that makes the one of the other, and it is as likely as any.
    const { n = '' } = createPublicKey({ key: Buffer.from(ten.publicKey), format: 'der', type: 'spki' }).export({ format: 'jwk' });
    const modulus = number(Buffer.from(n, 'base64url'));
    for (const [i, group] of asked.entries()) {
      for (const [j, { blinded }] of group.entries()) {
        for (const { signature } of made) {
          const factor = mod(number(answered[i]![j]!) * invert(number(signature), modulus), modulus);
          const encoded = pow(number(signature), 65_537n, modulus);
          assert.equal(mod(encoded * pow(factor, 65_537n, modulus), modulus), number(blinded));
        }
      }
    }
  });

  it('are spent once', async () => {
    const { world, ana } = paidWorld();
    const [first, second] = await vouchers(world, ana, 'one', 'two');
    world.send(ana, { type: 'spend-vouchers', vouchers: shown(first!) });
    world.refuses('agreements/voucher-spent', ana, { type: 'spend-vouchers', vouchers: shown(second!, first!) });
    world.refuses('agreements/voucher-spent', ana, { type: 'spend-vouchers', vouchers: shown(second!, second!) });
    world.send(ana, { type: 'spend-vouchers', vouchers: shown(second!) });
    assert.equal(world.balance(ana), 100);
  });

  it('count with their own serial, under their own key', async () => {
    const { world, ana } = paidWorld();
    const [voucher] = await vouchers(world, ana, 'one');
    world.refuses('agreements/bad-voucher', ana, { type: 'spend-vouchers', vouchers: shown({ ...voucher!, serial: bytes32('other') }) });
    world.refuses('agreements/bad-voucher', ana, { type: 'spend-vouchers', vouchers: [{ ...voucher!, keyId: voucherKeyId(hundred.publicKey) }] });
    world.refuses('agreements/unknown-voucher-key', ana, { type: 'spend-vouchers', vouchers: [{ ...voucher!, keyId: bytes32('none') }] });
  });

  it('cannot be more than the ledger saw signed, whoever has the key', async () => {
    const { world, ana } = paidWorld();
    const beside = blind('beside');
    const forged = await Promise.all(beside.map((each, i) => finalizeVoucher(kind, each, answersTo(beside)[i]!)));
    world.refuses('agreements/bad-voucher', ana, { type: 'spend-vouchers', vouchers: shown(...forged) });
  });

  it('are asked for with credits that one has, of a key that makes them', async () => {
    const { world, ana } = paidWorld();
    const [blinded] = blind('one');
    world.refuses('agreements/insufficient-funds', ana, { type: 'request-vouchers', vouchers: wanted(...Array.from({ length: 11 }, () => blinded!)) });
    world.refuses('agreements/unknown-voucher-key', ana, { type: 'request-vouchers', vouchers: [{ keyId: bytes32('none'), blinded: blinded!.blinded }] });
    world.refuses('agreements/bad-blinded-message', ana, { type: 'request-vouchers', vouchers: wanted(blinded!, { blinded: new Uint8Array(384).fill(0xff) }) });
    world.decide({ kind: 'set-voucher-keys', voucherKeys: [key(ten.publicKey, 10, false), KEYS[1]!] });
    world.refuses('agreements/vouchers-not-issued', ana, { type: 'request-vouchers', vouchers: wanted(blinded!) });
  });
});

describe('the treasury', () => {
  it('answers a request once, with one good signature for each voucher', async () => {
    const { world, ana } = paidWorld();
    const blinded = blind('one', 'two');
    const requestId = request(world, ana, blinded);
    const [first, second] = answersTo(blinded);
    for (const signatures of [[first!], [second!, first!], [first!, first!], [first!, second!, second!]]) {
      world.refuses('agreements/bad-blind-signature', world.treasury, { type: 'issue-vouchers', requestId, signatures });
    }
    world.refuses('agreements/not-permitted', ana, { type: 'issue-vouchers', requestId, signatures: [first!, second!] });
    world.send(world.treasury, { type: 'issue-vouchers', requestId, signatures: [first!, second!] });
    world.refuses('agreements/unknown-voucher-request', world.treasury, { type: 'issue-vouchers', requestId, signatures: [first!, second!] });
    assert.deepEqual(world.pass(30 * DAY_MS), [], 'its deadline is gone');
  });

  it('that does not answer costs nobody anything: the credits go back', async () => {
    const { world, ana } = paidWorld();
    const blinded = blind('one');
    const requestId = request(world, ana, blinded);
    assert.deepEqual(world.pass(DAY_MS), [{ type: 'voucher-request-lapsed', data: { requestId, account: ana.id, amount: 10 } }]);
    assert.equal(world.balance(ana), 100);
    world.refuses('agreements/unknown-voucher-request', world.treasury, { type: 'issue-vouchers', requestId, signatures: answersTo(blinded) });
  });
});

describe('voucher keys', () => {
  it('stay as long as vouchers of theirs are out, and keep their denomination', async () => {
    const { world, ana } = paidWorld();
    const [voucher] = await vouchers(world, ana, 'one');
    const refused = (voucherKeys: VoucherKey[]) =>
      world.refuses('agreements/bad-proposal', world.voters[0]!, { type: 'vote', proposal: { action: { kind: 'set-voucher-keys', voucherKeys }, reference: bytes32('x').subarray(0, 16), voteUntilMs: world.timeMs + DAY_MS } });
    refused([KEYS[1]!]);
    refused([key(ten.publicKey, 20), KEYS[1]!]);
    refused([...KEYS, KEYS[0]!]);
    refused([...KEYS, key(generateVoucherKey().publicKey, 10)]);
    refused([...KEYS, key(bytes32('no key'), 5)]);
    world.decide({ kind: 'set-voucher-keys', voucherKeys: [key(ten.publicKey, 10, false), KEYS[1]!] }, 'retire');
    refused([KEYS[1]!]);
    world.send(ana, { type: 'spend-vouchers', vouchers: shown(voucher!) });
    world.decide({ kind: 'set-voucher-keys', voucherKeys: [KEYS[1]!] }, 'remove');
    world.refuses('agreements/unknown-voucher-key', ana, { type: 'spend-vouchers', vouchers: shown(voucher!) });
  });

  it('are checked at genesis as in a vote', () => {
    for (const voucherKeys of [[KEYS[0]!, KEYS[0]!], [key(bytes32('no key'), 5)]]) {
      assert.throws(() => genesisEntries(specGenesis({ voucherKeys }), ruleVerifiers), /voucher key/);
    }
  });
});
