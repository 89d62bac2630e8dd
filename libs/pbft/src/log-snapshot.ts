import { toHex } from '@medveil/encoding';
import type { Context } from './context.js';
import { certifiedSequence, type Slot } from './state.js';
import type { WalEntry } from './wal-entries.js';

/** The shortest log that gives back every promise that still binds this replica: what a compacted log holds. */
export function logSnapshot(ctx: Context): WalEntry[] {
  const { state, config } = ctx;
  const entries: WalEntry[] = [{ type: 'configuration', epoch: config.epoch }];
  if (state.quiet !== null) entries.push({ type: 'recovering', quietUntil: state.quiet.until });
  if (state.stable !== null) entries.push({ type: 'stable', certificate: state.stable });
  // Also where its block is still on its way: it stands in for what was prepared up to there.
  if (state.certified !== null) entries.push({ type: 'committed', certificate: state.certified });
  if (state.newView !== null) entries.push({ type: 'new-view', newView: state.newView });
  const own = state.viewChanges.get(config.replica);
  if (own !== undefined && !state.active) entries.push({ type: 'view-change', viewChange: own });
  const open = [...state.slots.values()].filter((slot) => slot.sequence > certifiedSequence(state)).toSorted((a, b) => a.sequence - b.sequence);
  for (const slot of open) entries.push(...slotEntries(slot));
  if (state.laterEntries.length > 0) entries.push({ type: 'configuration', epoch: state.promisedEpoch }, ...state.laterEntries);
  return entries;
}

function slotEntries(slot: Slot): WalEntry[] {
  const entries: WalEntry[] = [];
  const { accepted, prepared } = slot;
  const promised = accepted !== null && slot.votedIn === accepted.view ? accepted : null;
  for (const holder of [promised, prepared]) {
    const proposal = holder === null ? undefined : slot.bodies.get(toHex(holder.digest));
    if (holder === null || proposal === undefined || (holder === prepared && promised !== null && toHex(promised.digest) === toHex(prepared.digest))) continue;
    entries.push({ type: 'proposal', sequence: slot.sequence, digest: holder.digest, proposal });
  }
  if (prepared !== null) entries.push({ type: 'prepared', certificate: prepared });
  if (promised !== null) entries.push({ type: 'pre-prepare', prePrepare: promised });
  return entries;
}
