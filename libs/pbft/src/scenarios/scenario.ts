import { replicaConfig } from '../config.js';
import type { Effect } from '../effects.js';
import type { TimerId } from '../inputs.js';
import { decodeMessage } from '../message-codec.js';
import type { Message } from '../messages.js';
import { replicaSetDigest } from '../replica-set.js';
import { PRODUCTION_RULES, type ProtocolRules } from '../rules.js';
import { configurationOf, firstSeats, hashKeyring, nameOf, numberOf } from '../simulator/signatures.js';
import { toyBodyOf, ToyLedger, toyReader } from '../simulator/toy-ledger.js';
import { toyRequest } from '../simulator/toy-shell.js';
import { describeMessage } from '../simulator/describe.js';
import { describeEffect, describeEntry, type Detail } from './describe-effect.js';
import { forge } from './forge.js';
import { Names } from './names.js';
import { matcher } from './pattern.js';
import { ScenarioReplica } from './scenario-replica.js';

const CHAIN_ID = 'scenario';
/** Begins with replicas that have not heard of each other. */
const APART = 'apart';
const MAX_DELIVERIES = 10_000;

interface InFlight {
  readonly from: number;
  readonly to: number;
  readonly kind: Message['type'];
  readonly bytes: Uint8Array;
}

/** Settings of all scenarios: small numbers, so that limits can be reached by hand. */
const SETTINGS = { checkpointInterval: 4, window: 8, progressTimeoutMs: 100, maxBackoff: 4, batchDelayMs: 0, patienceBlocks: 2, maxInFlight: 1 } as const;

/**
 * Real replicas, a network whose messages wait until the scenario says what becomes of them, and no clock: timers expire
 * on command. Prints what the replicas do. scenarios/README.md says what the commands mean.
 */
export class Scenario {
  readonly #rules: ProtocolRules;
  #names = new Names(new Uint8Array(32));
  readonly #keyring = hashKeyring();
  #replicas: ScenarioReplica[] = [];
  #inFlight: InFlight[] = [];
  readonly #cut = new Set<number>();
  #watched: ReadonlySet<number> | null = null;
  readonly #shown = new Set<Detail>();
  #lines: string[] = [];
  /** Who did what since the command began; replicas that do the same share a line. */
  #acts = new Map<string, number[]>();

  constructor(rules: Partial<ProtocolRules> = {}) {
    this.#rules = { ...PRODUCTION_RULES, ...rules };
  }

  /** @returns the lines that the command prints */
  run([command = '', ...words]: readonly string[]): string[] {
    this.#lines = [];
    this.#acts = new Map();
    const acts: Readonly<Record<string, () => void>> = {
      replicas: () => this.#begin(words),
      watch: () => (this.#watched = words[0] === 'all' ? null : new Set(words.map(Number))),
      show: () => words.forEach((word) => this.#shown.add(word as Detail)),
      request: () => this.#of(words[0]).step({ type: 'requests', requests: words.slice(1).map(toyRequest), origin: 'client' }),
      due: () => this.#each(words, (replica) => replica.step({ type: 'work-due' })),
      deliver: () => this.#deliver(words),
      settle: () => this.#settle(words),
      drop: () => this.#take(words),
      waiting: () => this.#inFlight.forEach(({ from, to, bytes }) => this.#lines.push(`${from}>${to} ${describeMessage(decodeMessage(bytes), this.#names.nameOf)}`)),
      cut: () => words.forEach((word) => this.#cut.add(Number(word))),
      mend: () => this.#cut.clear(),
      timer: () => this.#each(words.slice(1), (replica) => this.#expire(replica, words[0] as TimerId)),
      stall: () => this.#stall(words, true),
      resume: () => this.#stall(words, false),
      crash: () => this.#each(words, (replica) => replica.crash()),
      wipe: () => this.#each(words, (replica) => replica.wipe()),
      start: () => this.#each(words, (replica) => replica.start()),
      block: () => this.#names.make(words[0] ?? '', words[2] ?? '', words.slice(3)),
      forge: () => this.#forge(words),
      log: () => this.#each(words, ({ id, log }) => this.#lines.push(`${id}: ${log.map((entry) => describeEntry(entry, this.#names.nameOf)).join(', ') || 'nothing'}`)),
      chains: () => this.#replicas.forEach(({ id, ledger }) => this.#lines.push(`${id}: ${ledger.blocks.map(({ digest }) => this.#names.nameOf(digest)).join(' ') || 'nothing'}`)),
      views: () => this.#replicas.forEach((replica) => this.#lines.push(viewLine(replica))),
      dropped: () => this.#each(words, (replica) => this.#dropped(replica)),
    };
    const act = acts[command];
    if (act === undefined) throw new RangeError(`no such command: ${command}`);
    act();
    return [...this.#names.takeNews(), ...[...this.#acts].map(([done, ids]) => `${ids.join(',')} ${done}`), ...this.#lines];
  }

  #begin([count = '4', ...settings]: readonly string[]): void {
    this.#cut.clear();
    this.#shown.clear();
    this.#watched = null;
    const seats = firstSeats(Number(count));
    const configuration = configurationOf(this.#keyring, 1, seats);
    this.#names = new Names(replicaSetDigest(configuration.replicaSet));
    const given = Object.fromEntries(settings.filter((setting) => setting !== APART).map((setting) => setting.split('=')).map(([name = '', value = '']) => [name, Number(value)]));
    const observer = {
      stepped: (id: number, effects: readonly Effect[]) => this.#print(id, effects),
      transmit: (from: number, to: string, effect: Extract<Effect, { type: 'broadcast' | 'send' }>) => this.#transmit(from, to, effect),
    };
    this.#replicas = seats.map(({ replica: id }) => {
      const config = replicaConfig({ chainId: CHAIN_ID, name: nameOf(id), configuration, ...SETTINGS, ...given });
      const ports = { signerOf: this.#keyring.signersOf(id), verifier: this.#keyring.verifier, proposals: toyReader };
      return new ScenarioReplica(id, config, ports, this.#rules, observer, () => new ToyLedger(this.#keyring, seats));
    });
    this.#inFlight = [];
    for (const replica of this.#replicas) replica.start();
    // That they are there: each has heard of all.
    if (!settings.includes(APART)) this.#deliver([]);
    this.#inFlight = [];
    this.#acts = new Map();
  }

  #of(word: string | undefined): ScenarioReplica {
    const replica = this.#replicas[Number(word)];
    if (replica === undefined) throw new RangeError(`no replica ${word ?? ''}`);
    return replica;
  }

  #each(words: readonly string[], act: (replica: ScenarioReplica) => void): void {
    for (const word of words) act(this.#of(word));
  }

  #print(id: number, effects: readonly Effect[]): void {
    for (const effect of effects) if (effect.type === 'broadcast' || effect.type === 'send') this.#learn(effect.bytes);
    if (this.#watched !== null && !this.#watched.has(id)) return;
    const acts = effects.map((effect) => describeEffect(effect, this.#names.nameOf, this.#shown)).filter((act) => act !== null);
    if (acts.length === 0) return;
    const done = acts.join('; ');
    this.#acts.set(done, [...(this.#acts.get(done) ?? []), id]);
  }

  #learn(bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    const body = message.type === 'pre-prepare' ? toyBodyOf(message) : null;
    if (body !== null) this.#names.learn(body);
  }

  #transmit(from: number, to: string, { kind, bytes }: Extract<Effect, { type: 'broadcast' | 'send' }>): void {
    const receivers = to === 'all' ? this.#replicas.map(({ id }) => id).filter((id) => id !== from) : [numberOf(to)];
    for (const receiver of receivers) if (!this.#cut.has(from) && !this.#cut.has(receiver)) this.#inFlight.push({ from, to: receiver, kind, bytes });
  }

  /** Takes what matches off the network. */
  #take(words: readonly string[]): InFlight[] {
    const matches = matcher(words);
    const taken = this.#inFlight.filter(matches);
    this.#inFlight = this.#inFlight.filter((message) => !matches(message));
    return taken;
  }

  #deliver(words: readonly string[]): void {
    for (const { from, to, bytes } of this.#take(words)) {
      if (!this.#cut.has(from) && !this.#cut.has(to)) this.#of(String(to)).step({ type: 'message', from: nameOf(from), bytes });
    }
  }

  /** Delivers until nothing that matches is on its way. */
  #settle(words: readonly string[]): void {
    const matches = matcher(words);
    for (let deliveries = 0; this.#inFlight.some(matches); deliveries += 1) {
      if (deliveries > MAX_DELIVERIES) throw new RangeError('the replicas do not come to rest');
      this.#deliver(words);
    }
  }

  #expire(replica: ScenarioReplica, id: TimerId): void {
    if (replica.hasTimer(id)) replica.step({ type: 'timer', id });
    else this.#lines.push(`${replica.id} has no ${id} timer`);
  }

  #stall([what = '', ...words]: readonly string[], stalled: boolean): void {
    this.#each(words, (replica) => {
      if (what === 'disk') replica.diskStalled = stalled;
      else replica.ledgerStalled = stalled;
      replica.carryOut();
    });
  }

  /** `forge 0>1,2 pre-prepare v0 X`: with the key of the sender. */
  #forge([edge = '', ...words]: readonly string[]): void {
    const [from, to = ''] = edge.split('>');
    const replica = Number(from);
    const signer = this.#keyring.signersOf(replica)(this.#keyring.publicKey({ replica, version: 0 }));
    if (signer === null) throw new RangeError(`no replica ${from ?? ''}`);
    const seen = <T extends Message['type']>(type: T): Extract<Message, { type: T }> => {
      const found = this.#inFlight.map(({ bytes }) => decodeMessage(bytes)).findLast((message): message is Extract<Message, { type: T }> => message.type === type);
      if (found === undefined) throw new RangeError(`no ${type} is on its way`);
      return found;
    };
    const bytes = words[0] === 'garbage' ? new Uint8Array([1, 2, 3]) : forge({ replica, signer, chainId: CHAIN_ID, block: (name) => this.#names.block(name), seen }, words);
    const kind = words[0] as Message['type'];
    for (const receiver of to.split(',').map(Number)) this.#inFlight.push({ from: replica, to: receiver, kind, bytes });
  }

  #dropped(replica: ScenarioReplica): void {
    for (const [peer, counts] of replica.report?.dropped ?? []) {
      const faults = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
      if (faults.length > 0) this.#lines.push(`${replica.id} of ${peer}: ${faults.join(', ')}`);
    }
  }
}

function viewLine({ id, report }: ScenarioReplica): string {
  if (report === null) return `${id}: down`;
  const { view, active, executed, stable, pendingRequests, recovering } = report;
  return `${id}: v${view}${active ? '' : ' (changing)'}, block ${executed}, stable ${stable}, ${pendingRequests} requests wait${recovering ? ', silent' : ''}`;
}
