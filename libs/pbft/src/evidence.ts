import { equalBytes } from '@medveil/encoding';
import { ed25519Verifier } from './ed25519.js';
import { checkpointPayload, commitPayload, newViewPayload, preparePayload, prePreparePayload, viewChangePayload } from './payloads.js';
import type { Verifier } from './ports.js';
import type { ReplicaId, ReplicaSet } from './replica-set.js';

/** One signed statement, reduced to what the signature covers. `about` is the digest, state digest or content digest. */
export interface EvidenceStatement {
  readonly about: Uint8Array;
  /** PRE-PREPARE and PREPARE sign it too; 32 zero bytes for the others. */
  readonly previousDigest: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Two statements of one replica that no correct replica makes both: the same kind, epoch, view and sequence, and
 * different content. Third parties check it with the replica set alone; plain data, canonical CBOR.
 */
export interface Evidence {
  readonly kind: 'pre-prepare' | 'prepare' | 'commit' | 'checkpoint' | 'view-change' | 'new-view';
  /** Of the configuration in which it spoke, and in which it had the position `replica`. */
  readonly epoch: number;
  readonly replica: ReplicaId;
  /** 0 for a checkpoint. */
  readonly view: number;
  /** 0 for a view change and a new view. */
  readonly sequence: number;
  readonly first: EvidenceStatement;
  readonly second: EvidenceStatement;
}

export const NO_DIGEST: Uint8Array = new Uint8Array(32);

/**
 * True where both statements are signed by the accused and differ: proof of fault to whoever trusts the replica set.
 * @param replicaSet that of the evidence's epoch
 */
export function verifyEvidence(evidence: Evidence, replicaSet: ReplicaSet, chainId: string, verifier: Verifier = ed25519Verifier): boolean {
  const key = replicaSet.publicKeys[evidence.replica];
  const { first, second } = evidence;
  return (
    key !== undefined &&
    wellFormed(evidence) &&
    contradict(first, second) &&
    [first, second].every((statement) => verifier.verify(key, statementPayload(evidence, statement, chainId), statement.signature))
  );
}

const contradict = (first: EvidenceStatement, second: EvidenceStatement): boolean =>
  !equalBytes(first.about, second.about) || !equalBytes(first.previousDigest, second.previousDigest);

/** What a kind does not sign must be neutral: unsigned fields could otherwise make two of one statement. */
function wellFormed({ kind, view, sequence, first, second }: Evidence): boolean {
  const chained = kind === 'pre-prepare' || kind === 'prepare';
  const neutral = [first, second].every((statement) => equalBytes(statement.previousDigest, NO_DIGEST));
  switch (kind) {
    case 'pre-prepare':
    case 'prepare':
    case 'commit':
      return chained || neutral;
    case 'checkpoint':
      return neutral && view === 0;
    case 'view-change':
    case 'new-view':
    default:
      return neutral && sequence === 0;
  }
}

function statementPayload(evidence: Evidence, statement: EvidenceStatement, chainId: string): Uint8Array {
  const { epoch, view, sequence } = evidence;
  const { about, previousDigest } = statement;
  switch (evidence.kind) {
    case 'pre-prepare':
      return prePreparePayload(chainId, { epoch, view, sequence, digest: about, previousDigest });
    case 'prepare':
      return preparePayload(chainId, { epoch, view, sequence, digest: about, previousDigest });
    case 'commit':
      return commitPayload(chainId, { epoch, view, sequence, digest: about });
    case 'checkpoint':
      return checkpointPayload(chainId, { epoch, sequence, stateDigest: about });
    case 'view-change':
      return viewChangePayload(chainId, epoch, view, about);
    case 'new-view':
    default:
      return newViewPayload(chainId, epoch, view, about);
  }
}
