import { bodyOf, broadcast, type Context, mayVote, signed } from './context.js';
import type { Commit } from './messages.js';
import { slotAt, type Slot } from './state.js';
import { addVote } from './votes.js';

/**
 * A certificate for n stands for the blocks below n too, but each needs its own to be delivered, and who has those may be
 * faulty and keep them back. So the digests are followed down from n along the bodies, and who knows by that that a
 * block is final says COMMIT for it in the current view. That contradicts nothing: from the view of the certificate on, nothing else
 * is prepared at that place (new-view-proposals.ts). The bodies are with the correct ones among the 2f+1 who sent COMMIT for n.
 *
 * No further down than `maxInFlight`: some of those have delivered the rest, and hand it out with its certificates.
 */
export function traceBack(ctx: Context): void {
  const { state, config } = ctx;
  const { certified } = state;
  if (certified === null || certified.epoch !== config.epoch || certified.sequence <= state.delivered.sequence) return;
  if (certified.sequence > state.delivered.sequence + config.maxInFlight) return;
  slotAt(state, certified.sequence).certificate ??= certified;
  let { digest } = certified;
  for (let { sequence } = certified; sequence > state.delivered.sequence; sequence -= 1) {
    const slot = slotAt(state, sequence);
    slot.final = digest;
    const body = bodyOf(slot, digest);
    const identity = body === undefined ? null : ctx.ports.proposals.identify(body);
    if (identity === null) return;
    if (slot.certificate === null && certified.view <= state.view) confirm(ctx, slot, digest);
    digest = identity.previousDigest;
  }
}

function confirm(ctx: Context, slot: Slot, digest: Uint8Array): void {
  const { state, config } = ctx;
  if (!state.active || !mayVote(ctx)) return;
  if (slot.commits.some((vote) => vote.replica === config.replica && vote.view >= state.view)) return;
  const vote = signed<Commit>(ctx, { type: 'commit', view: state.view, sequence: slot.sequence, digest });
  addVote(ctx, slot.commits, vote);
  broadcast(ctx, vote);
}
