import { configured, type ReplicaConfig } from '../config.js';
import type { Effect } from '../effects.js';
import type { Input, TimerId } from '../inputs.js';
import type { ReplicaPorts } from '../ports.js';
import type { ReplicaId } from '../replica-set.js';
import { type ReplicaReport, reportOn } from '../replica.js';
import type { ProtocolRules } from '../rules.js';
import { newState, type ReplicaState } from '../state.js';
import { stepWith } from '../step.js';
import { Disk } from './disk.js';
import type { EventQueue } from './event-queue.js';
import type { Random } from './random.js';
import { nameOf, numberOf } from './signatures.js';
import { seatsOf, type ToyLedger } from './toy-ledger.js';
import { toyAnswer } from './toy-shell.js';

/** What the world around a simulated replica does with it. */
export interface World {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly rules: ProtocolRules;
  /** Puts a message on the network. */
  transmit(from: SimulatedReplica, to: ReplicaId, bytes: Uint8Array): void;
  /** What a replica without blocks begins with. */
  emptyLedger(): ToyLedger;
  onDeliver(replica: SimulatedReplica, effect: Extract<Effect, { type: 'deliver' }>): void;
  onEffect(replica: SimulatedReplica, effect: Effect): void;
  /** Its step threw. */
  onFailure(replica: SimulatedReplica, error: unknown): void;
  /** Its ledger has refused a proposal. */
  onInvalid(replica: SimulatedReplica, digest: Uint8Array): void;
  /** Requests some client has really sent. */
  isRealRequest(id: string): boolean;
  note(replica: ReplicaId, text: () => string): void;
}

/**
 * A shell around the state machine, as `services/consensus-node` is one: carries effects out in order, waits for the
 * disk where it must, and loses everything but the disk in a crash.
 */
export class SimulatedReplica {
  readonly disk: Disk;
  #state: ReplicaState | null = null;
  #effects: Effect[] = [];
  #busy = false;
  /** Counts starts: what a former life has set in motion does not reach this one. */
  #life = 0;
  #timers = new Map<TimerId, number>();
  /** How fast its clock runs against simulated time, and how slow its disk is. */
  clockRate = 1;
  fsyncMs = 1;
  executionMs = 1;
  /** Its disk was lost: an empty log does not mean that it never promised anything. */
  #wiped = false;

  constructor(
    readonly id: ReplicaId,
    readonly config: ReplicaConfig,
    readonly ports: ReplicaPorts,
    readonly world: World,
  ) {
    this.disk = new Disk(() => world.emptyLedger());
  }

  /** The configuration in which it works now. */
  get place(): ReplicaConfig {
    return this.#state?.config ?? this.#placeOnDisk();
  }

  #placeOnDisk(): ReplicaConfig {
    return configured(this.config, this.disk.ledger.configuration, (key) => this.ports.signerOf(key) !== null);
  }

  get running(): boolean {
    return this.#state !== null;
  }

  get report(): ReplicaReport | null {
    return this.#state === null ? null : reportOn(this.#state);
  }

  start(): void {
    if (this.running) return;
    this.#life += 1;
    this.#state = newState(this.#placeOnDisk());
    const entries = this.disk.readLog();
    this.world.note(this.id, () => `starts with ${entries.length} log entries, block ${this.disk.ledger.head().sequence}`);
    this.step({ type: 'start', entries, head: this.disk.ledger.head(), recovering: this.#wiped && entries.length === 0 });
  }

  crash(): void {
    if (!this.running) return;
    this.world.note(this.id, () => 'crashes');
    this.#life += 1;
    this.#state = null;
    this.#effects = [];
    this.#busy = false;
    this.#timers = new Map();
    this.disk.crash(this.world.random);
  }

  /** Loses its disk while it is down. */
  wipe(): void {
    this.crash();
    this.world.note(this.id, () => 'loses its disk');
    this.disk.wipe();
    this.#wiped = true;
  }

  step(input: Input): void {
    if (this.#state === null) return;
    for (const effect of this.#stepped(this.#state, input)) {
      this.world.onEffect(this, effect);
      if (effect.type === 'set-timer') this.#setTimer(effect.id, effect.delayMs);
      else if (effect.type === 'cancel-timer') this.#timers.delete(effect.id);
      else this.#effects.push(effect);
    }
    this.#carryOut();
  }

  #stepped(state: ReplicaState, input: Input): readonly Effect[] {
    try {
      return stepWith({ ports: this.ports, rules: this.world.rules, state }, input);
    } catch (error) {
      this.world.onFailure(this, error);
      return [];
    }
  }

  #setTimer(id: TimerId, delayMs: number): void {
    const due = (this.#timers.get(id) ?? 0) + 1;
    this.#timers.set(id, due);
    this.#later(delayMs * this.clockRate, () => {
      if (this.#timers.get(id) === due) this.step({ type: 'timer', id });
    });
  }

  /** Only if this life is still going on by then. */
  #later(delayMs: number, run: () => void): void {
    const life = this.#life;
    this.world.queue.after(delayMs, () => {
      if (this.#life === life) run();
    });
  }

  #answer(input: Input): void {
    this.#later(this.executionMs * this.world.random.next(), () => this.step(input));
  }

  #carryOut(): void {
    while (!this.#busy) {
      const effect = this.#effects.shift();
      if (effect === undefined) return;
      if (effect.type === 'persist' || effect.type === 'compact-log') this.#write(effect);
      else this.#perform(effect);
    }
  }

  /** Appends that stand together share an fsync. */
  #write(effect: Extract<Effect, { type: 'compact-log' | 'persist' }>): void {
    const entries = [...effect.entries];
    for (let next = this.#effects[0]; effect.type === 'persist' && next?.type === 'persist'; next = this.#effects[0]) {
      entries.push(...next.entries);
      this.#effects.shift();
    }
    this.#busy = true;
    this.disk.beginWrite(entries, effect.type === 'compact-log');
    this.#later(this.fsyncMs * (0.5 + this.world.random.next()), () => {
      this.disk.endWrite();
      this.#busy = false;
      this.#carryOut();
    });
  }

  #perform(effect: Effect): void {
    const { world } = this;
    switch (effect.type) {
      case 'send':
        return world.transmit(this, numberOf(effect.to), effect.bytes);
      case 'broadcast':
        for (const to of this.place.names) if (to !== nameOf(this.id)) world.transmit(this, numberOf(to), effect.bytes);
        return;
      case 'deliver':
        return this.#execute(effect);
      case 'build-proposal':
      case 'validate-proposal':
      case 'check-requests':
      case 'read-blocks': {
        const answer = toyAnswer(this.disk.ledger, effect, (id) => world.isRealRequest(id));
        if (answer.type === 'proposal-validated' && !answer.ok) world.onInvalid(this, answer.digest);
        return this.#answer(answer);
      }
      case 'set-timer':
      case 'cancel-timer':
      case 'persist':
      case 'compact-log':
      case 'requests-refused':
      case 'evidence':
      case 'view-entered':
      case 'reconfigured':
      case 'diverged':
        return;
    }
  }

  /** Execution takes its time and ends on disk; the queue waits, as the ledger's own queue would. */
  #execute(effect: Extract<Effect, { type: 'deliver' }>): void {
    this.world.onDeliver(this, effect);
    this.#busy = true;
    this.#later(this.executionMs * this.world.random.next(), () => {
      const { stateAfter, requestIds } = this.disk.ledger.execute(effect.proposal, effect.certificate);
      this.#busy = false;
      this.step({ type: 'executed', sequence: effect.sequence, stateDigest: stateAfter, requestIds, configuration: this.disk.ledger.configuration });
      // A change of the set has to be named by a next block, as the ledger's results have to be proved by one.
      if (requestIds.some((id) => seatsOf(id) !== null)) this.step({ type: 'work-due' });
      this.#carryOut();
    });
  }
}
