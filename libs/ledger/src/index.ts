/**
 * The ledger of docs/scheme.md, section 8: blocks with commit certificates, the authenticated state, receipts,
 * and a light client that checks all of it from the genesis document alone.
 */
export { BLOCK_VERSION, decodeBlock, encodeBlock, headerHash, type Block, type BlockHeader } from './block.js';
export type { CommitCertificate } from './certificate.js';
export { LedgerError, type LedgerErrorCode } from './errors.js';
export { createGenesis, loadGenesis, type Genesis, type GenesisDocument } from './genesis.js';
export { LEDGER_LIMITS } from './limits.js';
export { merkleListRoot, proveMerkleList, verifyMerkleList, type MerkleListProof } from './merkle-list.js';
export {
  decodeReceipt,
  encodeReceipt,
  receiptDigest,
  transactionDigest,
  transactionIdOf,
  type LedgerEvent,
  type Receipt,
} from './receipt.js';
export { replicaSetFrom, replicaSetHash, replicaSetValue, type ReplicaIdentity, type ReplicaSet } from './replica-set.js';
export type { Admission, BlockContext, ExecutionResult, StateMachine } from './state-machine.js';
export { EMPTY_ROOT, verifyStateTreeProof, type StateTreeProof } from './state-proof.js';
export { StateTree } from './state-tree.js';
export { PARAMETERS_KEY, REPLICA_SET_KEY, type StateReader, type StateView } from './state-view.js';
export type { LedgerAppend, LedgerStore, StateWrite, StoredBlock, TransactionLocation } from './store.js';
export { TREE_HASHER } from './tree-hasher.js';
