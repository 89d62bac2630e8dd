import { CodedError } from '@medveil/encoding';
import { cancelTimer, type Context, mayVote, persist, replicaCount } from './context.js';
import type { PbftErrorCode } from './errors.js';
import { blocksInFlight, requestsInFlight } from './in-flight.js';
import type { Input } from './inputs.js';
import { takeCheckpoint } from './on-checkpoint.js';
import { reconfigure } from './reconfigure.js';
import { countPassedOver, settleRequests } from './pool.js';
import { type Configuration, faultsTolerated } from './replica-set.js';
import { startViewChange } from './view-change.js';

/** The ledger has executed a delivered block: the requests in it are settled, the leader has made progress. */
export function onExecuted(ctx: Context, input: Extract<Input, { type: 'executed' }>): void {
  const { state, config } = ctx;
  if (input.sequence !== state.executed.sequence + 1 || input.sequence > state.delivered.sequence) {
    throw new CodedError<PbftErrorCode>('pbft/bad-input', 'blocks are executed in the order of delivery', {
      given: input.sequence,
      expected: state.executed.sequence + 1,
    });
  }
  state.executed = { sequence: input.sequence, stateDigest: input.stateDigest };
  settleRequests(state.pool, input.requestIds);
  state.workDue = false;
  state.nothingToPropose = false;
  cancelTimer(ctx, 'progress');
  state.spoke.clear();
  if (input.configuration.epoch !== config.epoch && changes(ctx, input.configuration)) reconfigure(ctx, input.configuration);
  takeCheckpoint(ctx);
  leaveQuiet(ctx);
  watchForCensorship(ctx, input.requestIds.length < config.maxRequestsPerProposal / 2);
}

const changes = ({ config, rules }: Context, { names }: Configuration): boolean =>
  rules.changeConfiguration && (rules.leaveWhenRemoved || names.includes(config.name));

/** A leader may make block after block and yet leave somebody out: then the progress timer never expires. */
function watchForCensorship(ctx: Context, hadRoom: boolean): void {
  const { state, config } = ctx;
  if (!hadRoom || !state.active || state.pool.waiting.size === 0 || state.delivered.sequence > state.executed.sequence) return;
  const leftOut = countPassedOver(state.pool, requestsInFlight(blocksInFlight(ctx)), config.patienceBlocks, faultsTolerated(replicaCount(ctx)));
  if (leftOut && mayVote(ctx)) startViewChange(ctx, state.view + 1);
}

/** A wiped replica may vote again above everything that it can have voted on before. */
function leaveQuiet(ctx: Context): void {
  const { state } = ctx;
  const until = state.quiet?.until ?? null;
  if (until === null || state.executed.sequence <= until) return;
  state.quiet = null;
  persist(ctx, { type: 'recovered' });
}
