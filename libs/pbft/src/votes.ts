import { equalBytes } from '@medveil/encoding';
import type { ReplicaSignature } from './certificates.js';
import { accuse, type Context } from './context.js';
import { NO_DIGEST } from './evidence.js';
import { ACCEPT, ignore, reject, type Verdict } from './faults.js';
import type { Commit, Prepare } from './messages.js';
import type { ChainedVote } from './payloads.js';

/**
 * Keeps the latest vote of each replica. A second vote for the same view with other content is evidence, and does
 * not replace the first.
 */
export function addVote<V extends Commit | Prepare>(ctx: Context, votes: V[], vote: V): Verdict {
  const at = ctx.rules.countVotersOnce ? votes.findIndex((known) => known.replica === vote.replica) : -1;
  const known = votes[at];
  if (known === undefined) {
    votes.push(vote);
    return ACCEPT;
  }
  if (known.view > vote.view) return ignore('old');
  if (known.view < vote.view) {
    votes[at] = vote;
    return ACCEPT;
  }
  if (sameContent(known, vote)) return ignore('duplicate');
  accuse(ctx, {
    kind: vote.type,
    epoch: vote.epoch,
    replica: vote.replica,
    view: vote.view,
    sequence: vote.sequence,
    first: statement(known),
    second: statement(vote),
  });
  return reject('equivocation');
}

const previousOf = (vote: Commit | Prepare): Uint8Array => (vote.type === 'prepare' ? vote.previousDigest : NO_DIGEST);

const sameContent = (a: Commit | Prepare, b: Commit | Prepare): boolean =>
  equalBytes(a.digest, b.digest) && equalBytes(previousOf(a), previousOf(b));

const statement = (vote: Commit | Prepare) => ({ about: vote.digest, previousDigest: previousOf(vote), signature: vote.signature });

/** Already here, or older than what is here: dropped before its signature costs anything. */
export const isStaleVote = (votes: readonly (Commit | Prepare)[], vote: Commit | Prepare): boolean =>
  votes.some((known) => known.replica === vote.replica && (known.view > vote.view || (known.view === vote.view && sameContent(known, vote))));

/** Signatures under exactly this statement, sorted by replica. */
export function matching(
  ctx: Context,
  votes: readonly (Commit | Prepare)[],
  wanted: Omit<ChainedVote, 'epoch' | 'previousDigest'> & { readonly previousDigest?: Uint8Array },
): ReplicaSignature[] {
  return votes
    .filter((vote) => !ctx.rules.matchVotes || matches(vote, wanted))
    .map(({ replica, signature }) => ({ replica, signature }))
    .toSorted((a, b) => a.replica - b.replica);
}

const matches = (vote: Commit | Prepare, wanted: Parameters<typeof matching>[2]): boolean =>
  vote.view === wanted.view &&
  equalBytes(vote.digest, wanted.digest) &&
  (vote.type === 'commit' || wanted.previousDigest === undefined || equalBytes(vote.previousDigest, wanted.previousDigest));
