import { equalBytes, toHex } from '@medveil/encoding';
import { accuse, bodyOf, broadcast, type Context, highWatermark, isPrimary, mayVote, persist, signed } from './context.js';
import { ACCEPT, ignore, reject, type Verdict } from './faults.js';
import { awaitsChange, contentOf, endsRun, isBeyondChange } from './in-flight.js';
import type { PrePrepare, Prepare } from './messages.js';
import { outlineIsItsOwn, takeOutline } from './outline.js';
import { predecessorOf, type Slot, slotAt } from './state.js';
import { startViewChange } from './view-change.js';
import { addVote } from './votes.js';
import type { WalEntry } from './wal-entries.js';

/** Bodies are held for what may be in agreement, and one more: a leader who is further ahead is met by catching up. */
const bodiesAhead = (ctx: Context): number => ctx.config.maxInFlight + 1;

/** A PRE-PREPARE whose signature and sender are checked (Castro–Liskov 1999, 4.2). */
export function onPrePrepare(ctx: Context, message: PrePrepare): Verdict {
  const { state } = ctx;
  if (message.sequence <= Math.max(state.delivered.sequence, state.viewBase)) return ignore('old');
  if (message.sequence > state.delivered.sequence + bodiesAhead(ctx) || message.sequence > highWatermark(ctx)) return ignore('ahead');
  if (message.view < state.view) return ignore('other-view');
  if (!bodyIsItsOwn(ctx, message)) return reject('bad-proposal');
  const slot = slotAt(state, message.sequence);
  return message.view === state.view && state.active ? acceptPrePrepare(ctx, slot, message) : keepForLater(ctx, slot, message);
}

/** The digest, sequence and predecessor that were signed are those of the body, or the outline, that came along. */
function bodyIsItsOwn(ctx: Context, message: PrePrepare): boolean {
  if (message.proposal === null) return message.outline === null || outlineIsItsOwn(ctx, message, message.outline);
  if (message.proposal.length > ctx.config.maxProposalBytes) return false;
  const identity = ctx.ports.proposals.identify(message.proposal);
  return (
    identity !== null &&
    identity.sequence === message.sequence &&
    equalBytes(identity.digest, message.digest) &&
    equalBytes(identity.previousDigest, message.previousDigest)
  );
}

/** The new view's PRE-PREPARE may overtake its NEW-VIEW. */
function keepForLater(ctx: Context, slot: Slot, message: PrePrepare): Verdict {
  const known = slot.early.get(message.replica);
  if (known !== undefined && known.view === message.view && !sameProposal(known, message)) return equivocation(ctx, known, message);
  if (known !== undefined && known.view >= message.view) return ignore('old');
  slot.early.set(message.replica, message);
  return ACCEPT;
}

/** One PRE-PREPARE per view and sequence: a second one with another digest is evidence against the primary. */
export function acceptPrePrepare(ctx: Context, slot: Slot, message: PrePrepare): Verdict {
  if (isBeyondChange(ctx, message.sequence)) return ignore('ahead');
  const known = slot.accepted;
  if (known !== null && known.view === message.view && !sameProposal(known, message)) {
    const verdict = equivocation(ctx, known, message);
    if (ctx.rules.refuseSecondPrePrepare) return verdict;
    slot.votedIn = -1;
    slot.committedIn = -1;
  }
  const news = known === null || known.view !== message.view || !sameProposal(known, message);
  if (news) {
    slot.accepted = { ...message, proposal: null, outline: null };
    slot.reproposed = false;
  }
  const { proposal, outline } = message;
  if (proposal === null && outline !== null && takeOutline(slot, message.digest, outline)) return ACCEPT;
  if (proposal !== null && bodyOf(slot, message.digest) === undefined) {
    slot.bodies.set(toHex(message.digest), proposal);
    return ACCEPT;
  }
  return news ? ACCEPT : ignore('duplicate');
}

const sameProposal = (a: PrePrepare, b: PrePrepare): boolean =>
  equalBytes(a.digest, b.digest) && equalBytes(a.previousDigest, b.previousDigest);

function equivocation(ctx: Context, first: PrePrepare, second: PrePrepare): Verdict {
  const { epoch, replica, view, sequence } = second;
  accuse(ctx, {
    kind: 'pre-prepare',
    epoch,
    replica,
    view,
    sequence,
    first: { about: first.digest, previousDigest: first.previousDigest, signature: first.signature },
    second: { about: second.digest, previousDigest: second.previousDigest, signature: second.signature },
  });
  return reject('equivocation');
}

/**
 * PREPARE for the blocks after the last executed one, in order. The ledger is asked about a block once the one before is
 * found valid; the PREPARE waits until that one is prepared in the same view, or delivered: what is prepared above the last
 * delivered block is one chain without a gap (new-view-proposals.ts rests on it). The last block of a configuration ends the run.
 */
export function tryPrepare(ctx: Context): void {
  const { state, config } = ctx;
  if (awaitsChange(ctx)) return;
  const ancestors: Uint8Array[] = [];
  for (let sequence = state.delivered.sequence + 1; sequence <= state.executed.sequence + config.maxInFlight; sequence += 1) {
    const slot = state.slots.get(sequence);
    const body = slot === undefined ? null : tryPrepareAt(ctx, slot, ancestors);
    if (body === null || slot?.accepted == null || endsRun(ctx, contentOf(ctx, slot, slot.accepted.digest, body))) return;
    ancestors.push(body);
  }
}

/** @returns the body of a proposal that is found valid, else null */
function tryPrepareAt(ctx: Context, slot: Slot, ancestors: readonly Uint8Array[]): Uint8Array | null {
  const { state, rules } = ctx;
  const { accepted } = slot;
  if (accepted === null || !mayWorkOn(ctx, accepted)) return null;
  const body = bodyOf(slot, accepted.digest);
  if (slot.votedIn >= accepted.view) return body ?? null;
  const previous = predecessorOf(state, slot.sequence);
  if (rules.checkChain && (previous === null || !equalBytes(accepted.previousDigest, previous))) return leaveView(ctx);
  if (body === undefined) return null;
  const verdict = slot.validations.get(toHex(accepted.digest));
  if (verdict === undefined) {
    slot.validations.set(toHex(accepted.digest), 'asked');
    ctx.effects.push({
      type: 'validate-proposal',
      sequence: slot.sequence,
      digest: accepted.digest,
      proposal: body,
      ancestors: [...ancestors],
      certified: slot.reproposed,
    });
  }
  if (rules.requireValidation && verdict !== 'ok') return verdict === 'bad' ? leaveView(ctx) : null;
  if (!rules.prepareInOrder || isPreparedBefore(ctx, slot.sequence)) prepare(ctx, slot, accepted, body);
  return body;
}

/** The leader has proposed what no correct leader proposes. */
function leaveView(ctx: Context): null {
  startViewChange(ctx, ctx.state.view + 1);
  return null;
}

function mayWorkOn(ctx: Context, accepted: PrePrepare): boolean {
  const { state } = ctx;
  const inView = state.active && accepted.view === state.view;
  return (inView || !ctx.rules.silentAfterViewChange) && mayVote(ctx);
}

/** The block before is delivered, or prepared here in the current view. */
export function isPreparedBefore({ state }: Context, sequence: number): boolean {
  return sequence === state.delivered.sequence + 1 || state.slots.get(sequence - 1)?.committedIn === state.view;
}

/** Written before it is said. A primary stands behind its proposal without a PREPARE. */
function prepare(ctx: Context, slot: Slot, accepted: PrePrepare, body: Uint8Array): void {
  slot.votedIn = accepted.view;
  if (ctx.rules.persistPrePrepare) persist(ctx, ...logProposal(slot, accepted.digest, body), { type: 'pre-prepare', prePrepare: accepted });
  if (accepted.replica === ctx.config.replica && isPrimary(ctx)) return;
  const { view, sequence, digest, previousDigest } = accepted;
  const vote = signed<Prepare>(ctx, { type: 'prepare', view, sequence, digest, previousDigest });
  addVote(ctx, slot.prepares, vote);
  broadcast(ctx, vote);
}

/** The log entry of a body, unless it is there. */
export function logProposal(slot: Slot, digest: Uint8Array, proposal: Uint8Array): WalEntry[] {
  const name = toHex(digest);
  if (slot.logged.has(name)) return [];
  slot.logged.add(name);
  return [{ type: 'proposal', sequence: slot.sequence, digest, proposal }];
}
