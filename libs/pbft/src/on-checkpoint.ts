import { equalBytes } from '@medveil/encoding';
import type { CheckpointCertificate } from './certificates.js';
import { accuse, broadcast, type Context, mayVote, replicaCount, signed } from './context.js';
import { NO_DIGEST } from './evidence.js';
import { ACCEPT, ignore, reject, type Verdict } from './faults.js';
import { logSnapshot } from './log-snapshot.js';
import type { Checkpoint } from './messages.js';
import { quorumSize } from './replica-set.js';

/** Says what the state is after every K-th block (Castro–Liskov 1999, 4.3). */
export function takeCheckpoint(ctx: Context): void {
  const { state, config } = ctx;
  const { sequence, stateDigest } = state.executed;
  if (sequence % config.checkpointInterval === 0 && sequence > 0) {
    state.ownCheckpoints.set(sequence, stateDigest);
    if (mayVote(ctx)) repeatCheckpoint(ctx);
  }
  settleCheckpoints(ctx);
}

/** Sends the latest own CHECKPOINT that is not stable yet. */
export function repeatCheckpoint(ctx: Context): void {
  const latest = Math.max(0, ...ctx.state.ownCheckpoints.keys());
  const stateDigest = ctx.state.ownCheckpoints.get(latest);
  if (stateDigest === undefined || !mayVote(ctx)) return;
  const message = signed<Checkpoint>(ctx, { type: 'checkpoint', sequence: latest, stateDigest });
  ctx.state.checkpoints.set(ctx.config.replica, message);
  broadcast(ctx, message);
}

/** A CHECKPOINT whose signature is checked; the latest of each replica is kept. */
export function onCheckpoint(ctx: Context, message: Checkpoint): Verdict {
  const { state } = ctx;
  const known = state.checkpoints.get(message.replica);
  if (known !== undefined && known.sequence === message.sequence && !equalBytes(known.stateDigest, message.stateDigest)) {
    return contradicted(ctx, known, message);
  }
  if (known !== undefined && known.sequence >= message.sequence) return ignore('old');
  if (message.sequence <= (state.stable?.sequence ?? 0)) return ignore('old');
  state.checkpoints.set(message.replica, message);
  settleCheckpoints(ctx);
  return ACCEPT;
}

function contradicted(ctx: Context, known: Checkpoint, message: Checkpoint): Verdict {
  accuse(ctx, {
    kind: 'checkpoint',
    epoch: message.epoch,
    replica: message.replica,
    view: 0,
    sequence: message.sequence,
    first: { about: known.stateDigest, previousDigest: NO_DIGEST, signature: known.signature },
    second: { about: message.stateDigest, previousDigest: NO_DIGEST, signature: message.signature },
  });
  return reject('equivocation');
}

/** A quorum for one digest is the proof; it becomes this replica's low watermark once its own state is at least there. */
function settleCheckpoints(ctx: Context): void {
  const { state } = ctx;
  for (const { sequence, stateDigest } of state.checkpoints.values()) {
    if (sequence <= Math.max(state.stable?.sequence ?? 0, state.nextStable?.sequence ?? 0)) continue;
    const votes = [...state.checkpoints.values()].filter((vote) => vote.sequence === sequence && equalBytes(vote.stateDigest, stateDigest));
    if (votes.length < quorumSize(replicaCount(ctx))) continue;
    const signatures = votes.map(({ replica, signature }) => ({ replica, signature })).toSorted((a, b) => a.replica - b.replica);
    state.nextStable = { epoch: ctx.config.epoch, sequence, stateDigest, signatures };
  }
  adoptStable(ctx);
}

/** A certificate that a peer handed over, already checked. */
export function onStableCertificate(ctx: Context, certificate: CheckpointCertificate): void {
  const { state } = ctx;
  if (certificate.epoch !== ctx.config.epoch || certificate.sequence <= Math.max(state.stable?.sequence ?? 0, state.nextStable?.sequence ?? 0)) return;
  state.nextStable = certificate;
  adoptStable(ctx);
}

/** Moves the low watermark, forgets older checkpoints, and lets the log begin anew (Castro–Liskov 1999, 4.3). */
function adoptStable(ctx: Context): void {
  const { state, config } = ctx;
  const next = state.nextStable;
  if (next === null || next.sequence > state.executed.sequence) return;
  const own = state.ownCheckpoints.get(next.sequence);
  state.nextStable = null;
  if (own !== undefined && !equalBytes(own, next.stateDigest)) {
    state.diverged = true;
    ctx.effects.push({ type: 'diverged', sequence: next.sequence, expected: next.stateDigest, actual: own });
    return;
  }
  state.stable = next;
  for (const sequence of state.ownCheckpoints.keys()) if (sequence <= next.sequence) state.ownCheckpoints.delete(sequence);
  for (const [replica, checkpoint] of state.checkpoints) {
    if (checkpoint.sequence < next.sequence || (checkpoint.sequence === next.sequence && replica === config.replica)) state.checkpoints.delete(replica);
  }
  ctx.effects.push({ type: 'compact-log', entries: logSnapshot(ctx) });
}
