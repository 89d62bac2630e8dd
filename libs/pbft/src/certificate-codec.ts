import { decodeCanonical, encodeCanonical } from '@medveil/encoding';
import type { CertifiedProposal, CheckpointCertificate, CommitCertificate, PreparedCertificate, ReplicaSignature } from './certificates.js';
import { bytesOf, bytesUpTo, count, type Decode, fields, list } from './decode.js';
import { plain } from './payloads.js';
import { MAX_REPLICAS } from './replica-set.js';

export const hash = bytesOf(32);
export const signature = bytesOf(64);

/** No message is longer than the transport allows: this bound only keeps the decoders total. */
export const MAX_PROPOSAL_BYTES = 64 * 1024 * 1024;

const votes = list(fields<ReplicaSignature>({ replica: count, signature }), MAX_REPLICAS);

export const commitCertificate: Decode<CommitCertificate> = fields<CommitCertificate>({
  epoch: count,
  view: count,
  sequence: count,
  digest: hash,
  signatures: votes,
});

export const preparedCertificate: Decode<PreparedCertificate> = fields<PreparedCertificate>({
  view: count,
  sequence: count,
  digest: hash,
  previousDigest: hash,
  prePrepare: signature,
  prepares: votes,
});

export const checkpointCertificate: Decode<CheckpointCertificate> = fields<CheckpointCertificate>({
  epoch: count,
  sequence: count,
  stateDigest: hash,
  signatures: votes,
});

export const certifiedProposal: Decode<CertifiedProposal> = fields<CertifiedProposal>({
  proposal: bytesUpTo(MAX_PROPOSAL_BYTES),
  certificate: commitCertificate,
});

/** Canonical CBOR, about 100 bytes a signature: what a block carries. */
export const encodeCommitCertificate = (certificate: CommitCertificate): Uint8Array => encodeCanonical(plain(certificate));

/** @throws CodedError `encoding/not-canonical`, `pbft/bad-encoding`. The signatures are not checked: see `verifyCommitCertificate`. */
export const decodeCommitCertificate = (bytes: Uint8Array): CommitCertificate => commitCertificate(decodeCanonical(bytes));
