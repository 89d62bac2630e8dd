import { equalBytes, fromBase64Url, type Id, isCodedError } from '@medveil/encoding';
import { type CertifiedHeader, decodeReplicaSetChange, type Genesis, headerHash, LightClient, loadGenesis, type Receipt } from '@medveil/ledger';
import type { ContractClient } from '../clients.js';
import { ApiError } from '../errors.js';
import { clientError, delay } from '../http.js';
import { type CertifiedBlock, certifiedHeader, fromWire, type VerifiedBlock, verifyContents } from './verified-block.js';
import { HeightWaiters } from './waiters.js';

/** Where a follower is: the last block it has handled. Durable, so that a restart goes on from there. */
export interface FollowerCursor {
  readonly height: number;
  readonly hash: Uint8Array;
}

export interface CursorStore {
  load(): Promise<FollowerCursor | null>;
  save(cursor: FollowerCursor): Promise<void>;
}

export interface FollowerOptions {
  /** the trust anchor: everything else is checked against it */
  readonly genesis: Uint8Array;
  readonly contract: ContractClient;
  readonly cursor: CursorStore;
  /**
   * Called for each block in order, at least once each; the cursor moves when it resolves. It must not wait for a later
   * block (`reached`, `LedgerAccess.execute`): that one comes when it has ended.
   */
  readonly handle: (block: VerifiedBlock) => Promise<void>;
  /** What could not be verified or reached; the follower waits and tries again. */
  readonly onError?: (error: unknown) => void;
}

/** Looks out for one transaction in the blocks that are followed from now on. */
export interface TransactionWatch {
  /** of a verified block, once that is handled */
  readonly receipt: Receipt | undefined;
  end(): void;
}

const WAIT_MS = 15_000;
/** Between two requests of which the first brought nothing: a front that does not wait as asked is not asked all the time. */
const IDLE_MS = 200;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;
/** Of up to a hundred changes each: more than a consortium makes in its life. */
const MAX_SET_REQUESTS = 20;

/**
 * Follows the chain of certified blocks from the contract's front without believing it: certificates, links, transactions
 * and receipts are checked from the genesis document alone. A block is handled once the next header has proved its receipts.
 * It asks for all blocks, never for particular ones, so the front learns nothing about what its reader cares for.
 */
export class LedgerFollower {
  readonly #options: FollowerOptions;
  readonly #genesis: Genesis;
  readonly #stop = new AbortController();
  readonly #waiters = new HeightWaiters();
  readonly #watched = new Map<string, Receipt | undefined>();
  #client: LightClient;
  #handled: FollowerCursor | null = null;
  #certifiedHeight = 0;
  #running: Promise<void> | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#genesis = loadGenesis(options.genesis);
    this.#client = LightClient.fromGenesis(options.genesis);
  }

  /** Knows the replica sets that were followed so far. */
  get lightClient(): LightClient {
    return this.#client;
  }

  get chainId(): string {
    return this.#client.chainId;
  }

  /** Height of the last handled block; 0 before the first. */
  get height(): number {
    return this.#handled?.height ?? 0;
  }

  /** Height of the newest header that was verified: what is proved by an older one is out of date. */
  get certifiedHeight(): number {
    return this.#certifiedHeight;
  }

  /** Loads the cursor and follows until `stop`. */
  async start(): Promise<void> {
    this.#handled = await this.#options.cursor.load();
    // The header after the last handled block was verified when that block was handled.
    this.#certifiedHeight = this.#handled === null ? 0 : this.#handled.height + 1;
    this.#running = this.#follow();
  }

  /** Ends after the block in hand. Idempotent. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Resolves when the block of this height has been handled. @throws the signal's reason, or once the follower stops */
  async reached(height: number, signal?: AbortSignal): Promise<void> {
    if (this.height < height) await this.#waiters.wait(height, [signal, this.#stop.signal]);
  }

  /** At most one watch for a transaction at a time; end it. */
  watch(transactionId: Id<'txn'>): TransactionWatch {
    const watched = this.#watched;
    watched.set(transactionId, undefined);
    return {
      get receipt() {
        return watched.get(transactionId);
      },
      end: () => void watched.delete(transactionId),
    };
  }

  /**
   * Learns of changes of the replica set that the light client has not followed; each is certified by the set before it.
   * @returns whether there were any
   */
  async followReplicaSets(): Promise<boolean> {
    const before = this.#client;
    for (let requests = 0; requests < MAX_SET_REQUESTS; requests += 1) {
      const { fromHeight } = this.#client.currentSet;
      const { items } = await this.#options.contract.replicaSetChanges(fromHeight - 1, this.#stop.signal);
      const known = this.#client;
      this.#client = items.reduce((client, item) => client.follow(decodeReplicaSetChange(fromBase64Url(item))), known);
      if (this.#client.currentSet.fromHeight === fromHeight) break;
    }
    return this.#client.currentSet.fromHeight !== before.currentSet.fromHeight;
  }

  async #follow(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!this.#stop.signal.aborted) {
      try {
        const isNews = await this.#once();
        backoffMs = FIRST_BACKOFF_MS;
        if (!isNews) await delay(IDLE_MS, this.#stop.signal).catch(() => undefined);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#options.onError?.(error);
        await delay(backoffMs, this.#stop.signal).catch(() => undefined);
        backoffMs = Math.min(2 * backoffMs, LONGEST_BACKOFF_MS);
      }
    }
  }

  /** One request: what comes after the last handled block, plus the header that proves the last of it. @returns whether a block was handled */
  async #once(): Promise<boolean> {
    const from = this.height + 1;
    const answer = await this.#options.contract.blocks({ from, limit: 50, reach: from + 1, waitMs: WAIT_MS }, this.#stop.signal);
    const blocks = answer.items.map(fromWire);
    if (blocks.length === 0) return false;
    this.#requireSequence(blocks, from);
    const headers = blocks.map(certifiedHeader);
    this.#client = await this.#verifyHeaders(headers);
    this.#certifiedHeight = Math.max(this.#certifiedHeight, from + headers.length - 1);
    for (const [index, certified] of blocks.entries()) {
      const next = headers[index + 1];
      if (next === undefined || this.#stop.signal.aborted) break;
      await this.#handle(certified, next);
    }
    return this.height >= from;
  }

  async #verifyHeaders(headers: readonly CertifiedHeader[]): Promise<LightClient> {
    try {
      return this.#client.verifyHeaders(headers);
    } catch (error) {
      // Perhaps of a set that this client has not heard of; a forgery stays one.
      if (!mayBeOfAnotherSet(error) || !(await this.followReplicaSets())) throw error;
      return this.#client.verifyHeaders(headers);
    }
  }

  #requireSequence(blocks: readonly CertifiedBlock[], from: number): void {
    const previous = this.#handled?.hash ?? this.#genesis.hash;
    const first = blocks[0] as CertifiedBlock;
    if (first.block.header.height !== from || !equalBytes(first.block.header.previousHash, previous)) {
      throw clientError('client/unverified', 'the blocks do not continue the chain that was followed', { from });
    }
  }

  async #handle(certified: CertifiedBlock, next: CertifiedHeader): Promise<void> {
    const block = verifyContents(certified, next);
    await this.#options.handle(block);
    const cursor = { height: block.height, hash: headerHash(certified.block.header) };
    await this.#options.cursor.save(cursor);
    for (const receipt of block.receipts) {
      if (receipt.transactionId !== null && this.#watched.has(receipt.transactionId)) this.#watched.set(receipt.transactionId, receipt);
    }
    this.#handled = cursor;
    this.#waiters.reached(block.height);
  }
}

/** The certificate is not of a set that is known, or a header names one that is not. */
export const mayBeOfAnotherSet = (error: unknown): boolean =>
  isCodedError(error) && !(error instanceof ApiError) && (error.code === 'ledger/bad-certificate' || error.code === 'ledger/replica-set-unknown');

/** Whether an error means that what was served is false, not merely late or away. */
export const isForgery = (error: unknown): boolean =>
  isCodedError(error) && !(error instanceof ApiError) && error.code !== 'ledger/stale-proof' &&
  (error.code.startsWith('ledger/') || error.code === 'client/unverified' || error.code === 'encoding/not-canonical');
