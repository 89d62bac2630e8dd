import { toHex } from '@medveil/encoding';
import { bodyOf, type Context } from './context.js';
import type { BlockContent, Slot } from './state.js';

/** A block above the last delivered one that the current view's leader has proposed. */
export interface BlockInFlight extends BlockContent {
  readonly digest: Uint8Array;
  readonly proposal: Uint8Array;
  /** This replica stands behind it in this view. */
  readonly isBacked: boolean;
}

/** In order, as far as their bodies are here without a gap. */
export function blocksInFlight(ctx: Context): BlockInFlight[] {
  const { state, rules } = ctx;
  const blocks: BlockInFlight[] = [];
  for (let sequence = state.delivered.sequence + 1; ; sequence += 1) {
    const slot = state.slots.get(sequence);
    const accepted = slot?.accepted ?? null;
    if (slot === undefined || accepted === null || (rules.dropSpeculation && accepted.view !== state.view)) return blocks;
    const proposal = bodyOf(slot, accepted.digest);
    if (proposal === undefined) return blocks;
    const content = contentOf(ctx, slot, accepted.digest, proposal);
    blocks.push({ ...content, digest: accepted.digest, proposal, isBacked: slot.votedIn === accepted.view });
  }
}

export const requestsInFlight = (blocks: readonly BlockInFlight[]): Set<string> => new Set(blocks.flatMap(({ requestIds }) => requestIds));

/**
 * A block ends the configuration in force where its header names another set. Nothing above it is proposed, accepted or prepared
 * until it is executed here: who agrees on that, only its execution says (docs/adr/0006).
 */
export const endsRun = (ctx: Context, content: BlockContent | undefined): boolean => ctx.rules.stopAtChange && content?.isLast === true;

/** The last block of the configuration in force is delivered, and not executed yet. */
export const awaitsChange = ({ state, rules }: Context): boolean => rules.stopAtChange && state.lastOfConfiguration > state.executed.sequence;

/** Whether a sequence number lies above the last block of the configuration in force, as far as is known here. */
export function isBeyondChange(ctx: Context, sequence: number): boolean {
  const below = sequence - ctx.state.delivered.sequence - 1;
  return awaitsChange(ctx) || (below > 0 && blocksInFlight(ctx).slice(0, below).some((block) => endsRun(ctx, block)));
}

/** What a body holds that can be read. */
export function contentOf({ config, ports }: Context, slot: Slot, digest: Uint8Array, proposal: Uint8Array): BlockContent {
  const known = slot.contents.get(toHex(digest));
  if (known !== undefined) return known;
  const content = { requestIds: ports.proposals.requestIds(proposal), isLast: ports.proposals.endsConfiguration(proposal, config) };
  slot.contents.set(toHex(digest), content);
  return content;
}
