import { equalBytes } from '@medveil/encoding';
import type { PreparedCertificate } from './certificates.js';
import { accuse, broadcast, cancelTimer, type Context, currentPrimary, mayVote, patienceMs, persist, replicaCount, setTimer, signed } from './context.js';
import { NO_DIGEST } from './evidence.js';
import { ACCEPT, ignore, reject, type Verdict } from './faults.js';
import { MAX_IN_FLIGHT } from './message-codec.js';
import type { ViewChange } from './messages.js';
import { adoptCertificate } from './on-commit.js';
import { viewChangeContent } from './payloads.js';
import { certifiedSequence } from './state.js';

/**
 * Leaves the view (Castro–Liskov 1999, 4.4): no vote in it from here on; says what is certified and what is prepared
 * above it. A correct replica makes one VIEW-CHANGE per view: it is written first, and repeated byte for byte.
 */
export function startViewChange(ctx: Context, newView: number): void {
  const { state, config, rules } = ctx;
  if (!mayVote(ctx)) return;
  state.view = newView;
  state.active = false;
  state.proposing = null;
  if (rules.backOff) state.backoff = Math.min(config.maxBackoff, state.backoff + 1);
  for (const id of ['progress', 'view-change', 'batch'] as const) cancelTimer(ctx, id);
  const prepared = rules.reportPrepared ? preparedAboveBase(ctx) : [];
  const base = certifiedSequence(state) >= config.epoch ? state.certified : null;
  const message = signed<ViewChange>(ctx, { type: 'view-change', newView, base, prepared });
  state.viewChanges.set(config.replica, message);
  if (rules.persistViewChange) persist(ctx, { type: 'view-change', viewChange: message });
  broadcast(ctx, message);
}

/**
 * P: what is prepared above the highest certified block, without a gap and chained. It is no longer than `maxInFlight`. A tail
 * on a predecessor that was replaced in a later view is left out: nobody committed it (new-view-proposals.ts).
 */
function preparedAboveBase({ state, rules }: Context): PreparedCertificate[] {
  const prepared: PreparedCertificate[] = [];
  let sequence = certifiedSequence(state);
  let previous = state.certified?.sequence === sequence ? state.certified.digest : state.delivered.digest;
  while (prepared.length < (rules.reportWholeRun ? MAX_IN_FLIGHT : 1)) {
    sequence += 1;
    const certificate = state.slots.get(sequence)?.prepared ?? null;
    if (certificate === null || !equalBytes(certificate.previousDigest, previous)) break;
    prepared.push(certificate);
    previous = certificate.digest;
  }
  return prepared;
}

/** A VIEW-CHANGE whose signature and certificates are checked. The latest of each replica is kept. */
export function onViewChange(ctx: Context, message: ViewChange): Verdict {
  const { state } = ctx;
  const known = state.viewChanges.get(message.replica);
  if (known !== undefined && known.newView === message.newView) return compare(ctx, known, message);
  if (known !== undefined && known.newView > message.newView) return ignore('old');
  if (message.base !== null) adoptCertificate(ctx, message.base);
  if (isOver(ctx, message)) return ignore('other-view');
  state.viewChanges.set(message.replica, message);
  return ACCEPT;
}

/** For a view that has begun, or that this replica has left behind. */
export const isOver = (ctx: Context, message: ViewChange): boolean =>
  message.newView < ctx.state.view || (message.newView === ctx.state.view && ctx.state.active);

function compare(ctx: Context, known: ViewChange, message: ViewChange): Verdict {
  const [first, second] = [viewChangeContent(known), viewChangeContent(message)];
  if (equalBytes(first, second)) return ignore('duplicate');
  accuse(ctx, {
    kind: 'view-change',
    epoch: message.epoch,
    replica: message.replica,
    view: message.newView,
    sequence: 0,
    first: { about: first, previousDigest: NO_DIGEST, signature: known.signature },
    second: { about: second, previousDigest: NO_DIGEST, signature: message.signature },
  });
  return reject('equivocation');
}

/**
 * Castro–Liskov 1999, 4.5.2: f+1 others in later views: at least one of them is correct, so this replica follows even if
 * its own timer has not expired. Of the views that f+1 others have reached, the highest.
 */
export function tryJoinViewChange(ctx: Context): void {
  const { state, config, rules } = ctx;
  const later = [...state.viewChanges.values()]
    .filter((message) => message.replica !== config.replica && message.newView > state.view)
    .map((message) => message.newView)
    .toSorted((a, b) => b - a);
  const reached = later[rules.joinVotes(replicaCount(ctx)) - 1];
  if (reached !== undefined) startViewChange(ctx, reached);
}

/**
 * Castro–Liskov 1999, 4.5.2: the wait for the NEW-VIEW is timed only once a quorum has left for this view or a later
 * one; so a replica that is cut off does not run away through the views.
 */
export function timeNewView(ctx: Context): void {
  const { state, rules } = ctx;
  if (state.active || state.timers.has('view-change')) return;
  const left = [...state.viewChanges.values()].filter((message) => message.newView >= state.view).length;
  if (left >= rules.viewChangeQuorum(replicaCount(ctx))) setTimer(ctx, 'view-change', patienceMs(ctx));
}

export const isNextPrimary = (ctx: Context): boolean => !ctx.state.active && currentPrimary(ctx) === ctx.config.replica;
