import { equalBytes, toHex } from '@medveil/encoding';
import type { CommitCertificate } from './certificates.js';
import { bodyOf, type Context, replicaCount } from './context.js';
import { ignore, type Verdict } from './faults.js';
import { contentOf } from './in-flight.js';
import type { Commit } from './messages.js';
import { certifiedSequence, type Slot, slotAt } from './state.js';
import { addVote, matching } from './votes.js';

/** A COMMIT whose signature is checked (Castro–Liskov 1999, 4.2). COMMITs of any view count: a certificate is for ever. */
export function onCommit(ctx: Context, message: Commit): Verdict {
  const { delivered } = ctx.state;
  if (message.sequence <= delivered.sequence) return ignore('old');
  if (message.sequence > delivered.sequence + ctx.config.maxAhead) return ignore('ahead');
  return addVote(ctx, slotAt(ctx.state, message.sequence).commits, message);
}

/**
 * committed-local: 2f+1 matching COMMITs. Once this replica has prepared, its own is one of them; a replica that missed
 * the PREPAREs holds the others' certificate all the same and needs only the body.
 * @returns true where a certificate is new
 */
export function collectCertificates(ctx: Context): boolean {
  let news = false;
  for (const slot of ctx.state.slots.values()) {
    if (slot.certificate !== null) continue;
    slot.certificate = certificateFrom(ctx, slot);
    if (slot.certificate === null) continue;
    adoptCertificate(ctx, slot.certificate);
    news = true;
  }
  return news;
}

function certificateFrom(ctx: Context, slot: Slot): CommitCertificate | null {
  const needed = ctx.rules.commitQuorum(replicaCount(ctx));
  if (slot.commits.length < needed) return null;
  for (const { view, sequence, digest } of slot.commits) {
    const signatures = matching(ctx, slot.commits, { view, sequence, digest });
    if (signatures.length >= needed) return { epoch: ctx.config.epoch, view, sequence, digest, signatures: signatures.slice(0, needed) };
  }
  return null;
}

/** Remembers the highest certificate: it is the base of view changes and says up to where to catch up. */
export function adoptCertificate(ctx: Context, certificate: CommitCertificate): void {
  if (certificate.sequence > certifiedSequence(ctx.state)) ctx.state.certified = certificate;
}

/**
 * Hands the next block to the ledger once its certificate and its body are here and the executor keeps up. The ledger keeps the certificate
 * with the block, in one: the log need not have it, and nobody waits for its disk a second time. What a crash before that forgets was
 * prepared by a quorum, whose logs hold it.
 * @returns true where a block was delivered
 */
export function tryDeliver(ctx: Context): boolean {
  const { state, config } = ctx;
  const slot = state.slots.get(state.delivered.sequence + 1);
  const certificate = slot?.certificate ?? null;
  if (slot === undefined || certificate === null || state.diverged) return false;
  const proposal = bodyOf(slot, certificate.digest);
  if (proposal === undefined || state.delivered.sequence - state.executed.sequence >= config.maxUnexecuted) return false;
  const identity = ctx.ports.proposals.identify(proposal);
  if (ctx.rules.checkChain && (identity === null || !equalBytes(identity.previousDigest, state.delivered.digest))) return brokenChain(ctx, slot);
  if (certificate.view === state.view && state.active) state.backoff = Math.max(0, state.backoff - 1);
  if (state.certified === null || certificate.sequence >= state.certified.sequence) state.certified = certificate;
  state.delivered = { sequence: slot.sequence, digest: certificate.digest };
  if (contentOf(ctx, slot, certificate.digest, proposal).isLast) state.lastOfConfiguration = slot.sequence;
  state.slots.delete(slot.sequence);
  // A proposal of its own that is still being built comes too late.
  if (state.proposing !== null && state.proposing.sequence <= slot.sequence) state.proposing = null;
  ctx.effects.push({ type: 'deliver', sequence: slot.sequence, digest: certificate.digest, proposal, certificate });
  return true;
}

/** A quorum committed what does not follow on this replica's last block: its own chain is not the others'. */
function brokenChain(ctx: Context, slot: Slot): boolean {
  ctx.state.diverged = true;
  const expected = slot.certificate?.digest ?? new Uint8Array(32);
  ctx.effects.push({ type: 'diverged', sequence: slot.sequence, expected, actual: ctx.state.delivered.digest });
  return false;
}

/** Keeps only the bodies that a certificate, an acceptance or a promise still needs. */
export function dropUnusedBodies(slot: Slot): void {
  const used = new Set([slot.accepted?.digest, slot.prepared?.digest, slot.certificate?.digest, slot.final].flatMap((digest) => (digest == null ? [] : [toHex(digest)])));
  for (const name of slot.bodies.keys()) {
    if (used.has(name)) continue;
    slot.bodies.delete(name);
    slot.logged.delete(name);
    slot.contents.delete(name);
  }
}
