import { cancelTimer, type Context, mayVote, patienceMs, setTimer } from './context.js';
import { tryFetch } from './fetch.js';
import { isInTouch } from './in-touch.js';
import { tryNewView } from './new-view.js';
import { collectCertificates, tryDeliver } from './on-commit.js';
import { tryPrepare } from './on-pre-prepare.js';
import { tryCommit } from './on-prepare.js';
import { assembleBodies } from './outline.js';
import { tryPropose } from './propose.js';
import { certifiedSequence } from './state.js';
import { traceBack } from './trace-back.js';
import { timeNewView, tryJoinViewChange } from './view-change.js';

/** After every input: whatever has become possible is done, in the order of the protocol. Each rule is idempotent. */
export function advance(ctx: Context): void {
  do {
    tryJoinViewChange(ctx);
    tryNewView(ctx);
    assembleBodies(ctx);
    tryPrepare(ctx);
    tryCommit(ctx);
    collectCertificates(ctx);
    traceBack(ctx);
  } while (tryDeliver(ctx));
  // What tryPrepare found bad has started a view change, and this replica may be the one who leads the next view.
  tryNewView(ctx);
  timeNewView(ctx);
  tryPropose(ctx);
  tryFetch(ctx);
  timeProgress(ctx);
}

/**
 * The leader is timed while there is something to do: requests, a block that is due, a proposal under way
 * (Castro–Liskov 1999, 4.4). Not while this replica itself is behind: the others' progress is certified. Not while it is out of touch.
 */
function timeProgress(ctx: Context): void {
  const { state } = ctx;
  const waits = state.pool.waiting.size > 0 || state.workDue || (state.slots.get(state.delivered.sequence + 1)?.accepted ?? null) !== null;
  const behind = certifiedSequence(state) > state.delivered.sequence || state.executed.sequence < state.delivered.sequence;
  if (!state.active || !mayVote(ctx) || !waits || behind) cancelTimer(ctx, 'progress');
  else if (!state.timers.has('progress') && isInTouch(ctx)) setTimer(ctx, 'progress', patienceMs(ctx));
}
