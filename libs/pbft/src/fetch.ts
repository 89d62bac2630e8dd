import { equalBytes, toHex } from '@medveil/encoding';
import { bodyOf, cancelTimer, type Context, isMember, persist, replicaCount, send, sendTo, setTimer, signed } from './context.js';
import type { CertifiedProposal, CheckpointCertificate, CommitCertificate } from './certificates.js';
import { ACCEPT, ignore, reject, type Verdict } from './faults.js';
import type { Input } from './inputs.js';
import type { Fetch, Fetched, FetchProposal, Proposal } from './messages.js';
import { onStableCertificate } from './on-checkpoint.js';
import { adoptCertificate } from './on-commit.js';
import { awaitsRequests, onBodyWanted } from './outline.js';
import { faultsTolerated, type ReplicaId } from './replica-set.js';
import { certifiedSequence, type FetchState, type Slot, slotAt } from './state.js';
import { verifyCheckpointCertificate, verifyCommitCertificate } from './verify-certificates.js';

/** What a peer claims to have; a claim that it cannot show is taken back. */
export function learnHead(ctx: Context, from: ReplicaId, head: number): void {
  const peer = ctx.state.peers[from];
  if (peer !== undefined) peer.head = head;
  boundQuiet(ctx);
}

/**
 * A wiped replica has voted at most `maxInFlight` above the last block it had, and 2f others sent COMMIT for that one, having
 * delivered all up to `maxInFlight` below it; of any 2f others one is such a one and correct. Once no claim of 2f others is
 * above what is delivered here, the last vote of the former life was at most twice as far above.
 */
function boundQuiet(ctx: Context): void {
  const { state, config } = ctx;
  if (state.quiet === null || state.quiet.until !== null) return;
  const heard = state.peers.filter((peer, replica) => replica !== config.replica && peer.head >= 0);
  const met = heard.length >= 2 * faultsTolerated(replicaCount(ctx)) && heard.every((peer) => peer.head <= state.delivered.sequence);
  if (!met || certifiedSequence(state) > state.delivered.sequence) return;
  state.quiet = { until: state.delivered.sequence + 2 * config.maxInFlight };
  persist(ctx, { type: 'recovering', quietUntil: state.quiet.until });
}

/** Asks one peer for the one thing that holds this replica up most: certified blocks where it is far behind, else a body. */
export function tryFetch(ctx: Context): void {
  const { state, config } = ctx;
  if (state.fetch !== null) {
    if (!isAnswered(ctx, state.fetch)) return;
    stopFetching(ctx);
  }
  if (state.diverged) return;
  const from = state.delivered.sequence + 1;
  const missing = missingProposal(ctx);
  const isBehind = state.delivered.sequence - state.executed.sequence < config.maxUnexecuted && lags(ctx);
  const blocksFrom = (peer: string): FetchState => ({ kind: 'blocks', peer, from });
  const isNear = certifiedSequence(state) <= state.delivered.sequence + config.maxInFlight;
  if (missing !== null && (isNear || !isBehind)) {
    // Who has delivered the block hands it out with its certificate; who has only prepared it, the body.
    const { sequence, digest } = missing;
    const hasDelivered = (peer: string): boolean => headOf(ctx, peer) >= sequence || state.ahead.has(peer) || !isMember(ctx);
    ask(ctx, (peer) => (hasDelivered(peer) ? blocksFrom(peer) : { kind: 'proposal', peer, sequence, digest }), everyPeer(ctx), holderOf(ctx, sequence));
  } else if (isBehind) {
    ask(ctx, blocksFrom, peersAbove(ctx, from));
  }
}

const headOf = ({ state, config }: Context, peer: string): number => state.peers[config.names.indexOf(peer)]?.head ?? -1;

/** The question has lost its point: what it asked for is here, or the agreement went another way. */
function isAnswered(ctx: Context, fetch: FetchState): boolean {
  if (fetch.kind === 'blocks') return fetch.from <= ctx.state.delivered.sequence;
  const wanted = wantedBody(ctx, fetch.sequence);
  return wanted === null || !equalBytes(wanted, fetch.digest);
}

/**
 * A certificate without its block, or a peer ahead: in a later configuration, by two blocks, or by one that did not come since
 * the last tick. Who is no member is not told, and asks.
 */
function lags(ctx: Context): boolean {
  const { state, config } = ctx;
  const { sequence } = state.delivered;
  if (certifiedSequence(state) > sequence && needsBlock(state.slots.get(sequence + 1))) return true;
  const stuck = state.deliveredAtTick === sequence || state.quiet !== null;
  if (state.ahead.size > 0 || (stuck && !isMember(ctx))) return true;
  return state.peers.some((peer, replica) => replica !== config.replica && (peer.head >= sequence + 2 || (stuck && peer.head > sequence)));
}

const needsBlock = (slot: Slot | undefined): boolean =>
  slot === undefined || slot.certificate === null || (bodyOf(slot, slot.certificate.digest) === undefined && !awaitsRequests(slot, slot.certificate.digest));

/** The first block in agreement of which only the digest is here. */
function missingProposal(ctx: Context): { readonly sequence: number; readonly digest: Uint8Array } | null {
  const { sequence: delivered } = ctx.state.delivered;
  for (let sequence = delivered + 1; sequence <= delivered + ctx.config.maxInFlight; sequence += 1) {
    const digest = wantedBody(ctx, sequence);
    if (digest !== null) return { sequence, digest };
  }
  return null;
}

/** The digest of what is certified, final or else accepted at a sequence number, where its body is not here. */
function wantedBody({ state }: Context, sequence: number): Uint8Array | null {
  const slot = state.slots.get(sequence);
  if (slot === undefined) return null;
  const inAgreement = state.active && slot.accepted?.view === state.view ? slot.accepted : null;
  const wanted = slot.certificate?.digest ?? slot.final ?? inAgreement?.digest ?? null;
  return wanted === null || bodyOf(slot, wanted) !== undefined || awaitsRequests(slot, wanted) ? null : wanted;
}

/** Who claims the block; with a certificate but no such claim, anybody may have it. Who is no member hears no claims. */
function peersAbove(ctx: Context, sequence: number): string[] {
  const above = everyPeer(ctx).filter((peer) => headOf(ctx, peer) >= sequence || ctx.state.ahead.has(peer));
  return above.length > 0 && isMember(ctx) ? above : everyPeer(ctx);
}

/** The other members, in their order, then whoever speaks in a later configuration. */
function everyPeer({ state, config }: Context): string[] {
  const members = config.names.filter((name) => name !== config.name);
  return [...members, ...[...state.ahead].filter((name) => !members.includes(name) && name !== config.name)];
}

/**
 * Who has it if anybody correct has, where nobody has been asked yet: the leader that proposed it, or who reported it as prepared to
 * the leader of the current view. A wrong guess costs `fetchTimeoutMs`, of which a leader's patience has not many.
 */
function holderOf({ state, config }: Context, sequence: number): string | undefined {
  const slot = state.slots.get(sequence);
  if (slot === undefined || slot.asked || !state.active || slot.accepted?.view !== state.view) return undefined;
  const { digest, replica: leader } = slot.accepted;
  slot.asked = true;
  const reports = slot.reproposed ? (state.newView?.viewChanges ?? []) : [];
  const reported = reports.filter(({ prepared }) => prepared.some((certificate) => equalBytes(certificate.digest, digest)));
  const holders = slot.reproposed ? reported.map(({ replica }) => replica) : [leader];
  return holders.map((holder) => config.names[holder]).find((name) => name !== config.name);
}

/** In turn: whoever did not answer is asked again last. */
function ask(ctx: Context, question: (peer: string) => FetchState, candidates: readonly string[], first?: string): void {
  const { state, config } = ctx;
  const peer = first ?? candidates[(candidates.indexOf(state.lastAsked ?? '') + 1) % candidates.length];
  if (peer === undefined) return;
  const fetch = question(peer);
  state.lastAsked = peer;
  state.fetch = fetch;
  state.ahead.delete(peer);
  if (fetch.kind === 'blocks') {
    sendTo(ctx, peer, { type: 'fetch', from: fetch.from, until: fetch.from + config.maxFetchedBlocks - 1 });
  } else {
    send(ctx, config.names.indexOf(peer), signed<FetchProposal>(ctx, { type: 'fetch-proposal', sequence: fetch.sequence, digest: fetch.digest }));
  }
  setTimer(ctx, 'fetch', config.fetchTimeoutMs);
}

export function stopFetching(ctx: Context): void {
  ctx.state.fetch = null;
  cancelTimer(ctx, 'fetch');
}

/** For how many at once, members or not. */
const MAX_SERVED = 64;

/** Somebody wants blocks: the ledger reads them, one reading per peer at a time. */
export function onFetch(ctx: Context, from: string, message: Fetch): Verdict {
  const { state, config } = ctx;
  if (state.serving.has(from) || state.serving.size >= MAX_SERVED) return ignore('busy');
  if (message.from < 1 || message.from > state.executed.sequence || message.until < message.from) return ignore('useless');
  state.serving.add(from);
  const until = Math.min(message.until, message.from + config.maxFetchedBlocks - 1, state.executed.sequence);
  ctx.effects.push({ type: 'read-blocks', to: from, from: message.from, until, maxBytes: config.maxProposalBytes });
  return ACCEPT;
}

export function onBlocksRead(ctx: Context, input: Extract<Input, { type: 'blocks' }>): void {
  if (ctx.state.serving.delete(input.to)) sendTo(ctx, input.to, { type: 'fetched', blocks: input.blocks, stable: ctx.state.stable });
}

/**
 * Certified blocks: each must be the next. They stand on 2f+1 COMMITs of the configuration in force, not on the sender's word.
 * What a later configuration committed is asked for again once it is in force here.
 */
export function onFetched(ctx: Context, from: string, message: Fetched): Verdict {
  const { state, config, rules } = ctx;
  if (message.stable !== null && !takeStable(ctx, message.stable)) return reject('bad-certificate');
  if (message.blocks.length === 0) return ACCEPT;
  if (state.fetch?.peer !== from) return ignore('not-asked');
  // The answer to an earlier question may come late.
  if (message.blocks.every((block) => block.certificate.sequence <= state.delivered.sequence)) return ignore('old');
  if ((message.blocks[0]?.certificate.sequence ?? 0) > state.delivered.sequence + 1) return ignore('ahead');
  const isOurs = ({ certificate }: CertifiedProposal): boolean => certificate.epoch === config.epoch || !rules.checkCertificateEpoch;
  const firstNew = message.blocks.find(({ certificate }) => certificate.sequence > state.delivered.sequence);
  if (firstNew !== undefined && !isOurs(firstNew)) return ignore('other-configuration');
  stopFetching(ctx);
  let next = { sequence: state.delivered.sequence + 1, digest: state.delivered.digest };
  for (const block of message.blocks) {
    const { proposal, certificate } = block;
    if (certificate.sequence < next.sequence) continue;
    if (!isOurs(block)) break;
    const identity = ctx.ports.proposals.identify(proposal);
    const fits =
      identity !== null &&
      identity.sequence === next.sequence &&
      certificate.sequence === next.sequence &&
      equalBytes(identity.digest, certificate.digest) &&
      (!rules.checkChain || equalBytes(identity.previousDigest, next.digest));
    if (!fits) return notShown(ctx, from, 'bad-chain');
    if (!isCommitted(ctx, certificate)) return notShown(ctx, from, 'bad-certificate');
    const slot = slotAt(state, next.sequence);
    slot.certificate = certificate;
    slot.bodies.set(toHex(certificate.digest), proposal);
    adoptCertificate(ctx, certificate);
    next = { sequence: next.sequence + 1, digest: certificate.digest };
  }
  return ACCEPT;
}

const isCommitted = ({ config, ports, rules }: Context, certificate: CommitCertificate): boolean =>
  !rules.checkCommitCertificates || verifyCommitCertificate(certificate, config.replicaSet, config.chainId, ports.verifier);

/** @returns false for one that a quorum of this configuration did not sign; those of others are passed over */
function takeStable(ctx: Context, certificate: CheckpointCertificate): boolean {
  const { config, ports, rules } = ctx;
  if (certificate.epoch !== config.epoch) return true;
  if (rules.checkCommitCertificates && !verifyCheckpointCertificate(certificate, config.replicaSet, config.chainId, ports.verifier)) return false;
  onStableCertificate(ctx, certificate);
  return true;
}

/** It claimed blocks and showed others. */
function notShown(ctx: Context, from: string, code: 'bad-certificate' | 'bad-chain'): Verdict {
  const peer = ctx.state.peers[ctx.config.names.indexOf(from)];
  if (peer !== undefined) peer.head = Math.min(peer.head, ctx.state.delivered.sequence);
  return reject(code);
}

const PROPOSALS_PER_TICK = 4;

export function onFetchProposal(ctx: Context, message: FetchProposal): Verdict {
  const { state } = ctx;
  const peer = state.peers[message.replica];
  if (peer === undefined) return reject('unknown-replica');
  // Delivered meanwhile: the block, with its certificate.
  if (message.sequence <= state.executed.sequence) {
    return onFetch(ctx, ctx.config.names[message.replica] ?? '', { type: 'fetch', from: message.sequence, until: message.sequence });
  }
  const slot = state.slots.get(message.sequence);
  const proposal = slot === undefined ? undefined : bodyOf(slot, message.digest);
  if (slot === undefined || proposal === undefined) return ignore('useless');
  if (peer.repeats >= PROPOSALS_PER_TICK) return ignore('busy');
  peer.repeats += 1;
  onBodyWanted(ctx, slot);
  send(ctx, message.replica, signed<Proposal>(ctx, { type: 'proposal', sequence: message.sequence, proposal }));
  return ACCEPT;
}

/** The body of the proposal in agreement: its digest says that it is the one. */
export function onProposal(ctx: Context, message: Proposal): Verdict {
  const wanted = wantedBody(ctx, message.sequence);
  const slot = ctx.state.slots.get(message.sequence);
  if (wanted === null || slot === undefined) return ignore('not-asked');
  if (message.proposal.length > ctx.config.maxProposalBytes) return reject('too-large');
  const identity = ctx.ports.proposals.identify(message.proposal);
  if (identity === null || identity.sequence !== message.sequence || (ctx.rules.checkBodies && !equalBytes(identity.digest, wanted))) return ignore('not-asked');
  const { accepted } = slot;
  const asSigned = accepted === null || !equalBytes(accepted.digest, wanted) || equalBytes(identity.previousDigest, accepted.previousDigest);
  if (!asSigned && slot.certificate === null && slot.final === null) return ignore('useless');
  slot.bodies.set(toHex(wanted), message.proposal);
  return ACCEPT;
}
