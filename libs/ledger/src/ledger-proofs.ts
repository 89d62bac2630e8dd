import type { Id } from '@medveil/encoding';
import { LedgerError } from './errors.js';
import { proveMerkleList } from './merkle-list.js';
import type { CertifiedHeader, ReceiptProof, ReplicaSetChange, StateProof, TransactionProof } from './proof-bundles.js';
import { receiptDigest, transactionDigest } from './receipt.js';
import type { SnapshotManifest } from './snapshot.js';
import type { Snapshots } from './snapshots.js';
import type { StateChunk } from './state-chunk.js';
import type { LedgerStore, StoredBlock, TransactionLocation } from './store.js';

/** Makes the proof bundles that `LightClient` checks. What block n did is proved by block n + 1. */
export class LedgerProofs {
  constructor(
    private readonly store: LedgerStore,
    private readonly snapshots: Snapshots,
  ) {}

  /** @throws LedgerError `ledger/not-proven-yet` where that block is not committed, and for block 0 */
  async header(height: number): Promise<CertifiedHeader> {
    const stored = await this.store.block(height);
    if (stored === undefined || stored.certificate === null) {
      throw new LedgerError('ledger/not-proven-yet', 'no certified header of this height', { height });
    }
    return { header: stored.block.header, certificate: stored.certificate };
  }

  /**
   * The entry under a key, or its absence.
   * @param height the state after this block; without it the newest state that a header proves
   * @throws LedgerError `ledger/not-proven-yet`, `ledger/height-not-retained`
   */
  async state(key: string, height?: number): Promise<StateProof> {
    const after = height ?? ((await this.store.height()) ?? 0) - 1;
    const certified = await this.header(after + 1);
    const tree = this.snapshots.at(after);
    return { key, value: tree.get(key) ?? null, proof: tree.prove(key), certified };
  }

  /** @throws LedgerError `ledger/not-found`, `ledger/not-proven-yet` */
  async receipt(transactionId: Id<'txn'>): Promise<ReceiptProof> {
    const { height, index } = await this.#locate(transactionId);
    return this.receiptAt(height, index);
  }

  /** @param index of the transaction in its block; -1: the block's own receipt */
  async receiptAt(height: number, index: number): Promise<ReceiptProof> {
    const { receipts } = await this.#block(height);
    const receipt = receipts[index + 1];
    if (receipt === undefined) throw new LedgerError('ledger/not-found', 'no such receipt', { height, index });
    const proof = proveMerkleList(receipts.map((bytes) => receiptDigest(bytes)), index + 1);
    return { receipt, proof, certified: await this.header(height + 1) };
  }

  /** @throws LedgerError `ledger/not-found` */
  async transaction(transactionId: Id<'txn'>): Promise<TransactionProof> {
    const { height, index } = await this.#locate(transactionId);
    const { transactions } = (await this.#block(height)).block;
    const proof = proveMerkleList(transactions.map((bytes) => transactionDigest(bytes)), index);
    return { transaction: transactions[index] as Uint8Array, proof, certified: await this.header(height) };
  }

  /** What a light client must follow that knows the sets up to `afterHeight`, in order. */
  async replicaSetChanges(afterHeight = 0): Promise<ReplicaSetChange[]> {
    const changes = (await this.store.replicaSetChanges()).filter(({ height }) => height > afterHeight);
    return Promise.all(changes.map(async ({ height, replicaSet }) => ({ certified: await this.header(height), replicaSet })));
  }

  /** What a transfer of the newest state that is kept for it starts from; null: there is none yet. */
  async snapshotManifest(): Promise<SnapshotManifest | null> {
    const height = this.snapshots.newest((await this.store.height()) ?? 0);
    if (height === null) return null;
    const { block, certificate, receipts } = await this.#block(height);
    const next = await this.header(height + 1);
    const changes = (await this.replicaSetChanges()).filter(({ certified }) => certified.header.height <= height + 1);
    if (certificate === null) throw new LedgerError('ledger/not-proven-yet', 'genesis needs no transfer', { height });
    return { changes, block, certificate, receipts, next };
  }

  /** The part of the state after block `height` that begins at a key hash. @throws LedgerError `ledger/height-not-retained` */
  stateChunk(height: number, from: Uint8Array): StateChunk {
    return this.snapshots.at(height).chunk(from);
  }

  async #locate(transactionId: Id<'txn'>): Promise<TransactionLocation> {
    const [location] = await this.store.transactions([transactionId]);
    if (location === undefined) throw new LedgerError('ledger/not-found', 'no such transaction', { transactionId });
    return location;
  }

  async #block(height: number): Promise<StoredBlock> {
    const stored = await this.store.block(height);
    if (stored === undefined) throw new LedgerError('ledger/not-found', 'no such block', { height });
    return stored;
  }
}
