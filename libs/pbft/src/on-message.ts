import type { Context } from './context.js';
import { ignore, reject, type Verdict } from './faults.js';
import { onFetch, onFetched, onFetchProposal, onProposal } from './fetch.js';
import { decodeMessage } from './message-codec.js';
import type { Message } from './messages.js';
import { onNewView } from './new-view.js';
import { onCheckpoint } from './on-checkpoint.js';
import { onCommit } from './on-commit.js';
import { onPrepare } from './on-prepare.js';
import { onPrePrepare } from './on-pre-prepare.js';
import { onRequestMessage } from './on-requests.js';
import { onStatus } from './on-status.js';
import { screen } from './screen.js';
import { judgeMessage } from './verify-message.js';
import { onViewChange } from './view-change.js';

/** Beside two proposals: certificates, and a NEW-VIEW of the largest replica set. */
const MESSAGE_OVERHEAD_BYTES = 1_048_576;

export const maxMessageBytes = (maxProposalBytes: number): number => 2 * maxProposalBytes + MESSAGE_OVERHEAD_BYTES;

/** A message that the shell has verified. */
export function onVerifiedMessage(ctx: Context, from: string, message: Message): void {
  const screened = screen(ctx, from, message);
  if (screened.kind === 'accept') carryOut(ctx, from, message);
  else count(ctx, from, screened);
}

/** Bytes from a peer: decoded, screened, verified, carried out; what is wrong with them is counted to the peer. */
export function onMessageBytes(ctx: Context, from: string, bytes: Uint8Array): void {
  if (bytes.length > maxMessageBytes(ctx.config.maxProposalBytes)) return count(ctx, from, reject('too-large'));
  const message = decoded(bytes);
  if (message === null) return count(ctx, from, reject('bad-encoding'));
  const screened = screen(ctx, from, message);
  if (screened.kind !== 'accept') return count(ctx, from, screened);
  const { config, ports, rules } = ctx;
  const { chainId, epoch, replicaSet } = config;
  const judged = judgeMessage(message, { chainId, epoch, replicaSet, verifier: ports.verifier, rules });
  if (judged.kind !== 'accept') return count(ctx, from, judged);
  carryOut(ctx, from, message);
}

/** A contradiction is the signer's doing; what else is wrong with a signed message (a body put to it) may be the sender's. */
function carryOut(ctx: Context, from: string, message: Message): void {
  if ('replica' in message) ctx.state.spoke.add(message.replica);
  const verdict = dispatch(ctx, from, message);
  const signer = verdict.kind === 'reject' && verdict.code === 'equivocation' && 'replica' in message ? ctx.config.names[message.replica] : undefined;
  count(ctx, signer ?? from, verdict);
}

function decoded(bytes: Uint8Array): Message | null {
  try {
    return decodeMessage(bytes);
  } catch {
    return null;
  }
}

function dispatch(ctx: Context, from: string, message: Message): Verdict {
  if (ctx.state.diverged) return ignore('useless');
  switch (message.type) {
    case 'request':
      return onRequestMessage(ctx, from, message);
    case 'pre-prepare':
      return onPrePrepare(ctx, message);
    case 'prepare':
      return onPrepare(ctx, message);
    case 'commit':
      return onCommit(ctx, message);
    case 'checkpoint':
      return onCheckpoint(ctx, message);
    case 'view-change':
      return onViewChange(ctx, message);
    case 'new-view':
      return onNewView(ctx, message);
    case 'status':
      return onStatus(ctx, message);
    case 'fetch':
      return onFetch(ctx, from, message);
    case 'fetched':
      return onFetched(ctx, from, message);
    case 'fetch-proposal':
      return onFetchProposal(ctx, message);
    case 'proposal':
    default:
      return onProposal(ctx, message);
  }
}

const MAX_COUNTED = 256;

function count({ state, config }: Context, from: string, verdict: Verdict): void {
  if (verdict.kind === 'accept') return;
  const counts = state.dropped.get(from) ?? {};
  if (state.dropped.size >= MAX_COUNTED && !state.dropped.has(from) && !config.names.includes(from)) return;
  state.dropped.set(from, counts);
  const name = `${verdict.kind}/${verdict.code}`;
  counts[name] = (counts[name] ?? 0) + 1;
}
