import { toHex } from '@medveil/encoding';
import type { ReplicaConfig } from './config.js';
import type { Effect } from './effects.js';
import type { Evidence } from './evidence.js';
import type { TimerId } from './inputs.js';
import { encodeMessage } from './message-codec.js';
import type { Message, Statement } from './messages.js';
import { messagePayload } from './payloads.js';
import type { ReplicaPorts } from './ports.js';
import { NO_SEAT, primaryOf, type ReplicaId } from './replica-set.js';
import type { ProtocolRules } from './rules.js';
import type { ReplicaState, Slot } from './state.js';
import type { WalEntry } from './wal-entries.js';

/** What a protocol step works with: the replica's state, which it changes, and the effects, which it adds to. */
export interface Context {
  /** Changes where a step ends a configuration: `reconfigure`. */
  config: ReplicaConfig;
  readonly ports: ReplicaPorts;
  readonly rules: ProtocolRules;
  readonly state: ReplicaState;
  readonly effects: Effect[];
}

type Unsigned<M extends Statement> = M extends Statement ? Omit<M, 'epoch' | 'replica' | 'signature'> : never;

/** Signs as this replica, in the configuration in force. */
export function signed<M extends Statement>(ctx: Context, content: Unsigned<M>): M {
  const { chainId, epoch, replica } = ctx.config;
  const message = { ...content, epoch, replica, signature: new Uint8Array(0) } as unknown as M;
  return { ...message, signature: sign(ctx, messagePayload(chainId, message)) };
}

/** @returns nothing where this replica is no member: what it would say is not sent either */
export function sign(ctx: Context, payload: Uint8Array): Uint8Array {
  const key = ctx.config.replicaSet.publicKeys[ctx.config.replica];
  return (key === undefined ? null : ctx.ports.signerOf(key))?.sign(payload) ?? new Uint8Array(64);
}

export const broadcast = (ctx: Context, message: Statement): void => {
  if (isMember(ctx)) ctx.effects.push({ type: 'broadcast', kind: message.type, bytes: encodeMessage(message) });
};

export const send = (ctx: Context, to: ReplicaId, message: Statement): void => {
  const name = ctx.config.names[to];
  if (isMember(ctx) && name !== undefined) sendTo(ctx, name, message);
};

/** To whomever the transport knows by this name, member or not. */
export const sendTo = (ctx: Context, to: string, message: Message): void => {
  ctx.effects.push({ type: 'send', to, kind: message.type, bytes: encodeMessage(message) });
};

export const persist = (ctx: Context, ...entries: readonly WalEntry[]): void => {
  if (entries.length > 0) ctx.effects.push({ type: 'persist', entries });
};

export const accuse = (ctx: Context, evidence: Evidence): void => {
  ctx.effects.push({ type: 'evidence', evidence });
};

export function setTimer(ctx: Context, id: TimerId, delayMs: number): void {
  ctx.state.timers.add(id);
  ctx.effects.push({ type: 'set-timer', id, delayMs });
}

export function cancelTimer(ctx: Context, id: TimerId): void {
  if (ctx.state.timers.delete(id)) ctx.effects.push({ type: 'cancel-timer', id });
}

export const replicaCount = (ctx: Context): number => ctx.config.replicaSet.publicKeys.length;
export const currentPrimary = (ctx: Context): ReplicaId => primaryOf(ctx.state.view, replicaCount(ctx));
export const isPrimary = (ctx: Context): boolean => currentPrimary(ctx) === ctx.config.replica;

export const isMember = (ctx: Context): boolean => ctx.config.replica !== NO_SEAT;

/**
 * A replica that is no member, has lost its memory or has a state unlike the others' makes no promises; nor does one in a
 * configuration that, by its log, it had left already: what it promised there is forgotten.
 */
export const mayVote = (ctx: Context): boolean =>
  isMember(ctx) && ctx.state.quiet === null && !ctx.state.diverged && ctx.config.epoch >= ctx.state.promisedEpoch;

/** How long a leader may take: doubles with each view change, halves with each block. */
export const patienceMs = (ctx: Context): number => ctx.config.progressTimeoutMs * 2 ** ctx.state.backoff;

/** The body of a proposal, where it is here. */
export const bodyOf = (slot: Slot, digest: Uint8Array): Uint8Array | undefined => slot.bodies.get(toHex(digest));

/** h: the last stable checkpoint, or what the configuration began with, which a quorum of the one before had committed. */
export const lowWatermark = (ctx: Context): number => ctx.state.stable?.sequence ?? ctx.config.epoch - 1;

/** Watermarks: h < n ≤ h + L (Castro–Liskov 1999, 4.2). */
export const highWatermark = (ctx: Context): number => lowWatermark(ctx) + ctx.config.window;
