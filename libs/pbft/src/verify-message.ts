import { equalBytes } from '@medveil/encoding';
import { ed25519Verifier } from './ed25519.js';
import { ACCEPT, type RejectCode, reject, type Verdict } from './faults.js';
import type { Message, NewView, Statement, ViewChange } from './messages.js';
import { chooseProposals } from './new-view-proposals.js';
import { messagePayload, prePreparePayload } from './payloads.js';
import type { Verifier } from './ports.js';
import { type Configuration, primaryOf, type ReplicaSet } from './replica-set.js';
import { PRODUCTION_RULES, type ProtocolRules } from './rules.js';
import { verifyCommitCertificate, verifyPreparedCertificate } from './verify-certificates.js';

export interface VerificationContext {
  readonly chainId: string;
  /** Of the configuration, with its set. */
  readonly epoch: number;
  readonly replicaSet: ReplicaSet;
  readonly verifier: Verifier;
  readonly rules: ProtocolRules;
}

/**
 * Everything about a message that needs no state: signatures, certificates inside, and what a NEW-VIEW must propose.
 * FETCH and FETCHED are not signed: the replica checks the blocks.
 * @param configuration that of the message's epoch
 */
export const verifyMessage = (message: Message, { epoch, replicaSet }: Configuration, chainId: string, verifier: Verifier = ed25519Verifier): Verdict =>
  judgeMessage(message, { chainId, epoch, replicaSet, verifier, rules: PRODUCTION_RULES });

export function judgeMessage(message: Message, context: VerificationContext): Verdict {
  if (message.type === 'fetch' || message.type === 'fetched') return ACCEPT;
  const fault = signatureFault(message, context) ?? contentFault(message, context);
  return fault === null ? ACCEPT : reject(fault);
}

function signatureFault(message: Statement, { chainId, replicaSet, verifier, rules }: VerificationContext): RejectCode | null {
  const key = replicaSet.publicKeys[message.replica];
  if (key === undefined) return 'unknown-replica';
  if (!rules.checkSignatures) return null;
  return verifier.verify(key, messagePayload(chainId, message), message.signature) ? null : 'bad-signature';
}

function contentFault(message: Statement, context: VerificationContext): RejectCode | null {
  switch (message.type) {
    case 'view-change':
      return viewChangeFault(message, context);
    case 'new-view':
      return newViewFault(message, context);
    case 'pre-prepare':
      return context.rules.checkPrimary && message.replica !== primaryOf(message.view, context.replicaSet.publicKeys.length)
        ? 'not-primary'
        : null;
    case 'request':
    case 'prepare':
    case 'commit':
    case 'checkpoint':
    case 'status':
    case 'fetch-proposal':
    case 'proposal':
    default:
      return null;
  }
}

/** Castro–Liskov 1999, 4.4: P holds valid certificates of earlier views, here contiguous and chained above the base. */
function viewChangeFault(message: ViewChange, { chainId, epoch, replicaSet, verifier, rules }: VerificationContext): RejectCode | null {
  const { base } = message;
  if (message.newView === 0 || (base !== null && base.epoch !== epoch)) return 'bad-certificate';
  if (base !== null && rules.checkCommitCertificates && !verifyCommitCertificate(base, replicaSet, chainId, verifier)) return 'bad-certificate';
  let sequence = base?.sequence ?? epoch - 1;
  let previous = base?.digest ?? null;
  for (const prepared of message.prepared) {
    const follows = prepared.sequence === sequence + 1 && (previous === null || equalBytes(prepared.previousDigest, previous));
    if (!follows || prepared.view >= message.newView) return 'bad-certificate';
    if (rules.checkPreparedCertificates && !verifyPreparedCertificate(prepared, { epoch, replicaSet }, chainId, verifier)) return 'bad-certificate';
    sequence = prepared.sequence;
    previous = prepared.digest;
  }
  return null;
}

/** Castro–Liskov 1999, 4.4: a quorum of VIEW-CHANGEs, and O is what they demand; every replica recomputes it. */
function newViewFault(message: NewView, context: VerificationContext): RejectCode | null {
  const { chainId, epoch, replicaSet, verifier, rules } = context;
  const replicas = replicaSet.publicKeys.length;
  const key = replicaSet.publicKeys[message.replica];
  if (message.replica !== primaryOf(message.view, replicas) || key === undefined) return 'not-primary';
  if (message.viewChanges.length < rules.viewChangeQuorum(replicas)) return 'bad-new-view';
  let before = -1;
  for (const viewChange of message.viewChanges) {
    if (viewChange.epoch !== epoch || viewChange.newView !== message.view || viewChange.replica <= before) return 'bad-new-view';
    before = viewChange.replica;
    if (judgeMessage(viewChange, context).kind !== 'accept') return 'bad-new-view';
  }
  const { proposals } = chooseProposals(message.viewChanges, epoch, rules);
  const asDemanded =
    proposals.length === message.prePrepares.length &&
    proposals.every((wanted, index) => {
      const given = message.prePrepares[index];
      return given !== undefined && given.sequence === wanted.sequence && equalBytes(given.digest, wanted.digest) && equalBytes(given.previousDigest, wanted.previousDigest);
    });
  if (rules.checkNewView && !asDemanded) return 'bad-new-view';
  const signed = message.prePrepares.every((given) =>
    verifier.verify(key, prePreparePayload(chainId, { ...given, epoch, view: message.view }), given.signature),
  );
  return signed || !rules.checkSignatures ? null : 'bad-new-view';
}
