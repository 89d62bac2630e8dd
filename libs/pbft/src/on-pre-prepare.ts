import { equalBytes, toHex } from '@medveil/encoding';
import { accuse, bodyOf, broadcast, type Context, highWatermark, isPrimary, mayVote, persist, signed } from './context.js';
import { ACCEPT, ignore, reject, type Verdict } from './faults.js';
import type { PrePrepare, Prepare } from './messages.js';
import { certifiedSequence, type Slot, slotAt } from './state.js';
import { startViewChange } from './view-change.js';
import { addVote } from './votes.js';
import type { WalEntry } from './wal-entries.js';

/** Bodies are held for the sequence in agreement and the next: a leader who is further ahead is met by catching up. */
const BODIES_AHEAD = 2;

/** A PRE-PREPARE whose signature and sender are checked (Castro–Liskov 1999, 4.2). */
export function onPrePrepare(ctx: Context, message: PrePrepare): Verdict {
  const { state } = ctx;
  if (message.sequence <= certifiedSequence(state)) return ignore('old');
  if (message.sequence > state.delivered.sequence + BODIES_AHEAD || message.sequence > highWatermark(ctx)) return ignore('ahead');
  if (message.view < state.view) return ignore('other-view');
  if (!bodyIsItsOwn(ctx, message)) return reject('bad-proposal');
  const slot = slotAt(state, message.sequence);
  return message.view === state.view && state.active ? acceptPrePrepare(ctx, slot, message) : keepForLater(ctx, slot, message);
}

/** The digest, sequence and predecessor that were signed are those of the body that came along. */
function bodyIsItsOwn(ctx: Context, message: PrePrepare): boolean {
  if (message.proposal === null) return true;
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
  const known = slot.accepted;
  if (known !== null && known.view === message.view && !sameProposal(known, message)) {
    const verdict = equivocation(ctx, known, message);
    if (ctx.rules.refuseSecondPrePrepare) return verdict;
    slot.votedIn = -1;
    slot.committedIn = -1;
  }
  const news = known === null || known.view !== message.view || !sameProposal(known, message);
  if (news) {
    slot.accepted = { ...message, proposal: null };
    slot.reproposed = false;
  }
  const { proposal } = message;
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
 * PREPARE for the block after the last one. The block before is committed and executed here, which is more than the
 * chain rule asks for (prepared in the same view, or committed): what is prepared stays contiguous, and the ledger can
 * tell whether the proposal is valid.
 */
export function tryPrepare(ctx: Context): void {
  const { state, rules } = ctx;
  const slot = state.slots.get(state.delivered.sequence + 1);
  const accepted = slot?.accepted ?? null;
  if (slot === undefined || accepted === null || !readyToPrepare(ctx, slot, accepted)) return;
  if (rules.checkChain && !equalBytes(accepted.previousDigest, state.delivered.digest)) return startViewChange(ctx, state.view + 1);
  const body = bodyOf(slot, accepted.digest);
  if (body === undefined) return;
  const verdict = slot.validations.get(toHex(accepted.digest));
  if (verdict === undefined) {
    slot.validations.set(toHex(accepted.digest), 'asked');
    ctx.effects.push({ type: 'validate-proposal', sequence: slot.sequence, digest: accepted.digest, proposal: body, certified: slot.reproposed });
  }
  if (rules.requireValidation && verdict !== 'ok') {
    if (verdict === 'bad') startViewChange(ctx, state.view + 1);
    return;
  }
  prepare(ctx, slot, accepted, body);
}

function readyToPrepare(ctx: Context, slot: Slot, accepted: PrePrepare): boolean {
  const { state } = ctx;
  const inView = state.active && accepted.view === state.view;
  return (
    (inView || !ctx.rules.silentAfterViewChange) &&
    mayVote(ctx) &&
    slot.votedIn < accepted.view &&
    certifiedSequence(state) === state.delivered.sequence &&
    state.executed.sequence === state.delivered.sequence
  );
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
