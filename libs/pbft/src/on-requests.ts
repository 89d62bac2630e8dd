import { type Context, broadcast, currentPrimary, send, signed } from './context.js';
import { ACCEPT, ignore, reject, type Verdict } from './faults.js';
import type { Input, PoolRequest } from './inputs.js';
import type { Request } from './messages.js';
import { rememberRequests } from './outline.js';
import { addRequest, overdueRequests, settleRequests } from './pool.js';

const REPEATED_PER_TICK = 64;
const REQUESTS_PER_MESSAGE = 1_024;

/** Requests that the shell has checked. Those of own clients are passed on, so that all wait for the leader together; whoever finds no room is told. */
export function onRequests(ctx: Context, input: Extract<Input, { type: 'requests' }>): void {
  const { state, config } = ctx;
  const own = input.origin === 'client';
  const peer = input.origin === 'client' ? undefined : state.peers[input.origin];
  if (peer !== undefined) peer.unchecked = Math.max(0, peer.unchecked - 1);
  const outcomes = input.requests.map((request) => ({ request, outcome: addRequest(state.pool, request, own, config) }));
  const added = outcomes.flatMap(({ request, outcome }) => (outcome === 'added' ? [request] : []));
  const refused = outcomes.flatMap(({ request, outcome }) => (outcome === 'no-room' ? [request.id] : []));
  if (own && refused.length > 0) ctx.effects.push({ type: 'requests-refused', ids: refused });
  if (added.length === 0) return;
  state.arrivals += added.length;
  state.nothingToPropose = false;
  if (own) for (const message of requestMessages(ctx, added)) broadcast(ctx, message);
}

export function onRequestsDropped(ctx: Context, ids: readonly string[]): void {
  settleRequests(ctx.state.pool, ids);
}

/** Requests a peer passed on: the shell checks them. How many may be under check at once is limited per peer. */
export function onRequestMessage(ctx: Context, sender: string, message: Request): Verdict {
  const from = ctx.config.names.indexOf(sender);
  const peer = ctx.state.peers[from];
  if (peer === undefined) return reject('unknown-replica');
  if (message.transactions.some((transaction) => transaction.length > ctx.config.maxRequestBytes)) return reject('too-large');
  if (peer.unchecked >= ctx.config.maxUncheckedPerPeer) return ignore('busy');
  peer.unchecked += 1;
  rememberRequests(ctx, peer, message.transactions);
  ctx.effects.push({ type: 'check-requests', from, transactions: message.transactions });
  return ACCEPT;
}

/** At each status tick: own requests to all again, others' to the primary, where they wait too long to be just under way. */
export function repeatRequests(ctx: Context): void {
  const { own, others } = overdueRequests(ctx.state.pool, REPEATED_PER_TICK);
  for (const message of requestMessages(ctx, own)) broadcast(ctx, message);
  const primary = currentPrimary(ctx);
  if (!ctx.state.active || primary === ctx.config.replica) return;
  for (const message of requestMessages(ctx, others)) send(ctx, primary, message);
}

/** In messages of at most half a proposal's size. */
function requestMessages(ctx: Context, requests: readonly PoolRequest[]): Request[] {
  const most = ctx.config.maxProposalBytes / 2;
  const messages: Request[] = [];
  let transactions: Uint8Array[] = [];
  let size = 0;
  for (const { bytes } of requests) {
    if (transactions.length > 0 && (size + bytes.length > most || transactions.length >= REQUESTS_PER_MESSAGE)) {
      messages.push(signed<Request>(ctx, { type: 'request', transactions }));
      transactions = [];
      size = 0;
    }
    transactions.push(bytes);
    size += bytes.length;
  }
  if (transactions.length > 0) messages.push(signed<Request>(ctx, { type: 'request', transactions }));
  return messages;
}
