import { equalBytes, type Id } from '@medveil/encoding';
import type { CommitCertificate } from '@medveil/pbft';
import { type Block, BLOCK_VERSION } from './block.js';
import { requireCertified } from './certificate.js';
import { requireNext, requireTimely, requireUnrepeated, type TimeBounds } from './chain-rules.js';
import { LedgerError } from './errors.js';
import type { ExecutionFault } from './execution.js';
import type { Genesis } from './genesis.js';
import { headOf, type LedgerHead } from './head.js';
import { LedgerProofs } from './ledger-proofs.js';
import { LEDGER_LIMITS } from './limits.js';
import { chooseTransactions } from './proposal-builder.js';
import { transactionsRootOf } from './proposal.js';
import { type Receipt, transactionIdOf } from './receipt.js';
import { replicaSetHash } from './replica-set.js';
import { Snapshots } from './snapshots.js';
import type { Admission, StateMachine } from './state-machine.js';
import { acceptedIn, type ChainPoint, Speculation } from './speculation.js';
import type { TransferredState } from './snapshot-transfer.js';
import { StateTree } from './state-tree.js';
import type { StateReader } from './state-view.js';
import type { LedgerStore, TransactionLocation } from './store.js';
import { WorkingState } from './working-state.js';

export interface LedgerOptions {
  readonly genesis: Genesis;
  readonly store: LedgerStore;
  readonly stateMachine: StateMachine;
  /** Heights whose state can still be proved; at least 2. */
  readonly retainedHeights?: number;
  /** Every so many heights the state is kept for replicas that join. */
  readonly snapshotInterval?: number;
}

export interface BlockRequest {
  /** Candidates, in the order to use. */
  readonly transactions: readonly Uint8Array[];
  /** The proposer's clock, UTC ms; a time before the last block's becomes that. */
  readonly timeMs: number;
  /** Identifier of the proposing replica. */
  readonly proposer: string;
  /** Of the encoded block. */
  readonly maxBytes?: number;
  /** Undecided blocks between the last block and this one, oldest first: it is built on the last of them. */
  readonly ancestors?: readonly Block[];
}

export interface AppliedBlock {
  readonly head: LedgerHead;
  /** The block's own first. */
  readonly receipts: readonly Receipt[];
  /** In the order of the block. */
  readonly transactionIds: readonly Id<'txn'>[];
  /** Bugs of the state machine, to be logged. */
  readonly faults: readonly ExecutionFault[];
}

const RETAINED_HEIGHTS = 128;
const SNAPSHOT_INTERVAL = 1_024;

/**
 * One replica's chain with its state: builds and checks proposals, executes committed blocks.
 * Reading may go on while a block is applied; applying is one block at a time. The state is held in memory. A proposal may
 * follow blocks that are not decided yet: they are executed on a state that nothing else sees, and what was found is used
 * again when they are decided.
 */
export class Ledger {
  /** What nodes hand out with their answers. */
  readonly proofs: LedgerProofs;
  readonly #speculation: Speculation;
  #applying = false;

  private constructor(
    readonly genesis: Genesis,
    readonly store: LedgerStore,
    private readonly machine: StateMachine,
    private readonly snapshots: Snapshots,
    private state: WorkingState,
    private tip: LedgerHead,
  ) {
    this.proofs = new LedgerProofs(store, snapshots);
    this.#speculation = new Speculation(machine);
  }

  /**
   * Opens the chain in `store`; an empty store receives the genesis block.
   * @throws LedgerError `ledger/wrong-genesis`, `ledger/corrupt-store`
   */
  static async open({ genesis, store, stateMachine, retainedHeights = RETAINED_HEIGHTS, snapshotInterval = SNAPSHOT_INTERVAL }: LedgerOptions): Promise<Ledger> {
    if ((await store.height()) === null) await appendGenesis(store, genesis);
    const first = await store.block(0);
    if (first === undefined || !equalBytes(first.hash, genesis.hash)) {
      throw new LedgerError('ledger/wrong-genesis', 'the store holds the chain of another genesis document');
    }
    const entries: (readonly [string, Uint8Array])[] = [];
    for await (const entry of store.state()) entries.push(entry);
    const tree = StateTree.from(entries);
    const height = (await store.height()) ?? 0;
    const last = await store.block(height);
    if (last === undefined) throw new LedgerError('ledger/corrupt-store', 'the last block is missing', { height });
    const snapshots = new Snapshots(retainedHeights, snapshotInterval);
    await snapshots.rebuild(store, height, tree);
    const lastChange = (await store.replicaSetChanges()).at(-1);
    const replicaSet = lastChange?.replicaSet ?? genesis.document.replicaSet;
    const head = headOf(last, tree, { replicaSet, epoch: (lastChange?.height ?? 0) + 1 });
    return new Ledger(genesis, store, stateMachine, snapshots, WorkingState.from(entries), head);
  }

  /**
   * Begins a store with a state that was transferred, in place of whatever it holds; open it afterwards. Blocks before are not there.
   * @throws LedgerError `ledger/bad-snapshot` where the entries are not the whole state
   */
  static async install(store: LedgerStore, genesis: Genesis, { snapshot, entries }: TransferredState): Promise<void> {
    const { block, hash, certificate, receipts, height, stateRoot, changes } = snapshot;
    if (!equalBytes(StateTree.from(entries).root, stateRoot)) throw new LedgerError('ledger/bad-snapshot', 'the state is not the one that is certified', { height });
    const replicaSets = changes
      .map(({ certified, replicaSet }) => ({ height: certified.header.height, replicaSet }))
      .filter((change) => change.height <= height);
    const first = { block: genesis.block, hash: genesis.hash, certificate: null, receipts: [] };
    await store.install({ genesis: first, stored: { block, hash, certificate, receipts }, entries, replicaSets });
  }

  get chainId(): string {
    return this.genesis.document.chainId;
  }

  get head(): LedgerHead {
    return this.tip;
  }

  /** The state after the last block; later blocks do not change what this view shows. */
  view(): StateReader {
    return this.state.reader();
  }

  /** When a block is due even without transactions, UTC ms, or null. */
  nextDeadlineMs(): number | null {
    return this.machine.nextDeadlineMs(this.view());
  }

  /** Whether a pool should hold this transaction, judged as if the next block came at `timeMs`. */
  checkTransaction(transaction: Uint8Array, timeMs: number): Admission {
    if (transaction.length > LEDGER_LIMITS.transactionBytes) {
      return { ok: false, code: 'ledger/too-large', reason: `a transaction has at most ${LEDGER_LIMITS.transactionBytes} bytes` };
    }
    const { height, timeMs: lastMs } = this.tip.header;
    const context = { chainId: this.chainId, height: height + 1, timeMs: Math.max(timeMs, lastMs), proposer: '' };
    return this.machine.checkTransaction(this.view(), context, transaction);
  }

  #last(): ChainPoint {
    return { head: this.tip, state: this.state, tree: this.snapshots.at(this.tip.header.height) };
  }

  /**
   * A proposal for the next height, and the candidates that no later block can take either.
   * @throws LedgerError as `requireNext` where the ancestors do not follow on the last block
   */
  async buildBlock(request: BlockRequest): Promise<{ block: Block; unusable: readonly Id<'txn'>[] }> {
    const { proposer, maxBytes = LEDGER_LIMITS.blockBytes, ancestors = [] } = request;
    const before = this.#speculation.run(this.#last(), ancestors);
    const { head } = before.at(-1) ?? this.#last();
    const { transactions, unusable } = await chooseTransactions(this.store, request.transactions, maxBytes, acceptedIn(before));
    const header = {
      version: BLOCK_VERSION,
      chainId: this.chainId,
      height: head.header.height + 1,
      previousHash: head.hash,
      timeMs: Math.max(request.timeMs, head.header.timeMs),
      transactionsRoot: transactionsRootOf(transactions),
      stateRoot: head.stateRoot,
      receiptsRoot: head.receiptsRoot,
      replicaSetHash: replicaSetHash(head.nextSet),
      proposer,
    } as const;
    return { block: { header, transactions }, unusable };
  }

  /**
   * Whether a proposal may follow the last block, or else its undecided ancestors: all that can be known before it is executed.
   * @param options.bounds left out for a block that a quorum has vouched for already
   * @param options.ancestors as in `BlockRequest`, each found valid before
   * @throws LedgerError as `requireNext`, `requireTimely`, `requireUnrepeated`
   */
  async validateBlock(block: Block, { bounds, ancestors = [] }: { readonly bounds?: TimeBounds; readonly ancestors?: readonly Block[] } = {}): Promise<void> {
    const before = this.#speculation.run(this.#last(), ancestors);
    requireNext((before.at(-1) ?? this.#last()).head, block);
    if (bounds !== undefined) requireTimely(block.header, bounds);
    const ids = block.transactions.map((transaction) => transactionIdOf(transaction));
    await requireUnrepeated(this.store, block.header.height, ids, acceptedIn(before));
  }

  /**
   * Executes a committed block and makes it durable. On any error nothing has changed.
   * @throws LedgerError as `requireNext`; `ledger/bad-certificate`, `ledger/busy`
   */
  async applyBlock(block: Block, certificate: CommitCertificate): Promise<AppliedBlock> {
    if (this.#applying) throw new LedgerError('ledger/busy', 'a block is being applied', { height: block.header.height });
    this.#applying = true;
    try {
      requireNext(this.tip, block);
      requireCertified(block.header, certificate, { epoch: this.tip.epoch, replicaSet: this.tip.certifiers });
      return await this.#executeAndAppend(block, certificate);
    } finally {
      this.#applying = false;
    }
  }

  async #executeAndAppend(block: Block, certificate: CommitCertificate): Promise<AppliedBlock> {
    const { tip } = this;
    const { header } = block;
    const { receipts, encodedReceipts, faults, writes, tree, state, head: undecided, hash } = this.#speculation.execute(this.#last(), block);
    const stored = { block, hash, certificate, receipts: encodedReceipts };
    const head = { ...undecided, certificate };
    const transactions = receipts.filter((receipt) => receipt.index >= 0).map((receipt) => locationOf(receipt));
    await this.store.append({
      stored,
      writes,
      transactions,
      replicaSet: head.epoch === tip.epoch ? null : head.certifiers,
      keepWritesFrom: header.height - this.snapshots.retained + 2,
    });
    this.snapshots.add(header.height, tree);
    this.state = state;
    this.tip = head;
    this.#speculation.forgetUpTo(header.height);
    return { head, receipts, transactionIds: transactions.map(({ id }) => id), faults };
  }
}

const locationOf = ({ transactionId, height, index, ok }: Receipt): TransactionLocation => ({
  id: transactionId as Id<'txn'>,
  height,
  index,
  ok,
});

async function appendGenesis(store: LedgerStore, { block, hash, entries }: Genesis): Promise<void> {
  await store.append({
    stored: { block, hash, certificate: null, receipts: [] },
    writes: entries.map(([key, value]) => ({ key, value, previous: null })),
    transactions: [],
    replicaSet: null,
    keepWritesFrom: 1,
  });
}
