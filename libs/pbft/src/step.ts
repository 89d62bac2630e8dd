import { CodedError, toHex } from '@medveil/encoding';
import { advance } from './advance.js';
import type { Context } from './context.js';
import type { Effect } from './effects.js';
import type { PbftErrorCode } from './errors.js';
import { onBlocksRead } from './fetch.js';
import type { Input } from './inputs.js';
import { onExecuted } from './on-executed.js';
import { onMessageBytes, onVerifiedMessage } from './on-message.js';
import { onRequests, onRequestsDropped } from './on-requests.js';
import { onStart } from './on-start.js';
import { onTimer } from './on-timer.js';
import { onProposalBuilt } from './propose.js';

/** One step: the input's own rule, then everything that it has made possible. Changes `ctx.state`, returns the effects. */
export function stepWith(base: Omit<Context, 'config' | 'effects'>, input: Input): Effect[] {
  const ctx: Context = { ...base, config: base.state.config, effects: [] };
  if (ctx.state.started === (input.type === 'start')) {
    throw new CodedError<PbftErrorCode>('pbft/bad-input', 'the first input, and no other, is start', { given: input.type });
  }
  handle(ctx, input);
  advance(ctx);
  return ctx.rules.persistBeforeSend ? ctx.effects : ctx.effects.toSorted((a, b) => Number(a.type === 'persist') - Number(b.type === 'persist'));
}

function handle(ctx: Context, input: Input): void {
  switch (input.type) {
    case 'start':
      return onStart(ctx, input);
    case 'message':
      return onMessageBytes(ctx, input.from, input.bytes);
    case 'verified-message':
      return onVerifiedMessage(ctx, input.from, input.message);
    case 'requests':
      return onRequests(ctx, input);
    case 'requests-dropped':
      return onRequestsDropped(ctx, input.ids);
    case 'timer':
      return onTimer(ctx, input.id);
    case 'proposal-built':
      return onProposalBuilt(ctx, input);
    case 'proposal-validated':
      return onProposalValidated(ctx, input);
    case 'executed':
      return onExecuted(ctx, input);
    case 'blocks':
      return onBlocksRead(ctx, input);
    case 'work-due':
      ctx.state.workDue = true;
      ctx.state.nothingToPropose = false;
      return;
  }
}

/** What the ledger says of a proposal; `tryPrepare` draws the consequence. */
function onProposalValidated({ state }: Context, input: Extract<Input, { type: 'proposal-validated' }>): void {
  const slot = state.slots.get(input.sequence);
  if (slot?.validations.get(toHex(input.digest)) !== 'asked') return;
  slot.validations.set(toHex(input.digest), input.ok ? 'ok' : 'bad');
}
