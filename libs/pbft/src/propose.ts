import { CodedError, equalBytes, toHex } from '@medveil/encoding';
import { broadcast, type Context, highWatermark, isPrimary, mayVote, persist, setTimer, signed } from './context.js';
import type { PbftErrorCode } from './errors.js';
import { blocksInFlight, endsRun, requestsInFlight } from './in-flight.js';
import type { Input } from './inputs.js';
import type { PrePrepare } from './messages.js';
import { logProposal } from './on-pre-prepare.js';
import { carried } from './outline.js';
import { selectRequests, settleRequests } from './pool.js';
import { certifiedSequence, slotAt } from './state.js';

/** Of a proposal's size: what the block adds around the transactions. */
const BLOCK_OVERHEAD_BYTES = 4_096;

/**
 * The leader asks its ledger for the next block where there is something to put into it: while fewer than `maxInFlight` are
 * in agreement, each on the one before it.
 */
export function tryPropose(ctx: Context): void {
  const { state, config } = ctx;
  if (!mayPropose(ctx)) return;
  const inFlight = blocksInFlight(ctx);
  const sequence = state.delivered.sequence + inFlight.length + 1;
  // What the NEW-VIEW proposes again comes first.
  if (inFlight.some(({ isBacked }) => !isBacked) || state.slots.get(sequence)?.accepted?.view === state.view) return;
  if (endsRun(ctx, inFlight.at(-1))) return;
  const previousDigest = inFlight.at(-1)?.digest ?? state.delivered.digest;
  if (inFlight.length >= config.maxInFlight || sequence > highWatermark(ctx)) return;
  const waiting = state.pool.waiting.size - inFlight.reduce((sum, { requestIds }) => sum + requestIds.length, 0);
  // A block that is due may be on its way already.
  const isDue = state.workDue && inFlight.length === 0;
  if ((waiting <= 0 && !isDue) || shouldWait(ctx, waiting, isDue)) return;
  state.batchReady = false;
  state.proposing = { view: state.view, sequence, previousDigest };
  ctx.effects.push({
    type: 'build-proposal',
    view: state.view,
    sequence,
    previousDigest,
    ancestors: inFlight.map(({ proposal }) => proposal),
    requests: selectRequests(state.pool, ctx.rules.skipInFlight ? requestsInFlight(inFlight) : new Set(), config.maxRequestsPerProposal, config.maxProposalBytes - BLOCK_OVERHEAD_BYTES),
    maxBytes: config.maxProposalBytes,
    evenIfEmpty: isDue,
  });
}

function mayPropose(ctx: Context): boolean {
  const { state } = ctx;
  return (
    state.active &&
    isPrimary(ctx) &&
    mayVote(ctx) &&
    state.proposing === null &&
    !state.nothingToPropose &&
    state.executed.sequence === state.delivered.sequence &&
    certifiedSequence(state) === state.delivered.sequence
  );
}

/** A short wait lets one agreement carry more requests; not when a block is due or full. */
function shouldWait(ctx: Context, waiting: number, isDue: boolean): boolean {
  const { state, config } = ctx;
  if (config.batchDelayMs === 0 || state.batchReady || isDue || waiting >= config.maxRequestsPerProposal) return false;
  if (!state.timers.has('batch')) setTimer(ctx, 'batch', config.batchDelayMs);
  return true;
}

/** PRE-PREPARE (Castro–Liskov 1999, 4.2): written, then sent. A proposal for a view that is over is dropped. */
export function onProposalBuilt(ctx: Context, input: Extract<Input, { type: 'proposal-built' }>): void {
  const { state } = ctx;
  settleRequests(state.pool, input.unusable);
  if (state.proposing === null || state.proposing.view !== input.view || state.proposing.sequence !== input.sequence) return;
  const { previousDigest } = state.proposing;
  state.proposing = null;
  if (input.proposal === null) {
    state.nothingToPropose = state.pool.waiting.size > 0 || state.workDue;
    return;
  }
  const identity = ctx.ports.proposals.identify(input.proposal);
  const follows = identity !== null && identity.sequence === input.sequence && equalBytes(identity.previousDigest, previousDigest);
  if (!follows || input.proposal.length > ctx.config.maxProposalBytes) {
    throw new CodedError<PbftErrorCode>('pbft/bad-input', 'the built proposal is not the next block', { sequence: input.sequence, bytes: input.proposal.length });
  }
  const slot = slotAt(state, input.sequence);
  const content = { type: 'pre-prepare', view: input.view, sequence: input.sequence, digest: identity.digest, previousDigest: identity.previousDigest } as const;
  const message = signed<PrePrepare>(ctx, { ...content, proposal: null, outline: null });
  slot.accepted = message;
  slot.reproposed = false;
  slot.votedIn = input.view;
  slot.bodies.set(toHex(identity.digest), input.proposal);
  slot.validations.set(toHex(identity.digest), 'ok');
  if (ctx.rules.persistPrePrepare) persist(ctx, ...logProposal(slot, identity.digest, input.proposal), { type: 'pre-prepare', prePrepare: message });
  broadcast(ctx, { ...message, ...carried(ctx, input.proposal) });
}
