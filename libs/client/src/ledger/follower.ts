import { isCodedError } from '@medveil/encoding';
import { type CertifiedHeader, type Genesis, headerHash, LightClient, loadGenesis } from '@medveil/ledger';
import { equalBytes } from '@medveil/encoding';
import type { ContractClient } from '../clients.js';
import { clientError, delay } from '../http.js';
import { type CertifiedBlock, certifiedHeader, fromWire, type VerifiedBlock, verifyContents } from './verified-block.js';

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
  /** Called for each block in order, at least once each; the cursor moves when it resolves. */
  readonly handle: (block: VerifiedBlock) => Promise<void>;
  /** What could not be verified or reached; the follower waits and tries again. */
  readonly onError?: (error: unknown) => void;
}

const WAIT_MS = 15_000;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;

/**
 * Follows the chain of certified blocks from the contract's front without believing it: certificates, links, transactions
 * and receipts are checked from the genesis document alone. A block is handled once the next header has proved its receipts.
 * It asks for all blocks, never for particular ones, so the front learns nothing about what its reader cares for.
 */
export class LedgerFollower {
  readonly #options: FollowerOptions;
  readonly #genesis: Genesis;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<{ height: number; resolve: () => void }>();
  #client: LightClient;
  #handled: FollowerCursor | null = null;
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

  /** Loads the cursor and follows until `stop`. */
  async start(): Promise<void> {
    this.#handled = await this.#options.cursor.load();
    this.#running = this.#follow();
  }

  /** Ends after the block in hand. Idempotent. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Resolves when the block of this height has been handled. */
  async reached(height: number, signal?: AbortSignal): Promise<void> {
    while (this.height < height) {
      signal?.throwIfAborted();
      this.#stop.signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const entry = { height, resolve };
        this.#waiting.add(entry);
        signal?.addEventListener('abort', () => resolve(), { once: true });
        this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async #follow(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#once();
        backoffMs = FIRST_BACKOFF_MS;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#options.onError?.(error);
        await delay(backoffMs, this.#stop.signal).catch(() => undefined);
        backoffMs = Math.min(2 * backoffMs, LONGEST_BACKOFF_MS);
      }
    }
  }

  /** One request: what comes after the last handled block, plus the header that proves the last of it. */
  async #once(): Promise<void> {
    const from = this.height + 1;
    const answer = await this.#options.contract.blocks({ from, limit: 50, reach: from + 1, waitMs: WAIT_MS }, this.#stop.signal);
    const blocks = answer.items.map(fromWire);
    if (blocks.length === 0) return;
    this.#requireSequence(blocks, from);
    this.#client = this.#client.verifyHeaders(blocks.map(certifiedHeader));
    for (const [index, certified] of blocks.entries()) {
      const next = blocks[index + 1];
      if (next === undefined) break;
      await this.#handle(certified, certifiedHeader(next));
      if (this.#stop.signal.aborted) return;
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
    this.#handled = { height: block.height, hash: headerHash(certified.block.header) };
    await this.#options.cursor.save(this.#handled);
    for (const entry of this.#waiting) {
      if (entry.height > block.height) continue;
      this.#waiting.delete(entry);
      entry.resolve();
    }
  }
}

/** Whether an error means that what was served is false, not merely late or away. */
export const isForgery = (error: unknown): boolean =>
  isCodedError(error) && (error.code.startsWith('ledger/') || error.code === 'client/unverified' || error.code === 'encoding/not-canonical');
