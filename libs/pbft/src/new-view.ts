import { equalBytes, toHex } from '@medveil/encoding';
import { accuse, broadcast, cancelTimer, type Context, mayVote, persist, replicaCount, sign, signed } from './context.js';
import { NO_DIGEST } from './evidence.js';
import { ACCEPT, ignore, reject, type Verdict } from './faults.js';
import type { NewView, NewViewProposal, PrePrepare } from './messages.js';
import { chooseProposals } from './new-view-proposals.js';
import { adoptCertificate, dropUnusedBodies } from './on-commit.js';
import { acceptPrePrepare } from './on-pre-prepare.js';
import { newViewContent, prePreparePayload } from './payloads.js';
import { type Slot, slotAt } from './state.js';
import { isNextPrimary } from './view-change.js';

/** The new primary, once a quorum of VIEW-CHANGEs for its view is here: NEW-VIEW (Castro–Liskov 1999, 4.4). */
export function tryNewView(ctx: Context): boolean {
  const { state, config, rules } = ctx;
  const own = state.viewChanges.get(config.replica);
  if (!isNextPrimary(ctx) || !mayVote(ctx) || own?.newView !== state.view) return false;
  const viewChanges = [...state.viewChanges.values()]
    .filter((message) => message.newView === state.view)
    .toSorted((a, b) => a.replica - b.replica);
  if (viewChanges.length < rules.viewChangeQuorum(replicaCount(ctx))) return false;
  const prePrepares = chooseProposals(viewChanges, config.epoch, rules).proposals.map(({ sequence, digest, previousDigest }): NewViewProposal => {
    const payload = prePreparePayload(config.chainId, { epoch: config.epoch, view: state.view, sequence, digest, previousDigest });
    return { sequence, digest, previousDigest, signature: sign(ctx, payload) };
  });
  const message = signed<NewView>(ctx, { type: 'new-view', view: state.view, viewChanges, prePrepares });
  enterView(ctx, message);
  broadcast(ctx, message);
  return true;
}

/** A NEW-VIEW whose signature, VIEW-CHANGEs and proposals are checked; anybody may have passed it on. */
export function onNewView(ctx: Context, message: NewView): Verdict {
  const { state } = ctx;
  if (message.view < state.view) return ignore('old');
  if (message.view === state.view && state.active) return state.newView === null ? ignore('old') : compare(ctx, state.newView, message);
  enterView(ctx, message);
  return ACCEPT;
}

function compare(ctx: Context, known: NewView, message: NewView): Verdict {
  const [first, second] = [newViewContent(known), newViewContent(message)];
  if (equalBytes(first, second)) return ignore('duplicate');
  accuse(ctx, {
    kind: 'new-view',
    epoch: message.epoch,
    replica: message.replica,
    view: message.view,
    sequence: 0,
    first: { about: first, previousDigest: NO_DIGEST, signature: known.signature },
    second: { about: second, previousDigest: NO_DIGEST, signature: message.signature },
  });
  return reject('equivocation');
}

/** Works in the view from here on; written before anything is said in it. */
function enterView(ctx: Context, message: NewView): void {
  const { state } = ctx;
  installView(ctx, message);
  persist(ctx, { type: 'new-view', newView: message });
  state.proposing = null;
  state.nothingToPropose = false;
  for (const id of ['view-change', 'progress', 'batch'] as const) cancelTimer(ctx, id);
  ctx.effects.push({ type: 'view-entered', view: message.view, primary: message.replica });
  const { base } = chooseProposals(message.viewChanges, message.epoch, ctx.rules);
  if (base !== null) adoptCertificate(ctx, base);
  for (const slot of state.slots.values()) takeEarly(ctx, slot, message.replica);
}

/** What both entering and replaying the log do: the view's PRE-PREPAREs are those of the NEW-VIEW. */
export function installView(ctx: Context, message: NewView): void {
  const { state } = ctx;
  state.view = message.view;
  state.active = true;
  state.newView = message;
  state.viewBase = chooseProposals(message.viewChanges, message.epoch, ctx.rules).base?.sequence ?? 0;
  for (const [replica, viewChange] of state.viewChanges) if (viewChange.newView <= message.view) state.viewChanges.delete(replica);
  if (ctx.rules.dropSpeculation) for (const slot of state.slots.values()) slot.accepted = null;
  for (const { sequence, digest, previousDigest, signature } of message.prePrepares) {
    if (sequence <= state.delivered.sequence) continue;
    const slot = slotAt(state, sequence);
    slot.accepted = { type: 'pre-prepare', epoch: message.epoch, view: message.view, sequence, digest, previousDigest, proposal: null, outline: null, replica: message.replica, signature };
    slot.reproposed = true;
    // A quorum found it valid: what this replica's clock said of it when it was fresh no longer counts.
    if (slot.validations.get(toHex(digest)) !== 'ok') slot.validations.delete(toHex(digest));
  }
  for (const slot of state.slots.values()) dropUnusedBodies(slot);
}

/** PRE-PREPAREs of this view that came before its NEW-VIEW. */
function takeEarly(ctx: Context, slot: Slot, primary: number): void {
  const early: PrePrepare | undefined = slot.early.get(primary);
  for (const [replica, message] of slot.early) if (message.view <= ctx.state.view) slot.early.delete(replica);
  if (early !== undefined && early.view === ctx.state.view) acceptPrePrepare(ctx, slot, early);
}
