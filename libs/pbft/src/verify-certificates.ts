import type { CheckpointCertificate, CommitCertificate, PreparedCertificate, ReplicaSignature } from './certificates.js';
import { checkpointPayload, commitPayload, preparePayload, prePreparePayload } from './payloads.js';
import { ed25519Verifier } from './ed25519.js';
import type { Verifier } from './ports.js';
import { type Configuration, primaryOf, quorumSize, type ReplicaSet } from './replica-set.js';

/**
 * What a light client checks: a quorum of the set's replicas signed COMMIT for (epoch, view, sequence, digest).
 * @param replicaSet that of the certificate's epoch
 * @param chainId the ledger's id from its genesis file
 */
export function verifyCommitCertificate(
  certificate: CommitCertificate,
  replicaSet: ReplicaSet,
  chainId: string,
  verifier: Verifier = ed25519Verifier,
): boolean {
  return quorumSigned(certificate.signatures, commitPayload(chainId, certificate), replicaSet, verifier);
}

export function verifyCheckpointCertificate(
  certificate: CheckpointCertificate,
  replicaSet: ReplicaSet,
  chainId: string,
  verifier: Verifier = ed25519Verifier,
): boolean {
  return quorumSigned(certificate.signatures, checkpointPayload(chainId, certificate), replicaSet, verifier);
}

/** The primary's PRE-PREPARE and quorum-1 PREPAREs of others (2f where n = 3f+1), in one configuration. */
export function verifyPreparedCertificate(
  certificate: PreparedCertificate,
  { epoch, replicaSet }: Pick<Configuration, 'epoch' | 'replicaSet'>,
  chainId: string,
  verifier: Verifier = ed25519Verifier,
): boolean {
  const replicas = replicaSet.publicKeys.length;
  const primary = primaryOf(certificate.view, replicas);
  const primaryKey = replicaSet.publicKeys[primary];
  return (
    primaryKey !== undefined &&
    certificate.prepares.length >= quorumSize(replicas) - 1 &&
    certificate.prepares.every((vote) => vote.replica !== primary) &&
    verifier.verify(primaryKey, prePreparePayload(chainId, { ...certificate, epoch }), certificate.prePrepare) &&
    allSigned(certificate.prepares, preparePayload(chainId, { ...certificate, epoch }), replicaSet, verifier)
  );
}

function quorumSigned(votes: readonly ReplicaSignature[], payload: Uint8Array, replicaSet: ReplicaSet, verifier: Verifier): boolean {
  return votes.length >= quorumSize(replicaSet.publicKeys.length) && allSigned(votes, payload, replicaSet, verifier);
}

/** Strictly increasing replica ids make each vote count once and the certificate's form unique. */
function allSigned(votes: readonly ReplicaSignature[], payload: Uint8Array, replicaSet: ReplicaSet, verifier: Verifier): boolean {
  let before = -1;
  return votes.every(({ replica, signature }) => {
    const key = replicaSet.publicKeys[replica];
    const inOrder = replica > before;
    before = replica;
    return inOrder && key !== undefined && verifier.verify(key, payload, signature);
  });
}
