import { ApiError, type ConsensusNodeClient, type contractApi, fromWire } from '@medveil/client';
import { type Clock, CodedError, isCodedError } from '@medveil/encoding';
import { HeadSignal, LedgerReader } from '@medveil/explorer';
import { type AppliedBlock, decodeBlock, type Block, type Ledger } from '@medveil/ledger';
import { type CommitCertificate, decodeCommitCertificate } from '@medveil/pbft';
import type { ServiceLog } from '@medveil/service-kit';

export interface FollowerLedgerOptions {
  readonly ledger: Ledger;
  readonly nodes: readonly ConsensusNodeClient[];
  readonly clock: Clock;
  readonly log: ServiceLog;
  readonly gapPollMs: number;
  readonly onApplied: (applied: AppliedBlock, block: Block) => void;
}

/** Blocks that came before the one they follow. */
const MAX_AHEAD = 64;
const FETCH_LIMIT = 50;

/**
 * A copy of the ledger that does not vote: takes certified blocks from the bus, fetches what is missing from the nodes in turn,
 * and executes every one itself, so that its reads and proofs rest on nobody's word.
 */
export class FollowerLedger {
  readonly reader: LedgerReader;
  readonly #options: FollowerLedgerOptions;
  readonly #ahead = new Map<number, { block: Block; certificate: CommitCertificate }>();
  #tail: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #lastNewsMs = 0;
  #node = 0;
  #fetching = false;
  #stopped = false;
  /** the last block could not be executed or kept, for a reason that lies here */
  #failure: unknown;

  constructor(options: FollowerLedgerOptions) {
    this.#options = options;
    this.reader = new LedgerReader(options.ledger, options.clock, new HeadSignal());
  }

  start(): void {
    this.#timer = setInterval(() => this.#fetchIfQuiet(), this.#options.gapPollMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.reader.stop();
    await this.#tail;
  }

  /** Blocks can be executed and kept: a readiness check. */
  check(): void {
    if (this.#failure !== undefined) throw new CodedError('contract/ledger-stopped', 'the last block could not be executed and kept');
  }

  /** A block from the bus; anything that is not the certified next block is refused by the ledger. */
  take(encodedBlock: Uint8Array, encodedCertificate: Uint8Array): void {
    const block = decodeBlock(encodedBlock);
    const { height } = block.header;
    if (height <= this.#height() || height > this.#height() + MAX_AHEAD) return;
    this.#ahead.set(height, { block, certificate: decodeCommitCertificate(encodedCertificate) });
    this.#enqueue(() => this.#applyAhead());
  }

  #height(): number {
    return this.#options.ledger.head.header.height;
  }

  #enqueue(work: () => Promise<void>): void {
    this.#tail = this.#tail.then(async () => {
      if (this.#stopped) return;
      await work();
    }).catch((error: unknown) => {
      if (!isFalseBlock(error)) this.#failure = error;
      this.#options.log.error('block-not-applied', error, { height: this.#height() + 1 });
    });
  }

  async #applyAhead(): Promise<void> {
    for (;;) {
      const height = this.#height() + 1;
      const next = this.#ahead.get(height);
      this.#ahead.delete(height);
      for (const old of this.#ahead.keys()) if (old < height) this.#ahead.delete(old);
      if (next === undefined) return;
      await this.#apply(next.block, next.certificate);
    }
  }

  async #apply(block: Block, certificate: CommitCertificate): Promise<void> {
    const applied = await this.#options.ledger.applyBlock(block, certificate);
    this.#failure = undefined;
    this.#lastNewsMs = this.#options.clock();
    this.#options.onApplied(applied, block);
    this.reader.signal.grown();
  }

  #fetchIfQuiet(): void {
    const { clock, gapPollMs } = this.#options;
    const quietMs = clock() - this.#lastNewsMs;
    // A clock that was set back must not make this wait.
    if (this.#fetching || (quietMs >= 0 && quietMs < gapPollMs)) return;
    this.#fetching = true;
    this.#enqueue(async () => {
      try {
        await this.#fetch();
      } finally {
        this.#fetching = false;
        this.#lastNewsMs = clock();
      }
    });
  }

  /** Everything that one node has; the next node is asked at the next poll. */
  async #fetch(): Promise<void> {
    const { nodes, log } = this.#options;
    const node = nodes[this.#node % nodes.length];
    this.#node += 1;
    for (let isMore = node !== undefined; isMore && !this.#stopped; ) {
      const height = this.#height();
      try {
        const { items } = await (node as ConsensusNodeClient).blocks({ from: height + 1, limit: FETCH_LIMIT });
        for (const item of items) await this.#applyFetched(item);
      } catch (error) {
        if (!isFalseBlock(error) && !isClientError(error)) throw error;
        log.warn('blocks-not-fetched', { code: error.code, height: this.#height() + 1 });
        return;
      }
      isMore = this.#height() > height;
    }
    await this.#applyAhead();
  }

  async #applyFetched(item: contractApi.CertifiedBlocks['items'][number]): Promise<void> {
    const { block, certificate } = fromWire(item);
    if (block.header.height === this.#height() + 1) await this.#apply(block, certificate);
  }
}

/** A block that is not the certified next one: its sender's fault, not this follower's. */
const isFalseBlock = (error: unknown): error is CodedError =>
  isCodedError(error) && ['ledger/', 'encoding/', 'pbft/', 'client/unverified'].some((prefix) => error.code.startsWith(prefix)) && error.code !== 'ledger/corrupt-store';

const isClientError = (error: unknown): error is CodedError => isCodedError(error) && (error.code.startsWith('client/') || error instanceof ApiError);
