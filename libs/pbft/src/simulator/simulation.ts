import { replicaConfig } from '../config.js';
import type { MessageType } from '../messages.js';
import { faultsTolerated, type ReplicaId } from '../replica-set.js';
import { PRODUCTION_RULES, type ProtocolRules } from '../rules.js';
import { Adversary, type ByzantineKind } from './byzantine.js';
import { Checker, type Violation } from './checker.js';
import { EventQueue } from './event-queue.js';
import { Messages } from './messages.js';
import { Network } from './network.js';
import { drawMembership, type MembershipPlan } from './membership-plan.js';
import { makePlan, type Plan } from './plan.js';
import { Random } from './random.js';
import { configurationOf, ed25519Keyring, firstSeats, hashKeyring, type Keyring, nameOf, numberOf } from './signatures.js';
import { SimulatedReplica, type World } from './simulated-replica.js';
import { ToyLedger, toyReader } from './toy-ledger.js';
import { toyRequest } from './toy-shell.js';
import { Trace } from './trace.js';

export interface SimulationOptions {
  readonly seed: number;
  /** 4 or 7. */
  readonly replicas: number;
  /** Sequence numbers in agreement at once; follows from the seed where it is not given. */
  readonly maxInFlight?: number;
  /** Broken rules, for the mutation check. */
  readonly rules?: Partial<ProtocolRules>;
  readonly trace?: boolean;
}

export interface SimulationResult {
  readonly seed: number;
  readonly replicas: number;
  readonly violation: Violation | null;
  readonly steps: number;
  readonly blocks: number;
  readonly simulatedMs: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly trace: readonly string[];
}

const CHAIN_ID = 'simulated';
/** Changes of the set are drawn apart, so that they leave the rest of a schedule as it is. */
const MEMBERSHIP_SEEDS = 0x5e7_0000;
/** After the heal: long enough for the longest timer to run out more than once. */
const PATIENCE_MS = 120_000;
/** Per replica: ten times what the busiest schedules take. */
const MAX_STEPS = 20_000;

/** By seed. */
const DEPTHS = [1, 4, 2, 4];

/** One schedule: everything in it follows from the seed. */
export function simulate(options: SimulationOptions): SimulationResult {
  return new Simulation(options).run();
}

class Simulation implements World {
  readonly queue = new EventQueue();
  readonly random: Random;
  readonly rules: ProtocolRules;
  readonly #plan: Plan;
  readonly #membership: MembershipPlan;
  readonly #keyring: Keyring;
  readonly #network: Network;
  readonly #messages: Messages;
  readonly #trace: Trace;
  readonly #checker: Checker;
  /** By replica id; a twin adds a second one under the same id. */
  readonly #replicas: SimulatedReplica[][] = [];
  readonly #adversaries = new Map<ReplicaId, Adversary>();
  readonly #sent = new Set<string>();
  readonly #faults: Record<string, number> = {};
  #healed = false;
  /** Until then PREPAREs and STATUS are lost. */
  #deafUntilMs = 0;
  #steps = 0;

  constructor(readonly options: SimulationOptions) {
    const { seed, replicas } = options;
    this.random = new Random(seed);
    this.rules = { ...PRODUCTION_RULES, ...options.rules };
    this.#plan = makePlan(this.random, replicas);
    this.#membership = drawMembership(new Random(seed + MEMBERSHIP_SEEDS), replicas, this.#plan.healAtMs);
    this.#keyring = seed % 100 === 99 ? ed25519Keyring() : hashKeyring();
    this.#trace = new Trace(options.trace === true, () => this.queue.nowMs);
    this.#network = new Network(this.queue, this.random, (from, to, bytes) => this.#arrive(from, to, bytes));
    Object.assign(this.#network, this.#plan.network);
    this.#checker = new Checker(this.#keyring, replicas, CHAIN_ID, (id) => this.#isCorrect(id), (id) => this.isRealRequest(id), () => this.queue.nowMs);
    const { configurations } = this.#checker;
    this.#messages = new Messages({ chainId: CHAIN_ID, verifier: this.#keyring.verifier, rules: this.rules }, (epoch) => configurations.ofEpoch(epoch));
    for (let id = 0; id < this.#population; id += 1) this.#replicas.push(this.#makeReplicas(id));
  }

  get #population(): number {
    return this.options.replicas + this.#membership.newcomers.length;
  }

  emptyLedger(): ToyLedger {
    return new ToyLedger(this.#keyring, firstSeats(this.options.replicas));
  }

  run(): SimulationResult {
    for (const replica of this.#replicas.slice(0, this.options.replicas).flat()) this.#start(replica);
    for (const { replica, atMs } of this.#membership.newcomers) this.queue.after(atMs, () => this.#happen({ kind: 'restart', replica }));
    for (const { atMs, request } of this.#membership.changes) {
      this.queue.after(atMs, () => {
        this.#count('set-changes');
        this.#sendRequest(request);
      });
    }
    for (const { atMs, client, number } of this.#plan.requests) this.queue.after(atMs, () => this.#sendRequest(`c${client}/${number}`));
    for (const { atMs, happens } of [...this.#plan.events, ...this.#membership.events]) this.queue.after(atMs, () => this.#happen(happens));
    this.queue.after(this.#plan.healAtMs, () => this.#heal());
    this.#repeatRequests();
    while (this.#checker.violation === null && !this.#isDone() && this.queue.step()) {
      this.#steps += 1;
      if (this.#steps > MAX_STEPS * this.#population || this.queue.nowMs > this.#plan.healAtMs + PATIENCE_MS) this.#stalled();
    }
    if (this.#checker.violation === null) this.#checkBlame();
    return this.#result();
  }

  #makeReplicas(id: ReplicaId): SimulatedReplica[] {
    const signerOf = this.#keyring.signersOf(id);
    const configuration = configurationOf(this.#keyring, 1, firstSeats(this.options.replicas));
    const maxInFlight = this.options.maxInFlight ?? DEPTHS[this.options.seed % DEPTHS.length] ?? 1;
    const config = replicaConfig({ chainId: CHAIN_ID, name: nameOf(id), configuration, ...this.#plan.settings, maxInFlight });
    const ports = { signerOf, verifier: this.#keyring.verifier, proposals: toyReader };
    const kinds: readonly ByzantineKind[] = this.#plan.byzantine.get(id) ?? [];
    if (kinds.length > 0) {
      const place = () => this.#replicas[id]?.[0]?.place ?? config;
      this.#adversaries.set(id, new Adversary(id, new Set(kinds), CHAIN_ID, this.#population, signerOf, this.random, place, this.#keyring.publicKey({ replica: id, version: 0 })));
      for (const kind of kinds) this.#count(kind);
    }
    const lives = kinds.includes('twin') ? 2 : 1;
    return Array.from({ length: lives }, () => {
      const replica = new SimulatedReplica(id, config, ports, this);
      Object.assign(replica, this.#plan.machines[id]);
      return replica;
    });
  }

  #isCorrect(id: ReplicaId): boolean {
    return !this.#adversaries.has(id) && !this.#plan.wiped.has(id);
  }

  #follows(id: ReplicaId): boolean {
    return !this.#adversaries.has(id);
  }

  #start(replica: SimulatedReplica): void {
    if (replica.running) return;
    if (this.#follows(replica.id)) this.#checker.onStart(replica);
    replica.start();
  }

  /** A client sends a request to one replica, and later to another if nothing comes of it. */
  #sendRequest(id: string): void {
    this.#sent.add(id);
    const replica = this.random.pick(this.random.pick(this.#replicas));
    replica.step({ type: 'requests', requests: [toyRequest(id)], origin: 'client' });
  }

  #repeatRequests(): void {
    this.queue.after(1_000, () => {
      for (const id of this.#sent) if (!this.#checker.isOrdered(id)) this.#sendRequest(id);
      this.#repeatRequests();
    });
  }

  isRealRequest(id: string): boolean {
    return this.#sent.has(id);
  }

  #happen(happens: Plan['events'][number]['happens']): void {
    if (this.#healed) return;
    this.#count(happens.kind);
    switch (happens.kind) {
      case 'crash':
        return this.#replicas[happens.replica]?.forEach((replica) => replica.crash());
      case 'wipe':
        return this.#replicas[happens.replica]?.forEach((replica) => replica.wipe());
      case 'restart':
        return this.#replicas[happens.replica]?.forEach((replica) => this.#start(replica));
      case 'partition':
        this.note(-1, () => `partition: ${happens.side.join(',')} apart${happens.oneWay ? ', one way' : ''}`);
        for (const a of happens.side) {
          for (const b of this.#replicas.keys()) {
            if (happens.side.includes(b)) continue;
            this.#network.cut(a, b);
            if (!happens.oneWay) this.#network.cut(b, a);
          }
        }
        return;
      case 'mend':
        return this.#network.mend();
      case 'work-due':
        for (const replica of this.#replicas.flat()) replica.step({ type: 'work-due' });
        return;
    }
  }

  #heal(): void {
    this.note(-1, () => 'the network heals, every replica is up');
    this.#healed = true;
    this.#network.heal();
    for (const replica of this.#replicas.flat()) {
      replica.fsyncMs = Math.min(replica.fsyncMs, 5);
      this.#start(replica);
    }
    for (const replica of this.#replicas.flat()) replica.step({ type: 'work-due' });
  }

  /** Every request sent is ordered, and every replica that follows the protocol has every block. */
  #isDone(): boolean {
    if (!this.#healed || this.queue.nowMs < this.#plan.healAtMs + 1) return false;
    for (const id of this.#sent) if (!this.#checker.isOrdered(id)) return false;
    const height = this.#checker.chain.length - 1;
    return height > 0 && this.#replicas.flat().every((replica) => !this.#follows(replica.id) || replica.report?.executed === height);
  }

  #stalled(): void {
    const waiting = [...this.#sent].filter((id) => !this.#checker.isOrdered(id));
    const reports = this.#replicas.flat().map(({ id, report }) => `${id}: view ${report?.view}${report?.active === true ? '' : ' (changing)'}, block ${report?.executed}`);
    this.#checker.fail('liveness', 0, `${waiting.length} requests still wait; ${reports.join('; ')}`);
  }

  /** Correct replicas never find fault with each other's messages. */
  #checkBlame(): void {
    for (const judge of this.#replicas.flat()) {
      if (!this.#follows(judge.id)) continue;
      for (const [judged, dropped] of judge.report?.dropped ?? []) {
        const blamed = Object.keys(dropped).filter((name) => name.startsWith('reject/'));
        if (this.#isCorrect(numberOf(judged)) && blamed.length > 0) this.#checker.fail('no-false-blame', judge.id, `counts ${blamed.join(', ')} against ${judged}`);
      }
    }
  }

  transmit(from: SimulatedReplica, to: ReplicaId, bytes: Uint8Array): void {
    const message = this.#messages.decoded(bytes);
    if (message === null) throw new RangeError('replicas send what can be read');
    this.#trace.message(from.id, to, message);
    const adversary = this.#adversaries.get(from.id);
    if (this.#isCorrect(from.id)) this.#checker.onSend(from.id, message);
    if (adversary === undefined) return this.#send(from.id, to, bytes);
    for (const bent of adversary.bend(to, bytes, message)) this.#send(from.id, bent.to, bent.bytes);
  }

  #send(from: ReplicaId, to: ReplicaId, bytes: Uint8Array): void {
    if (this.#isAmbushed(from, to, this.#messages.decoded(bytes)?.type)) this.#count('ambushed');
    else this.#network.send(from, to, bytes);
  }

  #isAmbushed(from: ReplicaId, to: ReplicaId, type: MessageType | undefined): boolean {
    const { nowMs } = this.queue;
    if (this.#healed || type === undefined) return false;
    if (nowMs < this.#deafUntilMs && (type === 'prepare' || type === 'status')) return true;
    return this.#plan.ambushes.some(({ atMs, untilMs, replica, deaf }) => {
      if (nowMs < atMs || nowMs > untilMs) return false;
      const leaks = from === replica && (type === 'fetched' || type === 'status' || type === 'view-change');
      return leaks || (type === 'commit' && to !== replica) || (type === 'prepare' && deaf.includes(to));
    });
  }

  /** The ambushed replica has a block that nobody else has. */
  #springAmbush(id: ReplicaId): void {
    const { nowMs } = this.queue;
    const ambush = this.#plan.ambushes.find(({ atMs, untilMs, replica }) => replica === id && nowMs >= atMs && nowMs <= untilMs);
    if (ambush === undefined || this.#healed) return;
    this.note(id, () => 'is cut off with a block that nobody else has');
    for (const other of this.#replicas.keys()) {
      this.#network.cut(id, other);
      this.#network.cut(other, id);
      if (ambush.crashOthers && other !== id) this.#crashFor(other, this.random.between(1, 30));
    }
    // What they knew of each other's PREPAREs they know from disk or not at all.
    if (ambush.crashOthers) this.#deafUntilMs = nowMs + ambush.cutMs / 2;
    this.queue.after(ambush.cutMs, () => this.#network.mend());
  }

  #crashFor(id: ReplicaId, downMs: number): void {
    for (const replica of this.#replicas[id] ?? []) {
      replica.crash();
      this.queue.after(downMs, () => this.#start(replica));
    }
  }

  #arrive(from: ReplicaId, to: ReplicaId, bytes: Uint8Array): void {
    const message = this.#messages.verified(bytes);
    for (const replica of this.#replicas[to] ?? []) {
      if (message === null || this.#plan.verifyInside) replica.step({ type: 'message', from: nameOf(from), bytes });
      else replica.step({ type: 'verified-message', from: nameOf(from), message });
    }
    const adversary = this.#adversaries.get(to);
    if (adversary === undefined) return;
    for (const injected of adversary.inject(bytes, message)) this.#send(to, injected.to, injected.bytes);
  }

  onDeliver(replica: SimulatedReplica, effect: Parameters<World['onDeliver']>[1]): void {
    this.note(replica.id, () => `delivers block ${effect.sequence} of view ${effect.certificate.view}`);
    const first = this.#checker.chain.length === effect.sequence;
    if (this.#follows(replica.id)) this.#checker.onDeliver(replica, effect);
    if (first) this.#springAmbush(replica.id);
  }

  onEffect(replica: SimulatedReplica, effect: Parameters<World['onEffect']>[1]): void {
    if (effect.type === 'view-entered') {
      this.note(replica.id, () => `enters view ${effect.view}`);
      this.#count('views-entered');
    }
    if (effect.type === 'reconfigured') {
      this.note(replica.id, () => `goes on in configuration ${effect.configuration.epoch} (${effect.configuration.names.join(',')})${effect.seat === null ? ', where it is no member' : ''}`);
      this.#count('reconfigured');
    }
    if (this.#follows(replica.id)) this.#checker.onEffect(replica, effect);
  }

  onFailure(replica: SimulatedReplica, error: unknown): void {
    if (!this.#isCorrect(replica.id)) throw error;
    this.#checker.fail('no-failure', replica.id, `throws ${error instanceof Error ? error.message : String(error)}`);
  }

  /** What one correct replica proposes, every other finds valid. */
  onInvalid(replica: SimulatedReplica, digest: Uint8Array): void {
    if (this.#follows(replica.id)) this.#checker.onInvalid(replica.id, digest);
  }

  note(replica: ReplicaId, text: () => string): void {
    this.#trace.note(replica, text);
  }

  #count(name: string): void {
    this.#faults[name] = (this.#faults[name] ?? 0) + 1;
  }

  #result(): SimulationResult {
    const { seed, replicas } = this.options;
    return {
      seed,
      replicas,
      violation: this.#checker.violation,
      steps: this.#steps,
      blocks: this.#checker.chain.length - 1,
      simulatedMs: Math.round(this.queue.nowMs),
      faults: { ...this.#faults, ...this.#network.counts, evidence: this.#checker.evidence, tolerated: faultsTolerated(replicas) },
      trace: this.#trace.lines,
    };
  }
}
