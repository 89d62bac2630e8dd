import { bodyOf, broadcast, type Context, isMember, isPrimary, lowWatermark, mayVote, send, sendTo, setTimer, signed } from './context.js';
import { ACCEPT, reject, type Verdict } from './faults.js';
import { learnHead } from './fetch.js';
import type { Status, StatusOfSequence } from './messages.js';
import { repeatCheckpoint } from './on-checkpoint.js';
import { repeatRequests } from './on-requests.js';
import type { ReplicaState, Slot } from './state.js';

/** Answers with repeats that one peer gets between two ticks of this replica's status timer. */
const REPEATS_PER_TICK = 2;

/** Says where this replica stands (Castro–Liskov 2002, 5.2). */
export const sayStatus = (ctx: Context): void => broadcast(ctx, statusOf(ctx));

const MAX_TOLD = 64;

/** Tells one who speaks in a former configuration, member or not; once between two ticks. */
export function tellStatus(ctx: Context, name: string): void {
  const { told } = ctx.state;
  if (!isMember(ctx) || told.has(name) || told.size >= MAX_TOLD) return;
  told.add(name);
  sendTo(ctx, name, statusOf(ctx));
}

function statusOf(ctx: Context): Status {
  const { state } = ctx;
  return signed<Status>(ctx, {
    type: 'status',
    view: state.view,
    active: state.active,
    committed: state.delivered.sequence,
    stable: lowWatermark(ctx),
    inAgreement: Array.from({ length: ctx.config.maxInFlight }, (_, index) => statusOfSequence(state, state.delivered.sequence + 1 + index)),
    viewChanges: state.active
      ? []
      : [...state.viewChanges.values()].filter((message) => message.newView >= state.view).map((message) => message.replica).toSorted((a, b) => a - b),
  });
}

function statusOfSequence(state: ReplicaState, sequence: number): StatusOfSequence {
  const slot = state.slots.get(sequence);
  if (slot === undefined) return { prePrepared: false, prepares: [], commits: [] };
  const inView = (votes: readonly { readonly view: number; readonly replica: number }[]): number[] =>
    votes.filter((vote) => vote.view === state.view).map((vote) => vote.replica).toSorted((a, b) => a - b);
  const { accepted, prepares, commits } = slot;
  const prePrepared = accepted?.view === state.view && bodyOf(slot, accepted.digest) !== undefined;
  return { prePrepared, prepares: inView(prepares), commits: inView(commits) };
}

/** The status timer: everything that may have been lost is said again, within limits. */
export function onStatusTimer(ctx: Context): void {
  const { state, config } = ctx;
  for (const peer of state.peers) peer.repeats = 0;
  state.told.clear();
  state.nothingToPropose = false;
  sayStatus(ctx);
  repeatCheckpoint(ctx);
  if (ctx.rules.retransmit) repeatRequests(ctx);
  state.deliveredAtTick = state.delivered.sequence;
  setTimer(ctx, 'status', config.statusIntervalMs);
}

/** A peer says where it stands: it gets what it lacks, and this replica learns where it lags itself. */
export function onStatus(ctx: Context, message: Status): Verdict {
  const { state, rules } = ctx;
  const peer = state.peers[message.replica];
  if (peer === undefined) return reject('unknown-replica');
  learnHead(ctx, message.replica, message.committed);
  if (!rules.retransmit || peer.repeats >= REPEATS_PER_TICK) return ACCEPT;
  const before = ctx.effects.length;
  repeatViewMessages(ctx, message);
  repeatVotes(ctx, message);
  if (state.stable !== null && message.stable < state.stable.sequence) {
    sendTo(ctx, ctx.config.names[message.replica] ?? '', { type: 'fetched', blocks: [], stable: state.stable });
  }
  if (ctx.effects.length > before) peer.repeats += 1;
  return ACCEPT;
}

function repeatViewMessages(ctx: Context, message: Status): void {
  const { state, config } = ctx;
  const waits = message.view < state.view || (message.view === state.view && !message.active);
  if (!waits) return;
  if (state.newView !== null && (message.view < state.newView.view || (message.view === state.newView.view && !message.active))) {
    send(ctx, message.replica, state.newView);
  }
  const own = state.viewChanges.get(config.replica);
  if (!state.active && own !== undefined && !(message.view === state.view && message.viewChanges.includes(config.replica))) {
    send(ctx, message.replica, own);
  }
}

/** For what is in agreement: this replica's own statements; the PRE-PREPARE with its body from the primary only. */
function repeatVotes(ctx: Context, message: Status): void {
  if (message.committed !== ctx.state.delivered.sequence || !mayVote(ctx)) return;
  for (const [index, there] of message.inAgreement.entries()) {
    const slot = ctx.state.slots.get(message.committed + 1 + index);
    if (slot !== undefined) repeatVotesAt(ctx, slot, message, there);
  }
}

function repeatVotesAt(ctx: Context, slot: Slot, message: Status, lacking: StatusOfSequence): void {
  const { state, config } = ctx;
  const { accepted } = slot;
  if (accepted !== null && accepted.view === message.view && slot.votedIn === message.view && state.active && state.view === message.view && !lacking.prePrepared) {
    const proposal = isPrimary(ctx) ? (bodyOf(slot, accepted.digest) ?? null) : null;
    send(ctx, message.replica, { ...accepted, proposal });
  }
  for (const [votes, there] of [
    [slot.prepares, lacking.prepares],
    [slot.commits, lacking.commits],
  ] as const) {
    const own = votes.find((vote) => vote.replica === config.replica);
    if (own !== undefined && (own.view !== message.view || !there.includes(config.replica))) send(ctx, message.replica, own);
  }
}
