import { digest, equalBytes } from '@medveil/encoding';
import type { CommitCertificate } from '@medveil/pbft';
import type { BlockHeader } from './block.js';
import type { Certifiers } from './certificate.js';
import { merkleListRoot } from './merkle-list.js';
import { decodeReceipt, receiptDigest } from './receipt.js';
import { type ReplicaSet, replicaSetFromBytes } from './replica-set.js';
import type { StateTree } from './state-tree.js';
import { REPLICA_SET_KEY } from './state-view.js';
import type { StoredBlock } from './store.js';

/** The last block, and what the next header must say of its results. */
export interface LedgerHead {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  /** Null for the genesis block only. */
  readonly certificate: CommitCertificate | null;
  /** Of the state after this block. */
  readonly stateRoot: Uint8Array;
  /** Of this block's receipts. */
  readonly receiptsRoot: Uint8Array;
  /** One digest of all results of this block: PBFT's `stateDigest`. */
  readonly resultDigest: Uint8Array;
  /** The set that certifies the next block: the one this header names. */
  readonly certifiers: ReplicaSet;
  /** The first height that they certify in one run. */
  readonly epoch: number;
  /** The set in force after this block: the one the next header will name. */
  readonly nextSet: ReplicaSet;
  /** Whether this block left results that no header proves before the next block: then a block is due, even an empty one. */
  readonly hasUnprovenResults: boolean;
}

/**
 * @param tree the state after the block
 * @param certifiers the set that the block's header names, and the first height it certifies
 */
export function headOf({ block, hash, certificate, receipts }: StoredBlock, tree: StateTree, certifiers: Certifiers): LedgerHead {
  const stateRoot = tree.root;
  const receiptsRoot = merkleListRoot(receipts.map((receipt) => receiptDigest(receipt)));
  const ownReceipt = receipts[0];
  const hasEvents = ownReceipt !== undefined && decodeReceipt(ownReceipt).events.length > 0;
  return {
    header: block.header,
    hash,
    certificate,
    stateRoot,
    receiptsRoot,
    resultDigest: digest('medveil/result/1', [stateRoot, receiptsRoot]),
    certifiers: certifiers.replicaSet,
    epoch: certifiers.epoch,
    nextSet: replicaSetIn(tree),
    hasUnprovenResults: hasEvents || block.transactions.length > 0 || !equalBytes(stateRoot, block.header.stateRoot),
  };
}

/** The replica set in force in a state. @throws LedgerError `ledger/malformed` */
export const replicaSetIn = (tree: StateTree): ReplicaSet => replicaSetFromBytes(tree.get(REPLICA_SET_KEY));
