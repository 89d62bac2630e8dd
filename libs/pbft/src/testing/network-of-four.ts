import { replicaConfig } from '../config.js';
import type { Effect } from '../effects.js';
import { createReplica, type Replica } from '../replica.js';
import type { WalEntry } from '../wal-entries.js';
import { configurationOf, firstSeats, hashKeyring, KEY_VERSIONS, nameOf, numberOf } from '../simulator/signatures.js';
import { seatsOf, ToyLedger, toyReader } from '../simulator/toy-ledger.js';
import { toyAnswer, toyRequest } from '../simulator/toy-shell.js';

export const CHAIN_ID = 'four';
export const keyring = hashKeyring();
export const configuration = configurationOf(keyring, 1, firstSeats(4));
const POPULATION = 5;

/** Four replicas, and a fifth that is no member yet, whose shells do everything at once, for specs that look at single messages. */
export class NetworkOfFour {
  readonly replicas: Replica[] = [];
  readonly ledgers: ToyLedger[] = [];
  readonly effects: Effect[][] = [[], [], [], [], []];
  /** Says which messages arrive; all of them until a spec decides otherwise. */
  arrives: (from: number, to: number, kind: string) => boolean = () => true;
  readonly started = new Set<number>();
  readonly #waiting: (() => void)[] = [];

  /** @param keyVersions of each key that a replica holds */
  constructor(readonly keyVersions = KEY_VERSIONS) {
    for (let id = 0; id < POPULATION; id += 1) {
      this.ledgers.push(new ToyLedger(keyring, firstSeats(4)));
      this.replicas.push(this.#make(id));
    }
    for (const id of [0, 1, 2, 3]) this.start(id);
    // Who started first has told nobody yet: each is to have heard of all.
    for (const id of [0, 1, 2, 3]) this.step(id, { type: 'timer', id: 'status' });
    this.settle();
  }

  #make(id: number): Replica {
    const config = replicaConfig({ chainId: CHAIN_ID, name: nameOf(id), configuration: this.ledger(id).configuration, batchDelayMs: 0, checkpointInterval: 2 });
    return createReplica(config, { signerOf: keyring.signersOf(id, this.keyVersions), verifier: keyring.verifier, proposals: toyReader });
  }

  /** From the ledger and this log, as after a crash. */
  start(id: number, entries: readonly WalEntry[] = []): void {
    this.replicas[id] = this.#make(id);
    this.started.add(id);
    this.step(id, { type: 'start', entries, head: this.ledger(id).head(), recovering: false });
    this.settle();
  }

  /** Its ledger is empty again; its log is not. */
  loseBlocks(id: number): void {
    this.ledgers[id] = new ToyLedger(keyring, firstSeats(4));
  }

  /** Everything it has written, in order, as it would be read back. */
  log(id: number): readonly WalEntry[] {
    const effects = this.effects[id] ?? [];
    const whole = effects.findLastIndex(({ type }) => type === 'compact-log');
    return effects.slice(Math.max(0, whole)).flatMap((effect) => (effect.type === 'persist' || effect.type === 'compact-log' ? effect.entries : []));
  }

  ledger(id: number): ToyLedger {
    const ledger = this.ledgers[id];
    if (ledger === undefined) throw new RangeError('five replicas');
    return ledger;
  }

  step(id: number, input: Parameters<Replica['step']>[0]): void {
    for (const effect of this.replicas[id]?.step(input) ?? []) {
      this.effects[id]?.push(effect);
      this.#waiting.push(() => this.#perform(id, effect));
    }
  }

  request(id: number, name: string): void {
    this.step(id, { type: 'requests', requests: [toyRequest(name)], origin: 'client' });
    this.settle();
  }

  settle(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next();
  }

  /** Everything replica `id` has done of one kind. */
  of<T extends Effect['type']>(id: number, type: T): Extract<Effect, { type: T }>[] {
    return (this.effects[id] ?? []).filter((effect): effect is Extract<Effect, { type: T }> => effect.type === type);
  }

  #perform(id: number, effect: Effect): void {
    const ledger = this.ledger(id);
    if (effect.type === 'broadcast') for (const to of this.replicas[id]?.report().members ?? []) if (to !== nameOf(id)) this.#transmit(id, numberOf(to), effect.kind, effect.bytes);
    if (effect.type === 'send') this.#transmit(id, numberOf(effect.to), effect.kind, effect.bytes);
    if (effect.type === 'deliver') {
      const { stateAfter, requestIds } = ledger.execute(effect.proposal, effect.certificate);
      this.step(id, { type: 'executed', sequence: effect.sequence, stateDigest: stateAfter, requestIds, configuration: ledger.configuration });
      if (requestIds.some((request) => seatsOf(request) !== null)) this.step(id, { type: 'work-due' });
    }
    if (effect.type === 'build-proposal' || effect.type === 'validate-proposal' || effect.type === 'check-requests' || effect.type === 'read-blocks') {
      this.step(id, toyAnswer(ledger, effect));
    }
  }

  #transmit(from: number, to: number, kind: string, bytes: Uint8Array): void {
    if (this.started.has(to) && this.arrives(from, to, kind)) this.step(to, { type: 'message', from: nameOf(from), bytes });
  }
}
