import { randomBytes } from 'node:crypto';
import { accountTable, type Body, buildTransaction, decodeTransaction, stateKeys } from '@medveil/agreements';
import { type CborValue, decodeCanonical, digest, makeId } from '@medveil/encoding';
import { accountId, type SigningKeyPair, signingKeyFromSeed } from '@medveil/identity';
import { createGenesis, type Genesis, REPLICA_SET_KEY, type StateMachine } from '@medveil/ledger';
import { TestFront, testReplicas, type TestReplica } from '../testing/index.js';
import { ContractClient } from '../clients.js';
import { HttpClient } from '../http.js';
import { type CursorStore, type FollowerCursor, type FollowerOptions, LedgerFollower } from './follower.js';
import type { VerifiedBlock } from './verified-block.js';

export const CHAIN = 'client-spec';
export const START_MS = Date.UTC(2026, 5, 1);
export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
export const author: SigningKeyPair = signingKeyFromSeed(new Uint8Array(32).fill(7));
const ACCOUNT = stateKeys.account(accountId(author.publicKey));

/** Accounts with nonces as in the contract; `redeem` is refused; bytes that are no transaction are entries to put. */
const machine: StateMachine = {
  beginBlock: () => [],
  nextDeadlineMs: () => null,
  checkTransaction: () => ({ ok: true, sender: 'anyone', nonce: 0 }),
  execute(view, _context, bytes) {
    const value = decodeCanonical(bytes) as { readonly put?: string; readonly value?: CborValue };
    if (value.put !== undefined) {
      view.put(value.put, value.value ?? null);
      return { ok: true, events: [{ type: 'put', data: { key: value.put } }] };
    }
    const transaction = decodeTransaction(bytes);
    const key = stateKeys.account(accountId(transaction.sender));
    const account = accountTable.decode(view.get(key) ?? null);
    if (transaction.nonce !== account.nonce) return { ok: false, code: 'agreements/wrong-nonce', reason: 'not the next' };
    if (transaction.body.type === 'redeem') return { ok: false, code: 'agreements/insufficient-funds', reason: 'as asked' };
    view.put(key, { ...account, nonce: account.nonce + 1 });
    return { ok: true, events: [{ type: 'mint', data: {} }] };
  },
};

export function genesisOf(replicas: readonly TestReplica[], chainId = CHAIN): Genesis {
  const entry = { publicKey: author.publicKey, role: 'treasury', nonce: 0, balance: 0, registeredAtMs: START_MS, certificate: null, revokedAtMs: null };
  return createGenesis({
    version: 1, chainId, timeMs: START_MS, replicaSet: replicas.map(({ id, key }) => ({ id, publicKey: key.publicKey })), parameters: null,
    state: [{ key: ACCOUNT, value: entry }],
  });
}

export const mint = (amount = 1): Body => ({ type: 'mint', account: makeId('acc', digest('medveil/spec/1', 'x')), amount, reference: new Uint8Array(32) });
export const redeem: Body = { type: 'redeem', amount: 1, reference: new Uint8Array(32) };
export const signedBy = (nonce: number, validUntilMs: number, body: Body = mint()): Uint8Array =>
  buildTransaction({ chainId: CHAIN, account: author, nonce, validUntilMs, body }).bytes;
export { REPLICA_SET_KEY };

export class MemoryCursor implements CursorStore {
  cursor: FollowerCursor | null = null;
  async load(): Promise<FollowerCursor | null> {
    return this.cursor;
  }
  async save(cursor: FollowerCursor): Promise<void> {
    this.cursor = cursor;
  }
}

/** A front over a real ledger, and followers of it. */
export class World {
  readonly replicas = testReplicas(4, random);
  readonly genesis = genesisOf(this.replicas);
  readonly cursor = new MemoryCursor();
  readonly blocks: VerifiedBlock[] = [];
  readonly errors: unknown[] = [];
  nowMs = START_MS;
  front!: TestFront;
  readonly #followers: LedgerFollower[] = [];

  static async open(): Promise<World> {
    const world = new World();
    world.front = await TestFront.open({ genesis: world.genesis, replicas: world.replicas, stateMachine: machine, timeMs: () => world.nowMs });
    return world;
  }

  get contract(): ContractClient {
    return new ContractClient(new HttpClient({ baseUrl: this.front.url, retries: 0 }));
  }

  async follower(changes: Partial<FollowerOptions> = {}): Promise<LedgerFollower> {
    const follower = new LedgerFollower({
      genesis: this.genesis.bytes, contract: this.contract, cursor: this.cursor,
      handle: async (block) => void this.blocks.push(block), onError: (error) => void this.errors.push(error), ...changes,
    });
    this.#followers.push(follower);
    await follower.start();
    return follower;
  }

  /** Until the follower has failed (again). */
  async failure(): Promise<unknown> {
    const before = this.errors.length;
    while (this.errors.length === before) await new Promise((resolve) => { setTimeout(resolve, 5); });
    return this.errors.at(-1);
  }

  async close(): Promise<void> {
    await Promise.all(this.#followers.map(async (follower) => follower.stop()));
    await this.front.close();
  }
}
