import { equalBytes, toHex } from '@medveil/encoding';
import { bodyOf, type Context, setTimer } from './context.js';
import type { PrePrepare } from './messages.js';
import type { Peer, ReplicaState, Slot } from './state.js';

/**
 * PRE-PREPARE by digest (TOCS 2002, 5.1: requests are transmitted apart). Requests reach every replica once, from who took them
 * in; a proposal names them by their digests, in an outline that the digest agreed on binds. The body is put together here. What is
 * still missing after a short wait is asked for as a whole, from one peer after the other (fetch.ts).
 */

/** Of a peer's requests that the shell may still be checking, or has refused: so many, and so many bytes, are kept for bodies. */
const RECENT_REQUESTS = 4_096;
const RECENT_BYTES = 4 * 1024 * 1024;
/** So many proposals carry their bodies after somebody had to ask for one. */
const WHOLE_AFTER_QUESTION = 8;

/** A body may need requests that the shell has not checked: whether they are signed, their execution says. */
export function rememberRequests(ctx: Context, peer: Peer, requests: readonly Uint8Array[]): void {
  for (const bytes of requests) {
    const id = ctx.ports.proposals.requestIdOf(bytes);
    if (ctx.state.pool.waiting.has(id) || ctx.state.pool.settled.has(id) || peer.recent.has(id)) continue;
    peer.recent.set(id, bytes);
    peer.recentBytes += bytes.length;
    ctx.state.arrivals += 1;
  }
  for (const [id, { length }] of peer.recent) {
    if (peer.recent.size <= RECENT_REQUESTS && peer.recentBytes <= RECENT_BYTES) return;
    peer.recent.delete(id);
    peer.recentBytes -= length;
  }
}

/** What the leader sends of a proposal: its outline, or all of it for a while after somebody lacked a part. */
export function carried(ctx: Context, proposal: Uint8Array): Pick<PrePrepare, 'outline' | 'proposal'> {
  const { state, ports } = ctx;
  if (state.wholeProposals === 0) return { proposal: null, outline: ports.proposals.outline(proposal) };
  state.wholeProposals -= 1;
  return { proposal, outline: null };
}

/** Somebody asks this replica for a body that it has proposed itself. */
export function onBodyWanted({ state, config }: Context, { accepted }: Slot): void {
  if (accepted?.replica === config.replica && accepted.view === state.view) state.wholeProposals = WHOLE_AFTER_QUESTION;
}

/** The outline's own digest, sequence and predecessor are those that were signed; they bind the requests that it names. */
export function outlineIsItsOwn(ctx: Context, message: PrePrepare, outline: Uint8Array): boolean {
  if (outline.length > ctx.config.maxProposalBytes) return false;
  const read = ctx.ports.proposals.readOutline(outline);
  return (
    read !== null &&
    read.sequence === message.sequence &&
    equalBytes(read.digest, message.digest) &&
    equalBytes(read.previousDigest, message.previousDigest)
  );
}

/** @returns whether it is news */
export function takeOutline(slot: Slot, digest: Uint8Array, outline: Uint8Array): boolean {
  if (bodyOf(slot, digest) !== undefined || (slot.outline !== null && equalBytes(slot.outline.digest, digest))) return false;
  slot.outline = { digest, bytes: outline, lookedAt: -1, isOverdue: false };
  return true;
}

/** Puts together what has become complete. */
export function assembleBodies(ctx: Context): void {
  const { state, config } = ctx;
  for (const slot of state.slots.values()) {
    const { outline } = slot;
    if (outline === null) continue;
    if (bodyOf(slot, outline.digest) !== undefined || !isWanted(slot, outline.digest)) {
      slot.outline = null;
    } else if (outline.lookedAt !== state.arrivals) {
      outline.lookedAt = state.arrivals;
      assemble(ctx, slot, outline.digest, outline.bytes);
      if (slot.outline !== null && !outline.isOverdue && !state.timers.has('assembly')) setTimer(ctx, 'assembly', config.assemblyTimeoutMs);
    }
  }
}

const isWanted = ({ accepted, certificate, final }: Slot, digest: Uint8Array): boolean =>
  [accepted?.digest, certificate?.digest, final].some((wanted) => wanted != null && equalBytes(wanted, digest));

function assemble(ctx: Context, slot: Slot, digest: Uint8Array, bytes: Uint8Array): void {
  const { ports, rules } = ctx;
  const requests: Uint8Array[] = [];
  for (const id of ports.proposals.readOutline(bytes)?.requestIds ?? []) {
    const request = requestOf(ctx.state, id);
    if (request === undefined) return;
    requests.push(request);
  }
  slot.outline = null;
  const proposal = ports.proposals.assemble(bytes, requests);
  if (proposal === null || proposal.length > ctx.config.maxProposalBytes) return;
  const identity = ports.proposals.identify(proposal);
  if (!rules.checkBodies || (identity !== null && equalBytes(identity.digest, digest))) slot.bodies.set(toHex(digest), proposal);
}

function requestOf({ pool, peers }: ReplicaState, id: string): Uint8Array | undefined {
  const waiting = pool.waiting.get(id);
  if (waiting !== undefined) return waiting.request.bytes;
  for (const { recent } of peers) {
    const request = recent.get(id);
    if (request !== undefined) return request;
  }
  return undefined;
}

/** The requests of a body may still be on their way here: it is not asked for yet. */
export const awaitsRequests = ({ outline }: Slot, digest: Uint8Array): boolean =>
  outline !== null && !outline.isOverdue && equalBytes(outline.digest, digest);

export function onAssemblyTimeout({ state }: Context): void {
  for (const { outline } of state.slots.values()) if (outline !== null) outline.isOverdue = true;
}
