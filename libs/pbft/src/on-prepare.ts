import type { PreparedCertificate } from './certificates.js';
import { bodyOf, broadcast, type Context, mayVote, persist, replicaCount, signed } from './context.js';
import { ignore, reject, type Verdict } from './faults.js';
import type { Commit, Prepare } from './messages.js';
import { isPreparedBefore } from './on-pre-prepare.js';
import { primaryOf } from './replica-set.js';
import { slotAt, type Slot } from './state.js';
import { addVote, matching } from './votes.js';

/** A PREPARE whose signature is checked (Castro–Liskov 1999, 4.2). The primary's PRE-PREPARE is its only vote. */
export function onPrepare(ctx: Context, message: Prepare): Verdict {
  const { delivered } = ctx.state;
  if (message.sequence <= delivered.sequence) return ignore('old');
  if (message.sequence > delivered.sequence + ctx.config.maxAhead) return ignore('ahead');
  if (message.replica === primaryOf(message.view, replicaCount(ctx))) return reject('not-primary');
  return addVote(ctx, slotAt(ctx.state, message.sequence).prepares, message);
}

/**
 * prepared(m, v, n, i): the PRE-PREPARE and 2f matching PREPAREs of others; then, and once it is written, COMMIT. In order:
 * also the primary, who said PRE-PREPARE for n+1 before n was prepared, has n+1 prepared only after n.
 */
export function tryCommit(ctx: Context): void {
  const { state, config } = ctx;
  if (!mayVote(ctx)) return;
  for (let sequence = state.delivered.sequence + 1; sequence <= state.executed.sequence + config.maxInFlight; sequence += 1) {
    const slot = state.slots.get(sequence);
    if (slot === undefined || (ctx.rules.prepareInOrder && !isPreparedBefore(ctx, sequence))) return;
    commit(ctx, slot);
  }
}

function commit(ctx: Context, slot: Slot): void {
  const certificate = preparedCertificate(ctx, slot);
  if (certificate === null) return;
  slot.prepared = certificate;
  slot.committedIn = certificate.view;
  if (ctx.rules.persistPrepared) persist(ctx, { type: 'prepared', certificate });
  const { view, sequence, digest } = certificate;
  const vote = signed<Commit>(ctx, { type: 'commit', view, sequence, digest });
  addVote(ctx, slot.commits, vote);
  broadcast(ctx, vote);
}

function preparedCertificate(ctx: Context, slot: Slot): PreparedCertificate | null {
  const { state, rules } = ctx;
  const { accepted } = slot;
  if (accepted === null || slot.votedIn !== accepted.view || slot.committedIn >= accepted.view) return null;
  if (rules.silentAfterViewChange && (!state.active || accepted.view !== state.view)) return null;
  if (bodyOf(slot, accepted.digest) === undefined) return null;
  const needed = rules.prepareVotes(replicaCount(ctx));
  const prepares = matching(ctx, slot.prepares, accepted);
  if (prepares.length < needed) return null;
  const { view, sequence, digest, previousDigest, signature } = accepted;
  return { view, sequence, digest, previousDigest, prePrepare: signature, prepares: prepares.slice(0, needed) };
}
