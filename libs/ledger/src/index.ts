/**
 * The ledger of docs/scheme.md, section 8: blocks with commit certificates, the authenticated state, receipts,
 * and a light client that checks all of it from the genesis document alone.
 */
export { BLOCK_VERSION, decodeBlock, encodeBlock, headerHash, type Block, type BlockHeader } from './block.js';
export type { CommitCertificate } from '@medveil/pbft';
export type { TimeBounds } from './chain-rules.js';
export { LedgerError, type LedgerErrorCode } from './errors.js';
export { createGenesis, loadGenesis, type Genesis, type GenesisDocument } from './genesis.js';
export type { ExecutionFault } from './execution.js';
export { exportLedger, importLedger, readExport, type CertifiedBlock, type LedgerExport } from './export.js';
export type { LedgerHead } from './head.js';
export { LedgerProofs } from './ledger-proofs.js';
export { Ledger, type AppliedBlock, type BlockRequest, type LedgerOptions } from './ledger.js';
export { LightClient, type Freshness, type VerifiedState, type VerifiedTransaction } from './light-client.js';
export { LEDGER_LIMITS } from './limits.js';
export { MemoryStore } from './memory-store.js';
export { merkleListRoot, proveMerkleList, verifyMerkleList, type MerkleListProof } from './merkle-list.js';
export {
  decodeCertifiedHeader,
  decodeReceiptProof,
  decodeReplicaSetChange,
  decodeStateProof,
  decodeTransactionProof,
  encodeCertifiedHeader,
  encodeReceiptProof,
  encodeReplicaSetChange,
  encodeStateProof,
  encodeTransactionProof,
  type CertifiedHeader,
  type ReceiptProof,
  type ReplicaSetChange,
  type StateProof,
  type TransactionProof,
} from './proof-bundles.js';
export { blockOfProposal, blockProposalReader, proposalOfBlock } from './proposal.js';
export {
  decodeReceipt,
  encodeReceipt,
  receiptDigest,
  transactionDigest,
  transactionIdOf,
  type LedgerEvent,
  type Receipt,
} from './receipt.js';
export { decodeSnapshotManifest, encodeSnapshotManifest, verifySnapshotManifest, type SnapshotManifest, type VerifiedSnapshot } from './snapshot.js';
export { transferState, type ChunkKeeper, type SnapshotPeer, type TransferOptions, type TransferredState } from './snapshot-transfer.js';
export { CHUNK_BYTES, decodeStateChunk, encodeStateChunk, FIRST_KEY_HASH, requireChunk, type StateChunk, type StateEntry } from './state-chunk.js';
export { replicaSetFrom, replicaSetHash, replicaSetValue, type ReplicaIdentity, type ReplicaSet } from './replica-set.js';
export type { Admission, BlockContext, ExecutionResult, StateMachine } from './state-machine.js';
export { EMPTY_ROOT, verifyStateTreeProof, type StateTreeProof } from './state-proof.js';
export { StateTree, TREE_HASHER } from './state-tree.js';
export { PARAMETERS_KEY, REPLICA_SET_KEY, type StateReader, type StateView } from './state-view.js';
export type { LedgerAppend, LedgerStore, StateWrite, StoredBlock, TransactionLocation } from './store.js';
export { verifyChain, type ChainVerdict } from './verify-chain.js';
export { WorkingState } from './working-state.js';
