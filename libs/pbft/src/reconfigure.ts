import { cancelTimer, type Context } from './context.js';
import { configured } from './config.js';
import { logSnapshot } from './log-snapshot.js';
import { replayLater } from './on-start.js';
import { sayStatus } from './on-status.js';
import { type Configuration, NO_SEAT } from './replica-set.js';
import { newPeers } from './state.js';

/**
 * The last block of a configuration is executed: the next one begins, in its view 0, whoever leads now (docs/adr/0006).
 * Nothing of the old one counts any more but its blocks. What waits in the pool waits on.
 */
export function reconfigure(ctx: Context, configuration: Configuration): void {
  const { state } = ctx;
  for (const id of ['progress', 'view-change', 'assembly', 'batch', 'fetch'] as const) cancelTimer(ctx, id);
  state.config = configured(state.config, configuration, (key) => ctx.ports.signerOf(key) !== null);
  ctx.config = state.config;
  Object.assign(state, {
    view: 0,
    active: true,
    newView: null,
    viewBase: 0,
    stable: null,
    nextStable: null,
    proposing: null,
    nothingToPropose: false,
    batchReady: false,
    peers: newPeers(configuration.names.length),
    fetch: null,
    lastAsked: null,
    backoff: 0,
    spoke: new Set(),
    inTouch: false,
    deliveredAtTick: -1,
  } satisfies Partial<typeof state>);
  for (const of of [state.viewChanges, state.slots, state.checkpoints, state.ownCheckpoints, state.ahead]) of.clear();
  replayLater(ctx);
  state.promisedEpoch = Math.max(state.promisedEpoch, configuration.epoch);
  ctx.effects.push({ type: 'compact-log', entries: logSnapshot(ctx) });
  const seat = ctx.config.replica === NO_SEAT ? null : ctx.config.replica;
  ctx.effects.push({ type: 'reconfigured', configuration, seat });
  sayStatus(ctx);
}
