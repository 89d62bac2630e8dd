/**
 * Practical Byzantine Fault Tolerance (Castro, Liskov: OSDI 1999; TOCS 2002) over a chain of blocks, as a pure state
 * machine: `createReplica(config, ports).step(input)` gives effects; the shell does the I/O. docs/consensus.md says which
 * property rests on which rule.
 */
export { createReplica, type Replica, type ReplicaReport } from './replica.js';
export { replicaConfig, type ReplicaConfig, type ReplicaOptions, type ReplicaSettings } from './config.js';
export type { Input, LedgerHead, PoolRequest, TimerId } from './inputs.js';
export type { Effect } from './effects.js';
export type { ProposalIdentity, ProposalOutline, ProposalReader, ReplicaPorts, Signer, Verifier } from './ports.js';
export { ed25519Keys, ed25519Signer, ed25519Verifier } from './ed25519.js';
export {
  checkReplicaSet,
  type Configuration,
  faultsTolerated,
  MAX_REPLICAS,
  NO_SEAT,
  primaryOf,
  quorumSize,
  replicaSetDigest,
  type ReplicaId,
  type ReplicaSet,
} from './replica-set.js';
export type {
  CertifiedProposal,
  CheckpointCertificate,
  CommitCertificate,
  PreparedCertificate,
  ReplicaSignature,
} from './certificates.js';
export { verifyCheckpointCertificate, verifyCommitCertificate, verifyPreparedCertificate } from './verify-certificates.js';
export { commitPayload, type Vote } from './payloads.js';
export type { Message, MessageType, Statement } from './messages.js';
export { decodeMessage, encodeMessage, MAX_IN_FLIGHT } from './message-codec.js';
export { verifyMessage } from './verify-message.js';
export { maxMessageBytes } from './on-message.js';
export { decodeCommitCertificate, encodeCommitCertificate } from './certificate-codec.js';
export { decodeEvidence, encodeEvidence } from './evidence-codec.js';
export { verifyEvidence, type Evidence, type EvidenceStatement } from './evidence.js';
export { decodeWalEntry, encodeWalEntry, frameWalEntry, readWal } from './wal.js';
export type { WalEntry } from './wal-entries.js';
export type { IgnoreCode, RejectCode, Verdict } from './faults.js';
export type { PbftErrorCode } from './errors.js';
