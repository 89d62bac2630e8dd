import type { Context } from './context.js';
import { ACCEPT, ignore, reject, type Verdict } from './faults.js';
import type { Message } from './messages.js';
import { certifiedSequence } from './state.js';
import { isOver } from './view-change.js';
import { isStaleVote } from './votes.js';

/** Drops what cannot matter before its signatures cost anything. */
export function screen(ctx: Context, message: Message): Verdict {
  const { state, config } = ctx;
  if (message.replica === config.replica) return message.type === 'new-view' ? ACCEPT : ignore('useless');
  if (message.replica >= state.peers.length) return reject('unknown-replica');
  switch (message.type) {
    case 'pre-prepare':
      return message.sequence <= certifiedSequence(state) || message.view < state.view ? ignore('old') : ACCEPT;
    case 'prepare':
    case 'commit':
      return screenVote(ctx, message);
    case 'view-change':
      return isOver(ctx, message) || (state.viewChanges.get(message.replica)?.newView ?? 0) > message.newView ? ignore('old') : ACCEPT;
    case 'new-view':
      return message.view < state.view ? ignore('old') : ACCEPT;
    case 'fetched':
      return state.fetch?.kind === 'blocks' && state.fetch.peer === message.replica ? ACCEPT : screenStable(ctx, message.stable?.sequence ?? 0);
    case 'proposal':
      return state.fetch?.kind === 'proposal' && state.fetch.peer === message.replica ? ACCEPT : ignore('not-asked');
    case 'checkpoint':
    case 'fetch':
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

const screenStable = ({ state }: Context, sequence: number): Verdict =>
  sequence > Math.max(state.stable?.sequence ?? 0, state.nextStable?.sequence ?? 0) ? ACCEPT : ignore('not-asked');
