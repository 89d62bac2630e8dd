import type { Context } from './context.js';
import { ACCEPT, ignore, reject, type Verdict } from './faults.js';
import type { Fetched, Message, Statement } from './messages.js';
import { tellStatus } from './on-status.js';
import { isOver } from './view-change.js';
import { isStaleVote } from './votes.js';

/** Drops what cannot matter before its signatures cost anything. @param from whom the transport names */
export function screen(ctx: Context, from: string, message: Message): Verdict {
  if (message.type === 'fetch') return ACCEPT;
  if (message.type === 'fetched') return screenFetched(ctx, from, message);
  return ctx.rules.checkEpoch && message.epoch !== ctx.config.epoch ? otherConfiguration(ctx, from, message) : screenStatement(ctx, message);
}

function screenStatement(ctx: Context, message: Statement): Verdict {
  const { state, config } = ctx;
  if (message.replica === config.replica) return message.type === 'new-view' ? ACCEPT : ignore('useless');
  if (message.replica >= state.peers.length) return reject('unknown-replica');
  switch (message.type) {
    case 'pre-prepare':
      return message.sequence <= Math.max(state.delivered.sequence, state.viewBase) || message.view < state.view ? ignore('old') : ACCEPT;
    case 'prepare':
    case 'commit':
      return screenVote(ctx, message);
    case 'view-change':
      return isOver(ctx, message) || (state.viewChanges.get(message.replica)?.newView ?? 0) > message.newView ? ignore('old') : ACCEPT;
    case 'new-view':
      return message.view < state.view ? ignore('old') : ACCEPT;
    case 'proposal':
      return state.fetch?.kind === 'proposal' && state.fetch.peer === config.names[message.replica] ? ACCEPT : ignore('not-asked');
    case 'checkpoint':
    case 'fetch-proposal':
    case 'request':
    case 'status':
    default:
      return ACCEPT;
  }
}

function screenVote({ state, config, rules }: Context, message: Extract<Message, { type: 'commit' | 'prepare' }>): Verdict {
  if (message.sequence <= state.delivered.sequence) return ignore('old');
  if (message.sequence > state.delivered.sequence + config.maxAhead) return ignore('ahead');
  const slot = state.slots.get(message.sequence);
  if (slot === undefined || !rules.countVotersOnce) return ACCEPT;
  return isStaleVote(message.type === 'prepare' ? slot.prepares : slot.commits, message) ? ignore('duplicate') : ACCEPT;
}

function screenFetched({ state }: Context, from: string, { stable }: Fetched): Verdict {
  if (state.fetch?.peer === from) return ACCEPT;
  return (stable?.sequence ?? 0) > Math.max(state.stable?.sequence ?? 0, state.nextStable?.sequence ?? 0) ? ACCEPT : ignore('not-asked');
}

const MAX_AHEAD = 16;

/**
 * Said under another configuration: it counts for nothing, but shows who is behind. A later one cannot be checked here yet: its
 * sender is asked for blocks. Whoever speaks in a former one is told where this replica stands.
 */
function otherConfiguration(ctx: Context, from: string, message: Statement): Verdict {
  const { state, config } = ctx;
  if (message.epoch > config.epoch) {
    if (state.delivered.sequence < message.epoch - 1 && state.ahead.size < MAX_AHEAD) state.ahead.add(from);
  } else if (message.type === 'status') tellStatus(ctx, from);
  return ignore('other-configuration');
}
