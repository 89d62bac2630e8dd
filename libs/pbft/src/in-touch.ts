import type { Context } from './context.js';
import { quorumSize } from './replica-set.js';

/**
 * A replica that leaves a view alone (its network is cut, or it was up long before the others) can take no part in what they
 * agree on there, and has to follow by fetching. Without a quorum no view change ends anyway, so a leader is timed only by who
 * hears of one. Where a quorum of correct replicas is up, their STATUS is heard in time: nobody waits for ever.
 */
export function isInTouch(ctx: Context): boolean {
  ctx.state.inTouch ||= hearsQuorum(ctx);
  return ctx.state.inTouch;
}

/** At the end of the patience with a leader: whether a quorum was heard of since there was progress. If not, it is to be heard of first. */
export function staysInTouch(ctx: Context): boolean {
  const { state } = ctx;
  state.inTouch = hearsQuorum(ctx);
  if (!state.inTouch) state.spoke.clear();
  return state.inTouch;
}

const hearsQuorum = ({ state, config }: Context): boolean => new Set([...state.spoke, config.replica]).size >= quorumSize(config.names.length);
