import { equalBytes, toHex } from '@medveil/encoding';
import { bodyOf, cancelTimer, type Context, persist, replicaCount, send, setTimer, signed } from './context.js';
import { ACCEPT, ignore, reject, type Verdict } from './faults.js';
import type { Input } from './inputs.js';
import type { Fetch, Fetched, FetchProposal, Proposal } from './messages.js';
import { onStableCertificate } from './on-checkpoint.js';
import { adoptCertificate } from './on-commit.js';
import { faultsTolerated, type ReplicaId } from './replica-set.js';
import { certifiedSequence, type FetchState, type Slot, slotAt } from './state.js';

/** What a peer claims to have; a claim that it cannot show is taken back. */
export function learnHead(ctx: Context, from: ReplicaId, head: number): void {
  const peer = ctx.state.peers[from];
  if (peer !== undefined) peer.head = head;
  boundQuiet(ctx);
}

/**
 * A wiped replica has voted at most one above the last block it had, and 2f others sent COMMIT for that one, so of any
 * 2f others one that is correct has delivered the block before it. Once no claim of 2f others is above what is delivered
 * here, the last vote of the former life was on delivered + 2 at most.
 */
function boundQuiet(ctx: Context): void {
  const { state, config } = ctx;
  if (state.quiet === null || state.quiet.until !== null) return;
  const heard = state.peers.filter((peer, replica) => replica !== config.replica && peer.head >= 0);
  const met = heard.length >= 2 * faultsTolerated(replicaCount(ctx)) && heard.every((peer) => peer.head <= state.delivered.sequence);
  if (!met || certifiedSequence(state) > state.delivered.sequence) return;
  state.quiet = { until: state.delivered.sequence + 2 };
  persist(ctx, { type: 'recovering', quietUntil: state.quiet.until });
}

/** Asks one peer for the one thing that holds this replica up: certified blocks first, else the body of the proposal in agreement. */
export function tryFetch(ctx: Context): void {
  const { state, config } = ctx;
  if (state.fetch !== null) {
    if (!isAnswered(ctx, state.fetch)) return;
    stopFetching(ctx);
  }
  if (state.diverged) return;
  const from = state.delivered.sequence + 1;
  const missing = missingProposal(ctx);
  const blocksFrom = (peer: ReplicaId): FetchState => ({ kind: 'blocks', peer, from });
  if (missing !== null) {
    // Who has delivered the block hands it out with its certificate; who has only prepared it, the body.
    const { sequence, digest } = missing;
    ask(ctx, (peer) => (headOf(ctx, peer) >= from ? blocksFrom(peer) : { kind: 'proposal', peer, sequence, digest }), everyPeer(ctx));
  } else if (state.delivered.sequence - state.executed.sequence < config.maxUnexecuted && lags(ctx)) {
    ask(ctx, blocksFrom, peersAbove(ctx, from));
  }
}

const headOf = (ctx: Context, peer: ReplicaId): number => ctx.state.peers[peer]?.head ?? -1;

/** The question has lost its point: what it asked for is here, or the agreement went another way. */
function isAnswered(ctx: Context, fetch: FetchState): boolean {
  if (fetch.kind === 'blocks') return fetch.from <= ctx.state.delivered.sequence;
  const missing = missingProposal(ctx);
  return missing === null || missing.sequence !== fetch.sequence || !equalBytes(missing.digest, fetch.digest);
}

/** A certificate without its block, or a peer ahead: by two blocks, or by one that did not come since the last tick. */
function lags(ctx: Context): boolean {
  const { state, config } = ctx;
  const { sequence } = state.delivered;
  if (certifiedSequence(state) > sequence && needsBlock(state.slots.get(sequence + 1))) return true;
  const stuck = state.deliveredAtTick === sequence || state.quiet !== null;
  return state.peers.some((peer, replica) => replica !== config.replica && (peer.head >= sequence + 2 || (stuck && peer.head > sequence)));
}

const needsBlock = (slot: Slot | undefined): boolean =>
  slot === undefined || slot.certificate === null || bodyOf(slot, slot.certificate.digest) === undefined;

/** The next block, certified or else accepted, where only its digest is here. */
function missingProposal({ state }: Context): { readonly sequence: number; readonly digest: Uint8Array } | null {
  const slot = state.slots.get(state.delivered.sequence + 1);
  if (slot === undefined) return null;
  const inAgreement = state.active && slot.accepted?.view === state.view ? slot.accepted : null;
  const wanted = slot.certificate ?? inAgreement;
  return wanted === null || bodyOf(slot, wanted.digest) !== undefined ? null : { sequence: slot.sequence, digest: wanted.digest };
}

/** Who claims the block; with a certificate but no such claim, anybody may have it. */
function peersAbove(ctx: Context, sequence: number): ReplicaId[] {
  const above = everyPeer(ctx).filter((replica) => headOf(ctx, replica) >= sequence);
  return above.length > 0 ? above : everyPeer(ctx);
}

const everyPeer = (ctx: Context): ReplicaId[] => ctx.state.peers.map((_, replica) => replica).filter((replica) => replica !== ctx.config.replica);

/** In turn: whoever did not answer is asked again last. */
function ask(ctx: Context, question: (peer: ReplicaId) => FetchState, candidates: readonly ReplicaId[]): void {
  const { state, config } = ctx;
  const peer = candidates.find((replica) => replica > state.lastAsked) ?? candidates[0];
  if (peer === undefined) return;
  const fetch = question(peer);
  state.lastAsked = peer;
  state.fetch = fetch;
  if (fetch.kind === 'blocks') {
    send(ctx, peer, signed<Fetch>(ctx, { type: 'fetch', from: fetch.from, until: fetch.from + config.maxFetchedBlocks - 1 }));
  } else {
    send(ctx, peer, signed<FetchProposal>(ctx, { type: 'fetch-proposal', sequence: fetch.sequence, digest: fetch.digest }));
  }
  setTimer(ctx, 'fetch', config.fetchTimeoutMs);
}

export function stopFetching(ctx: Context): void {
  ctx.state.fetch = null;
  cancelTimer(ctx, 'fetch');
}

/** A peer wants blocks: the ledger reads them, one reading per peer at a time. */
export function onFetch(ctx: Context, message: Fetch): Verdict {
  const { state, config } = ctx;
  const peer = state.peers[message.replica];
  if (peer === undefined) return reject('unknown-replica');
  if (peer.serving) return ignore('busy');
  if (message.from < 1 || message.from > state.executed.sequence || message.until < message.from) return ignore('useless');
  peer.serving = true;
  const until = Math.min(message.until, message.from + config.maxFetchedBlocks - 1, state.executed.sequence);
  ctx.effects.push({ type: 'read-blocks', to: message.replica, from: message.from, until, maxBytes: config.maxProposalBytes });
  return ACCEPT;
}

export function onBlocksRead(ctx: Context, input: Extract<Input, { type: 'blocks' }>): void {
  const peer = ctx.state.peers[input.to];
  if (peer === undefined || !peer.serving) return;
  peer.serving = false;
  send(ctx, input.to, signed<Fetched>(ctx, { type: 'fetched', blocks: input.blocks, stable: ctx.state.stable }));
}

/** Certified blocks, certificates checked: each must be the next. They stand on 2f+1 COMMITs, not on the sender's word. */
export function onFetched(ctx: Context, message: Fetched): Verdict {
  const { state } = ctx;
  if (message.stable !== null) onStableCertificate(ctx, message.stable);
  if (message.blocks.length === 0) return ACCEPT;
  if (state.fetch?.kind !== 'blocks' || state.fetch.peer !== message.replica) return ignore('not-asked');
  // The answer to an earlier question may come late.
  if (message.blocks.every((block) => block.certificate.sequence <= state.delivered.sequence)) return ignore('old');
  if ((message.blocks[0]?.certificate.sequence ?? 0) > state.delivered.sequence + 1) return ignore('ahead');
  stopFetching(ctx);
  let next = { sequence: state.delivered.sequence + 1, digest: state.delivered.digest };
  for (const { proposal, certificate } of message.blocks) {
    if (certificate.sequence < next.sequence) continue;
    const identity = ctx.ports.proposals.identify(proposal);
    const fits =
      identity !== null &&
      identity.sequence === next.sequence &&
      certificate.sequence === next.sequence &&
      equalBytes(identity.digest, certificate.digest) &&
      (!ctx.rules.checkChain || equalBytes(identity.previousDigest, next.digest));
    if (!fits) return notShown(ctx, message.replica);
    const slot = slotAt(state, next.sequence);
    slot.certificate = certificate;
    slot.bodies.set(toHex(certificate.digest), proposal);
    adoptCertificate(ctx, certificate);
    next = { sequence: next.sequence + 1, digest: certificate.digest };
  }
  return ACCEPT;
}

/** It claimed blocks and showed others. */
function notShown(ctx: Context, replica: ReplicaId): Verdict {
  const peer = ctx.state.peers[replica];
  if (peer !== undefined) peer.head = Math.min(peer.head, ctx.state.delivered.sequence);
  return reject('bad-chain');
}

const PROPOSALS_PER_TICK = 4;

export function onFetchProposal(ctx: Context, message: FetchProposal): Verdict {
  const { state } = ctx;
  const peer = state.peers[message.replica];
  if (peer === undefined) return reject('unknown-replica');
  const slot = state.slots.get(message.sequence);
  const proposal = slot === undefined ? undefined : bodyOf(slot, message.digest);
  if (proposal === undefined) return ignore('useless');
  if (peer.repeats >= PROPOSALS_PER_TICK) return ignore('busy');
  peer.repeats += 1;
  send(ctx, message.replica, signed<Proposal>(ctx, { type: 'proposal', sequence: message.sequence, proposal }));
  return ACCEPT;
}

/** The body of the proposal in agreement: its digest says that it is the one. */
export function onProposal(ctx: Context, message: Proposal): Verdict {
  const missing = missingProposal(ctx);
  const slot = ctx.state.slots.get(message.sequence);
  if (missing === null || slot === undefined || missing.sequence !== message.sequence) return ignore('not-asked');
  if (message.proposal.length > ctx.config.maxProposalBytes) return reject('too-large');
  const identity = ctx.ports.proposals.identify(message.proposal);
  if (identity === null || identity.sequence !== message.sequence || !equalBytes(identity.digest, missing.digest)) return ignore('not-asked');
  const { accepted } = slot;
  const asSigned = accepted === null || !equalBytes(accepted.digest, missing.digest) || equalBytes(identity.previousDigest, accepted.previousDigest);
  if (!asSigned && slot.certificate === null) return ignore('useless');
  slot.bodies.set(toHex(missing.digest), message.proposal);
  return ACCEPT;
}
