import type { ReplicaSettings } from '../config.js';
import { faultsTolerated, type ReplicaId } from '../replica-set.js';
import { BYZANTINE_KINDS, type ByzantineKind } from './byzantine.js';
import type { Network } from './network.js';
import type { Random } from './random.js';

export type Happening =
  | { readonly kind: 'crash' | 'restart' | 'wipe'; readonly replica: ReplicaId }
  | { readonly kind: 'partition'; readonly side: readonly ReplicaId[]; readonly oneWay: boolean }
  | { readonly kind: 'mend' | 'work-due' };

/**
 * The network's worst hour: for a while COMMITs reach one replica only; as soon as it delivers a block that nobody else
 * has, it is cut off, and the others, who may have missed PREPAREs or crash now, go on without it. Whatever they agree
 * on must be the same block.
 */
export interface Ambush {
  readonly atMs: number;
  readonly untilMs: number;
  /** Who gets the COMMITs. */
  readonly replica: ReplicaId;
  /** Whom PREPAREs do not reach. */
  readonly deaf: readonly ReplicaId[];
  readonly cutMs: number;
  readonly crashOthers: boolean;
}

/** What goes wrong in one schedule, and when: drawn from the seed before anything runs. */
export interface Plan {
  readonly settings: Partial<ReplicaSettings>;
  readonly network: Partial<Pick<Network, 'duplicationRate' | 'lateMs' | 'lateRate' | 'lossRate' | 'maxDelayMs' | 'minDelayMs'>>;
  readonly machines: readonly { readonly clockRate: number; readonly fsyncMs: number; readonly executionMs: number }[];
  /** At most f, together with the wiped ones: a lost disk is a fault too. */
  readonly byzantine: ReadonlyMap<ReplicaId, readonly ByzantineKind[]>;
  readonly wiped: ReadonlySet<ReplicaId>;
  readonly requests: readonly { readonly atMs: number; readonly client: number; readonly number: number }[];
  readonly events: readonly { readonly atMs: number; readonly happens: Happening }[];
  readonly ambushes: readonly Ambush[];
  readonly healAtMs: number;
  /** Replicas get bytes and verify them in the step; else messages that were verified outside. */
  readonly verifyInside: boolean;
}

export function makePlan(random: Random, replicas: number): Plan {
  const plan = drawPlan(random, replicas);
  return random.chance(0.35) ? aroundViewChanges(random, replicas, plan) : plan;
}

/** A calm network but for ambushes, and adversaries who forge view changes: what the rules of 4.4 are there for. */
function aroundViewChanges(random: Random, replicas: number, plan: Plan): Plan {
  const ids = [...Array(replicas).keys()];
  const kinds: readonly ByzantineKind[] = ['forged-view-change', 'forged-new-view'];
  const faulty = random.shuffled(ids).slice(0, faultsTolerated(replicas));
  const byzantine = new Map(faulty.map((id) => [id, random.shuffled(kinds).slice(0, random.between(1, 2))]));
  const healAtMs = 2_400;
  return {
    ...plan,
    settings: { ...plan.settings, progressTimeoutMs: 100, maxRequestsPerProposal: 2 },
    machines: ids.map(() => ({ clockRate: 1, fsyncMs: 0.3, executionMs: 0.5 })),
    network: { minDelayMs: 1, maxDelayMs: random.pick([3, 8]) },
    byzantine,
    wiped: new Set(),
    requests: drawRequests(random, healAtMs, 24),
    events: [],
    ambushes: drawAmbushes(random, ids.filter((id) => !faulty.includes(id)), healAtMs, 3),
    healAtMs,
  };
}

function drawPlan(random: Random, replicas: number): Plan {
  const healAtMs = random.between(300, 1_500);
  const ids = [...Array(replicas).keys()];
  const faulty = random.shuffled(ids).slice(0, random.chance(0.25) ? 0 : random.between(1, faultsTolerated(replicas)));
  const wiped = new Set(faulty.filter(() => random.chance(0.15)));
  const byzantine = new Map(faulty.filter((id) => !wiped.has(id)).map((id) => [id, pickKinds(random)]));
  return {
    settings: {
      checkpointInterval: random.pick([2, 4, 8]),
      window: 16,
      progressTimeoutMs: 200,
      maxBackoff: 5,
      statusIntervalMs: 60,
      fetchTimeoutMs: 60,
      assemblyTimeoutMs: random.pick([1, 10, 40]),
      batchDelayMs: random.pick([0, 2, 10]),
      maxFetchedBlocks: random.pick([1, 3, 16]),
      maxUnexecuted: random.pick([1, 4, 16]),
      maxRequestsPerProposal: random.pick([1, 3, 50]),
      patienceBlocks: 6,
    },
    network: random.chance(0.2)
      ? {}
      : {
          lossRate: random.pick([0, 0.02, 0.1, 0.3]),
          duplicationRate: random.pick([0, 0.05, 0.3]),
          lateRate: random.pick([0, 0.05, 0.2]),
          lateMs: random.pick([50, 300, 1_000]),
          minDelayMs: 0.5,
          maxDelayMs: random.pick([3, 10, 40]),
        },
    machines: ids.map(() => ({
      clockRate: 0.8 + 0.5 * random.next(),
      fsyncMs: random.chance(0.15) ? random.between(20, 80) : random.pick([0.3, 1, 4]),
      executionMs: random.pick([0.5, 2, 10]),
    })),
    byzantine,
    wiped,
    requests: drawRequests(random, healAtMs, random.between(3, 24)),
    events: drawEvents(random, ids, wiped, healAtMs),
    ambushes: drawAmbushes(random, ids, healAtMs, random.pick([0, 1, 2, 4])),
    healAtMs,
    verifyInside: random.chance(0.1),
  };
}

const pickKinds = (random: Random): ByzantineKind[] => random.shuffled(BYZANTINE_KINDS).slice(0, random.between(1, 4));

function drawRequests(random: Random, healAtMs: number, length: number): Plan['requests'] {
  const clients = random.between(1, 6);
  const numbers = Array.from({ length: clients }, () => 0);
  return Array.from({ length }, () => {
    const client = random.between(0, clients - 1);
    const number = numbers[client] ?? 0;
    numbers[client] = number + 1;
    return { atMs: random.next() * healAtMs, client, number };
  });
}

/** Any replica may crash at any time, also several at once; those that are down come back, at the latest at the heal. */
function drawEvents(random: Random, ids: readonly ReplicaId[], wiped: ReadonlySet<ReplicaId>, healAtMs: number): Plan['events'] {
  const events: Plan['events'][number][] = [];
  const at = (): number => random.next() * healAtMs;
  for (let crashes = random.pick([0, 0, 1, 3, 8]); crashes > 0; crashes -= 1) {
    const replica = random.pick(ids);
    const atMs = at();
    events.push({ atMs, happens: { kind: 'crash', replica } });
    events.push({ atMs: atMs + random.pick([1, 50, 400]), happens: { kind: 'restart', replica } });
  }
  for (const replica of wiped) {
    const atMs = at();
    events.push({ atMs, happens: { kind: 'wipe', replica } });
    events.push({ atMs: atMs + random.pick([1, 50, 400]), happens: { kind: 'restart', replica } });
  }
  for (let partitions = random.pick([0, 0, 1, 3]); partitions > 0; partitions -= 1) {
    const atMs = at();
    const side = random.shuffled(ids).slice(0, random.between(1, ids.length - 1));
    events.push({ atMs, happens: { kind: 'partition', side, oneWay: random.chance(0.3) } });
    events.push({ atMs: atMs + random.pick([100, 300, 600]), happens: { kind: 'mend' } });
  }
  if (random.chance(0.3)) events.push({ atMs: at(), happens: { kind: 'work-due' } });
  return events;
}

/** One after the other: two at once would only starve everybody. */
function drawAmbushes(random: Random, ids: readonly ReplicaId[], healAtMs: number, length: number): Ambush[] {
  const spanMs = healAtMs / Math.max(1, length);
  return Array.from({ length }, (_, index) => {
    const atMs = index * spanMs + random.next() * 0.1 * spanMs;
    return {
      atMs,
      untilMs: atMs + 0.4 * spanMs,
      replica: random.pick(ids),
      deaf: random.chance(0.6) ? [] : [random.pick(ids)],
      cutMs: (0.5 + 0.3 * random.next()) * spanMs,
      crashOthers: random.chance(0.3),
    };
  });
}
