import type { ReplicaId } from '../replica-set.js';
import type { Plan } from './plan.js';
import type { Random } from './random.js';
import { firstSeats, KEY_VERSIONS, type Seat } from './signatures.js';
import { setRequest } from './toy-ledger.js';

/** Changes of the replica set in one schedule. */
export interface MembershipPlan {
  /** Replicas beside those of genesis, and when they are started; they follow from the first block on. */
  readonly newcomers: readonly { readonly replica: ReplicaId; readonly atMs: number }[];
  readonly changes: readonly { readonly atMs: number; readonly request: string }[];
  readonly events: Plan['events'];
}

export const NO_CHANGES: MembershipPlan = { newcomers: [], changes: [], events: [] };

/** Sets never become smaller than that of genesis, so what it tolerates every one of them does. */
export function drawMembership(random: Random, replicas: number, healAtMs: number): MembershipPlan {
  if (!random.chance(0.4)) return NO_CHANGES;
  const newcomers = [0, 1].slice(0, random.between(0, 2)).map((index) => ({ replica: replicas + index, atMs: random.chance(0.5) ? 0 : random.next() * healAtMs }));
  const outside: Seat[] = newcomers.map(({ replica }) => ({ replica, version: 0 }));
  const changes: MembershipPlan['changes'][number][] = [];
  const events: Plan['events'][number][] = [];
  let seats = firstSeats(replicas);
  for (let left = random.between(1, 5); left > 0; left -= 1) {
    seats = changed(random, seats, outside, replicas);
    const atMs = random.next() * healAtMs;
    changes.push({ atMs, request: setRequest(changes.length, seats) });
    if (random.chance(0.5)) events.push(...restartAround(random, atMs, replicas + newcomers.length));
  }
  return { newcomers, changes, events };
}

/** One replica comes, goes, is replaced by another or by itself with its next key; often the order changes, too. */
function changed(random: Random, before: readonly Seat[], outside: Seat[], least: number): Seat[] {
  const seats = random.chance(0.3) ? random.shuffled(before) : [...before];
  const at = random.between(0, seats.length - 1);
  const [newcomer] = outside;
  const old = seats[at] as Seat;
  const how = random.pick(['come', 'go', 'replace', 'rotate'] as const);
  if (how === 'rotate') seats[at] = { ...old, version: (old.version + 1) % KEY_VERSIONS };
  if (how === 'come' && newcomer !== undefined) seats.push(newcomer);
  if (how === 'replace' && newcomer !== undefined) seats[at] = newcomer;
  if ((how === 'come' || how === 'replace') && newcomer !== undefined) outside.shift();
  if (how === 'go' && seats.length > least) seats.splice(at, 1);
  // Whoever left may come back.
  if (!seats.some(({ replica }) => replica === old.replica)) outside.push(old);
  return seats;
}

function restartAround(random: Random, atMs: number, population: number): Plan['events'][number][] {
  const replica = random.between(0, population - 1);
  const crashAtMs = atMs + random.next() * 100;
  return [
    { atMs: crashAtMs, happens: { kind: 'crash', replica } },
    { atMs: crashAtMs + random.pick([1, 50, 400]), happens: { kind: 'restart', replica } },
  ];
}
