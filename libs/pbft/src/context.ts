import { toHex } from '@medveil/encoding';
import type { ReplicaConfig } from './config.js';
import type { Effect } from './effects.js';
import type { Evidence } from './evidence.js';
import type { TimerId } from './inputs.js';
import { encodeMessage } from './message-codec.js';
import type { Message } from './messages.js';
import { messagePayload } from './payloads.js';
import type { ReplicaPorts } from './ports.js';
import { primaryOf, type ReplicaId } from './replica-set.js';
import type { ProtocolRules } from './rules.js';
import type { ReplicaState, Slot } from './state.js';
import type { WalEntry } from './wal-entries.js';

/** What a protocol step works with: the replica's state, which it changes, and the effects, which it adds to. */
export interface Context {
  readonly config: ReplicaConfig;
  readonly ports: ReplicaPorts;
  readonly rules: ProtocolRules;
  readonly state: ReplicaState;
  readonly effects: Effect[];
}

type Unsigned<M extends Message> = M extends Message ? Omit<M, 'replica' | 'signature'> : never;

/** Signs as this replica. */
export function signed<M extends Message>(ctx: Context, content: Unsigned<M>): M {
  const message = { ...content, replica: ctx.config.replica, signature: new Uint8Array(0) } as unknown as M;
  return { ...message, signature: ctx.ports.signer.sign(messagePayload(ctx.config.chainId, message)) };
}

export const broadcast = (ctx: Context, message: Message): void => {
  ctx.effects.push({ type: 'broadcast', kind: message.type, bytes: encodeMessage(message) });
};

export const send = (ctx: Context, to: ReplicaId, message: Message): void => {
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

/** A replica without its memory, or with a state unlike the others', makes no statements. */
export const mayVote = (ctx: Context): boolean => ctx.state.quiet === null && !ctx.state.diverged;

/** How long a leader may take: doubles with each view change, halves with each block. */
export const patienceMs = (ctx: Context): number => ctx.config.progressTimeoutMs * 2 ** ctx.state.backoff;

/** The body of a proposal, where it is here. */
export const bodyOf = (slot: Slot, digest: Uint8Array): Uint8Array | undefined => slot.bodies.get(toHex(digest));

/** Watermarks: h < n ≤ h + L (Castro–Liskov 1999, 4.2), h the last stable checkpoint. */
export const highWatermark = (ctx: Context): number => (ctx.state.stable?.sequence ?? 0) + ctx.config.window;
