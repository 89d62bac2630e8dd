import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Body, stateKeys } from '@medveil/agreements';
import { encodeCanonical, fromBase64Url, isCodedError, toBase64Url } from '@medveil/encoding';
import { accountId, signingKeyFromSeed } from '@medveil/identity';
import { decodeReceiptProof, decodeStateProof, encodeReceiptProof, encodeStateProof, transactionIdOf } from '@medveil/ledger';
import { certifyBlock, testReplicas } from '../testing/index.js';
import type { TransactionStatus } from '../api/contract.js';
import { LedgerAccess, LedgerRejection } from './access.js';
import type { LedgerFollower } from './follower.js';
import { author as account, mint, random, redeem, signedBy, World } from './spec-ledger.js';

const author = { account };
const withCode = (code: string) => (error: unknown) => {
  assert.ok(isCodedError(error), String(error));
  assert.equal(error.code, code);
  return true;
};

describe('access to the ledger', () => {
  let world: World;
  let follower: LedgerFollower;
  let access: LedgerAccess;
  beforeEach(async () => {
    world = await World.open();
    await world.front.grow();
    follower = await world.follower();
    access = new LedgerAccess(follower, world.contract, () => world.nowMs);
  });
  afterEach(async () => world.close());

  const nonce = async (): Promise<number> => access.nonceOf(accountId(account.publicKey));
  const submissions = () => world.front.requests.filter((line) => line.startsWith('POST')).length;
  /** Lets time pass while the work goes on, so that a resend becomes due. */
  const whileTimePasses = async <T>(work: Promise<T>, stepMs = 1_500): Promise<T> => {
    const timer = setInterval(() => { world.nowMs += stepMs; }, 20);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  };

  it('submits and gives the verified receipt; what was followed meanwhile is in the next state it reads', async () => {
    const receipt = await access.execute(author, mint());
    assert.deepEqual([receipt.ok, receipt.height], [true, 2]);
    assert.ok(follower.height >= 2);
    assert.equal(await nonce(), 1);
    const all = await Promise.all([access.execute(author, mint(2)), access.execute(author, mint(3))]);
    assert.deepEqual(all.map(({ ok }) => ok), [true, true]);
    assert.equal(await nonce(), 3);
    assert.equal(submissions(), 3);
  });

  it('throws the ledger’s refusal with its code', async () => {
    await assert.rejects(access.execute(author, redeem), (error: unknown) => error instanceof LedgerRejection && error.code === 'agreements/insufficient-funds' && error.receipt.height === 2);
    assert.equal((await access.execute(author, mint())).ok, true);
  });

  it('takes a fresh nonce where another process took this one: recorded as a refusal, or not at all', async () => {
    const racing = (bytes: () => Uint8Array) => {
      const submit = world.contract.submit;
      let raced = false;
      const contract = world.contract;
      contract.submit = async (transaction) => {
        if (!raced) await world.front.commit(bytes());
        raced = true;
        return submit(transaction);
      };
      return new LedgerAccess(follower, contract, () => world.nowMs);
    };
    const body: Body = mint(5);
    assert.equal((await racing(() => signedBy(0, world.nowMs + 60_000, mint(99))).execute(author, body)).ok, true);
    assert.equal(await nonce(), 2);
    // As a pool does it: the late transaction is dropped, and stays unknown.
    world.front.takesTransactions = false;
    const late = racing(() => {
      setTimeout(() => { world.front.takesTransactions = true; }, 400);
      return signedBy(2, world.nowMs + 60_000, mint(99));
    });
    assert.equal((await whileTimePasses(late.execute(author, body))).ok, true);
    assert.equal(await nonce(), 4);
  });

  it('does not send a second time what took the nonce itself, whatever the front says of it', async () => {
    world.front.falsify = (path, answer) => (path.startsWith('/v1/transactions/') ? { ...(answer as TransactionStatus), status: 'unknown', receiptProof: null } : answer);
    const receipt = await whileTimePasses(access.execute(author, mint()));
    assert.equal(receipt.ok, true);
    assert.equal(await nonce(), 1);
  });

  it('sends a lost transaction again byte for byte, and gives up when its time is surely over', async () => {
    world.front.takesTransactions = false;
    const prepared = access.prepare(author, 0, mint());
    const sent = whileTimePasses(access.submit(prepared));
    setTimeout(() => { world.front.takesTransactions = true; }, 300);
    assert.equal((await sent).transactionId, prepared.transactionId);
    assert.ok(submissions() > 1);
    world.front.takesTransactions = false;
    const lost = access.prepare(author, 1, mint());
    await assert.rejects(whileTimePasses(access.submit(lost), 60_000), withCode('client/gave-up'));
    assert.ok(world.nowMs > lost.validUntilMs + 30_000);
    const controller = new AbortController();
    const ended = access.submit(access.prepare(author, 1, mint()), world.contract, controller.signal);
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(ended, { name: 'AbortError' });
  });

  it('believes no receipt but that of this transaction, certified by the replicas', async () => {
    const other = signedBy(0, world.nowMs + 60_000);
    await world.front.commit(other);
    const proofOf = await world.front.ledger.proofs.receipt(transactionIdOf(other));
    const claim = (proof: Uint8Array) => {
      world.front.falsify = (path, answer) => (path.startsWith('/v1/transactions/') ? { ...(answer as TransactionStatus), receiptProof: toBase64Url(proof) } : answer);
    };
    const mine = access.prepare(author, 1, mint());
    claim(encodeReceiptProof(proofOf));
    await assert.rejects(access.submit(mine), withCode('client/unverified'));
    const { header } = proofOf.certified;
    const forged = { ...proofOf, certified: { header, certificate: certifyBlock(header, testReplicas(4, random)) } };
    claim(encodeReceiptProof(forged));
    await assert.rejects(access.submit(mine), withCode('ledger/bad-certificate'));
    assert.deepEqual(decodeReceiptProof(encodeReceiptProof(forged)), forged);
  });

  it('reads present and absent entries, and refuses another key, a changed value, an old state', async () => {
    const key = stateKeys.account(accountId(account.publicKey));
    assert.equal(await access.readState(stateKeys.account(accountId(signingKeyFromSeed(random(32)).publicKey))), undefined);
    const old = encodeStateProof(await world.front.ledger.proofs.state(key));
    const answering = (proof: Uint8Array) => {
      world.front.falsify = (path, answer) => (path === '/v1/state' ? { proof: toBase64Url(proof) } : answer);
    };
    await access.execute(author, mint());
    answering(old);
    await assert.rejects(access.readState(key), withCode('ledger/stale-proof'));
    await assert.rejects(access.readState('another'), withCode('client/unverified'));
    const fresh = await world.front.ledger.proofs.state(key);
    answering(encodeStateProof({ ...fresh, value: encodeCanonical({ nonce: 0 }) }));
    await assert.rejects(access.readState(key), withCode('ledger/bad-proof'));
    answering(encodeStateProof(fresh));
    assert.notEqual(await access.readState(key), undefined);
  });

  it('waits a little for a front that is behind', async () => {
    const key = stateKeys.account(accountId(account.publicKey));
    const old = toBase64Url(encodeStateProof(await world.front.ledger.proofs.state(key)));
    await access.execute(author, mint());
    let stale = 2;
    world.front.falsify = (path, answer) => (path === '/v1/state' && stale-- > 0 ? { proof: old } : answer);
    assert.equal(await nonce(), 1);
    assert.equal(decodeStateProof(fromBase64Url(old)).key, key);
  });
});
