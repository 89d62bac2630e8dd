import type { Id } from '@medveil/encoding';
import type { CommitCertificate } from '@medveil/pbft';
import type { Block } from './block.js';
import type { ReplicaSet } from './replica-set.js';

/** A committed block as it is kept. Only the genesis block has no certificate. */
export interface StoredBlock {
  readonly block: Block;
  readonly hash: Uint8Array;
  readonly certificate: CommitCertificate | null;
  /** Canonical bytes; the block's own first, see `Receipt`; of the genesis block, none. */
  readonly receipts: readonly Uint8Array[];
}

/** A change of one state entry: canonical values, null where absent. */
export interface StateWrite {
  readonly key: string;
  readonly value: Uint8Array | null;
  readonly previous: Uint8Array | null;
}

export interface TransactionLocation {
  readonly id: Id<'txn'>;
  readonly height: number;
  readonly index: number;
  readonly ok: boolean;
}

/** All that one block changes. */
export interface LedgerAppend {
  readonly stored: StoredBlock;
  readonly writes: readonly StateWrite[];
  /** Where the block's transactions stand and whether they were accepted, in order. */
  readonly transactions: readonly TransactionLocation[];
  /** The set that this header newly names; null where it names the same as the header before. */
  readonly replicaSet: ReplicaSet | null;
  /** The writes of heights below this may be forgotten: no snapshot is rebuilt from them. */
  readonly keepWritesFrom: number;
}

/** A chain that begins with a state that was transferred: blocks between genesis and its block are not there. */
export interface LedgerInstall {
  readonly genesis: StoredBlock;
  readonly stored: StoredBlock;
  readonly entries: readonly (readonly [key: string, value: Uint8Array])[];
  /** As `replicaSetChanges` gives them, up to this block. */
  readonly replicaSets: readonly { readonly height: number; readonly replicaSet: ReplicaSet }[];
}

/**
 * Where a replica keeps its chain. Two adapters: `MemoryStore` here, `LevelStore` in `@medveil/ledger/level`.
 * One process, one writer; heights are appended in order from 0.
 */
export interface LedgerStore {
  /** Atomic and durable: after a crash either the whole block with its state is there, or nothing of it. */
  append(entry: LedgerAppend): Promise<void>;
  /** Replaces whatever there is, atomically and durably. */
  install(snapshot: LedgerInstall): Promise<void>;
  /** Height of the last block, or null in an empty store. */
  height(): Promise<number | null>;
  /** Undefined also for a height below that of an installed snapshot. */
  block(height: number): Promise<StoredBlock | undefined>;
  /** @param hash headerHash, 32 bytes */
  heightOf(hash: Uint8Array): Promise<number | undefined>;
  /** Per id the inclusion that was accepted, else the latest rejected one, else undefined. */
  transactions(ids: readonly Id<'txn'>[]): Promise<(TransactionLocation | undefined)[]>;
  /** What block `height` changed, or undefined where that is forgotten. */
  writes(height: number): Promise<readonly StateWrite[] | undefined>;
  /** The state after the last block, in ascending key order. */
  state(): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  /** Heights whose header names another replica set than the header before, with that set; ascending, genesis excluded. */
  replicaSetChanges(): Promise<readonly { readonly height: number; readonly replicaSet: ReplicaSet }[]>;
  close(): Promise<void>;
}
