import { concatBytes } from '@medveil/encoding';
import { type ReplicaConfig } from '../config.js';
import type { Effect } from '../effects.js';
import type { Input, TimerId } from '../inputs.js';
import type { ReplicaPorts } from '../ports.js';
import { type ReplicaReport, reportOn } from '../replica.js';
import type { ProtocolRules } from '../rules.js';
import type { ToyLedger } from '../simulator/toy-ledger.js';
import { toyAnswer } from '../simulator/toy-shell.js';
import { newState, type ReplicaState } from '../state.js';
import { stepWith } from '../step.js';
import { frameWalEntry, readWal } from '../wal.js';
import type { WalEntry } from '../wal-entries.js';

/** What the scenario sees of a replica. */
export interface Observer {
  /** All effects of one step. */
  stepped(replica: number, effects: readonly Effect[]): void;
  /** @param to a replica's name, or `all` */
  transmit(from: number, to: string, effect: Extract<Effect, { type: 'broadcast' | 'send' }>): void;
}

/**
 * A replica with its disk and ledger, driven by hand: it does at once what it must, unless its disk or its ledger has
 * been told to stand still.
 */
export class ScenarioReplica {
  #state: ReplicaState | null = null;
  #log: Uint8Array = new Uint8Array(0);
  #ledger: ToyLedger;
  #effects: Effect[] = [];
  #wiped = false;
  /** The disk takes no write to its end: what comes after a write waits. */
  diskStalled = false;
  /** The ledger gives no answer: what comes after a question waits. */
  ledgerStalled = false;

  constructor(
    readonly id: number,
    readonly config: ReplicaConfig,
    readonly ports: ReplicaPorts,
    readonly rules: ProtocolRules,
    readonly observer: Observer,
    readonly emptyLedger: () => ToyLedger,
  ) {
    this.#ledger = emptyLedger();
  }

  get running(): boolean {
    return this.#state !== null;
  }

  get report(): ReplicaReport | null {
    return this.#state === null ? null : reportOn(this.#state);
  }

  get ledger(): ToyLedger {
    return this.#ledger;
  }

  /** The log as the next start would find it. */
  get log(): readonly WalEntry[] {
    return readWal(this.#log).entries;
  }

  hasTimer(id: TimerId): boolean {
    return this.#state?.timers.has(id) === true;
  }

  start(): void {
    this.#state = newState(this.config);
    const { entries, validBytes } = readWal(this.#log);
    this.#log = this.#log.slice(0, validBytes);
    this.step({ type: 'start', entries, head: this.#ledger.head(), recovering: this.#wiped && entries.length === 0 });
  }

  /** A write that was under way is torn in the middle; what waited for it never happens. */
  crash(): void {
    const [waiting] = this.#effects;
    if (waiting?.type === 'persist') {
      const bytes = concatBytes(...waiting.entries.map((entry) => frameWalEntry(entry)));
      this.#log = concatBytes(this.#log, bytes.slice(0, bytes.length / 2));
    }
    this.#state = null;
    this.#effects = [];
    this.diskStalled = false;
    this.ledgerStalled = false;
  }

  wipe(): void {
    this.crash();
    this.#log = new Uint8Array(0);
    this.#ledger = this.emptyLedger();
    this.#wiped = true;
  }

  step(input: Input): void {
    if (this.#state === null) return;
    const { ports, rules } = this;
    const effects = stepWith({ ports, rules, state: this.#state }, input);
    this.observer.stepped(this.id, effects);
    this.#effects.push(...effects);
    this.carryOut();
  }

  /** In order; stops where the disk or the ledger stands still. */
  carryOut(): void {
    for (let effect = this.#effects[0]; effect !== undefined; effect = this.#effects[0]) {
      if (this.#mustWait(effect)) return;
      this.#effects.shift();
      this.#perform(effect);
    }
  }

  #mustWait(effect: Effect): boolean {
    if (effect.type === 'persist' || effect.type === 'compact-log') return this.diskStalled;
    return this.ledgerStalled && (effect.type === 'deliver' || effect.type === 'build-proposal' || effect.type === 'validate-proposal');
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'persist':
        this.#log = concatBytes(this.#log, ...effect.entries.map((entry) => frameWalEntry(entry)));
        return;
      case 'compact-log':
        this.#log = concatBytes(...effect.entries.map((entry) => frameWalEntry(entry)));
        return;
      case 'broadcast':
        return this.observer.transmit(this.id, 'all', effect);
      case 'send':
        return this.observer.transmit(this.id, effect.to, effect);
      case 'deliver': {
        const { stateAfter, requestIds } = this.#ledger.execute(effect.proposal, effect.certificate);
        return this.step({ type: 'executed', sequence: effect.sequence, stateDigest: stateAfter, requestIds, configuration: this.#ledger.configuration });
      }
      case 'build-proposal':
      case 'validate-proposal':
      case 'check-requests':
      case 'read-blocks':
        return this.step(toyAnswer(this.#ledger, effect));
      case 'set-timer':
      case 'cancel-timer':
      case 'requests-refused':
      case 'evidence':
      case 'view-entered':
      case 'reconfigured':
      case 'diverged':
        return;
    }
  }
}
