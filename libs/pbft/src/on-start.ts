import { toHex } from '@medveil/encoding';
import { type Context, persist, setTimer, signed } from './context.js';
import type { Input } from './inputs.js';
import type { Commit, Prepare } from './messages.js';
import { installView } from './new-view.js';
import { adoptCertificate } from './on-commit.js';
import { sayStatus } from './on-status.js';
import { slotAt } from './state.js';
import { addVote } from './votes.js';
import type { WalEntry } from './wal-entries.js';

/**
 * Takes up where the log ends. The ledger's head says what is executed; the log says what was promised above it.
 * Nothing is repeated here: peers ask for what they lack by their STATUS.
 */
export function onStart(ctx: Context, input: Extract<Input, { type: 'start' }>): void {
  const { state, config } = ctx;
  const { head } = input;
  state.started = true;
  state.delivered = { sequence: head.sequence, digest: head.digest };
  state.executed = { sequence: head.sequence, stateDigest: head.stateDigest };
  state.certified = head.certificate;
  replayLog(ctx, input.entries);
  if (input.recovering && state.quiet === null) {
    state.quiet = { until: null };
    persist(ctx, { type: 'recovering', quietUntil: null });
  }
  sayStatus(ctx);
  setTimer(ctx, 'status', config.statusIntervalMs);
}

/** Entries of former configurations bind no more; those of a later one wait until the blocks below it are executed (again). */
function replayLog(ctx: Context, entries: readonly WalEntry[]): void {
  const { state, config } = ctx;
  let marked = 1;
  for (const entry of entries) {
    if (entry.type === 'configuration') {
      marked = entry.epoch;
      if (marked > state.promisedEpoch) state.laterEntries = [];
      state.promisedEpoch = Math.max(state.promisedEpoch, marked);
    }
    const epoch = epochOf(entry, marked);
    if (epoch === null || epoch === config.epoch) replay(ctx, entry);
    else if (epoch > config.epoch && epoch === state.promisedEpoch) state.laterEntries.push(entry);
  }
  if (marked !== config.epoch) persist(ctx, { type: 'configuration', epoch: config.epoch });
}

/** In which configuration an entry promises something; null: what it says holds in any. */
function epochOf(entry: WalEntry, marked: number): number | null {
  switch (entry.type) {
    case 'pre-prepare':
      return entry.prePrepare.epoch;
    case 'view-change':
      return entry.viewChange.epoch;
    case 'new-view':
      return entry.newView.epoch;
    case 'stable':
      return entry.certificate.epoch;
    case 'prepared':
    case 'proposal':
      return marked;
    case 'committed':
    case 'configuration':
    case 'recovered':
    case 'recovering':
    default:
      return null;
  }
}

/** The configuration that the rest of the log is about has begun. */
export function replayLater(ctx: Context): void {
  const { state, config } = ctx;
  if (state.promisedEpoch !== config.epoch) return;
  const entries = state.laterEntries;
  state.laterEntries = [];
  for (const entry of entries) replay(ctx, entry);
}

function replay(ctx: Context, entry: WalEntry): void {
  const { state, config } = ctx;
  switch (entry.type) {
    case 'configuration':
      return;
    case 'proposal':
      return replayProposal(ctx, entry);
    case 'pre-prepare':
      return replayPrePrepare(ctx, entry);
    case 'prepared':
      return replayPrepared(ctx, entry);
    case 'committed':
      if (entry.certificate.sequence > state.delivered.sequence) slotAt(state, entry.certificate.sequence).certificate = entry.certificate;
      return adoptCertificate(ctx, entry.certificate);
    case 'view-change':
      state.view = entry.viewChange.newView;
      state.active = false;
      state.viewChanges.set(config.replica, entry.viewChange);
      return;
    case 'new-view':
      return installView(ctx, entry.newView);
    case 'stable':
      if (entry.certificate.sequence <= state.executed.sequence) state.stable = entry.certificate;
      else state.nextStable = entry.certificate;
      return;
    case 'recovering':
      state.quiet = { until: entry.quietUntil };
      return;
    case 'recovered':
      state.quiet = null;
      return;
  }
}

function replayProposal({ state }: Context, entry: Extract<WalEntry, { type: 'proposal' }>): void {
  if (entry.sequence <= state.delivered.sequence) return;
  const slot = slotAt(state, entry.sequence);
  slot.bodies.set(toHex(entry.digest), entry.proposal);
  slot.logged.add(toHex(entry.digest));
}

function replayPrePrepare(ctx: Context, { prePrepare }: Extract<WalEntry, { type: 'pre-prepare' }>): void {
  const { view, sequence, digest, previousDigest, replica } = prePrepare;
  if (sequence <= ctx.state.delivered.sequence) return;
  const slot = slotAt(ctx.state, sequence);
  slot.reproposed = slot.accepted?.view === view && slot.reproposed;
  slot.accepted = prePrepare;
  slot.votedIn = view;
  slot.validations.set(toHex(digest), 'ok');
  if (replica !== ctx.config.replica) addVote(ctx, slot.prepares, signed<Prepare>(ctx, { type: 'prepare', view, sequence, digest, previousDigest }));
}

function replayPrepared(ctx: Context, { certificate }: Extract<WalEntry, { type: 'prepared' }>): void {
  const { view, sequence, digest } = certificate;
  if (sequence <= ctx.state.delivered.sequence) return;
  const slot = slotAt(ctx.state, sequence);
  slot.prepared = certificate;
  slot.committedIn = view;
  addVote(ctx, slot.commits, signed<Commit>(ctx, { type: 'commit', view, sequence, digest }));
}
