import type { Context } from './context.js';
import { stopFetching } from './fetch.js';
import { staysInTouch } from './in-touch.js';
import type { TimerId } from './inputs.js';
import { onStatusTimer } from './on-status.js';
import { onAssemblyTimeout } from './outline.js';
import { startViewChange } from './view-change.js';

/** A timer that this replica has cancelled, or set anew, may still be on its way here: `timers` says what counts. */
export function onTimer(ctx: Context, id: TimerId): void {
  const { state } = ctx;
  if (!state.timers.delete(id)) return;
  switch (id) {
    case 'progress':
      if (state.active && staysInTouch(ctx)) startViewChange(ctx, state.view + 1);
      return;
    case 'view-change':
      if (!state.active) startViewChange(ctx, state.view + 1);
      return;
    case 'status':
      return onStatusTimer(ctx);
    case 'assembly':
      return onAssemblyTimeout(ctx);
    case 'batch':
      state.batchReady = true;
      return;
    case 'fetch':
      return stopFetching(ctx);
  }
}
