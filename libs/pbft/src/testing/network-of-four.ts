import { replicaConfig } from '../config.js';
import type { Effect } from '../effects.js';
import { createReplica, type Replica } from '../replica.js';
import { hashKeyring } from '../simulator/signatures.js';
import { ToyLedger, toyReader } from '../simulator/toy-ledger.js';
import { toyAnswer, toyRequest } from '../simulator/toy-shell.js';

export const CHAIN_ID = 'four';
export const keyring = hashKeyring(4);

/** Four replicas whose shells do everything at once, for specs that look at single messages. */
export class NetworkOfFour {
  readonly replicas: Replica[] = [];
  readonly ledgers: ToyLedger[] = [];
  readonly effects: Effect[][] = [[], [], [], []];
  /** Says which messages arrive; all of them until a spec decides otherwise. */
  arrives: (from: number, to: number, kind: string) => boolean = () => true;
  readonly #waiting: (() => void)[] = [];

  constructor() {
    for (const [id, signer] of keyring.signers.entries()) {
      const config = replicaConfig({ chainId: CHAIN_ID, replica: id, replicaSet: keyring.replicaSet, batchDelayMs: 0, checkpointInterval: 2 });
      this.replicas.push(createReplica(config, { signer, verifier: keyring.verifier, proposals: toyReader }));
      this.ledgers.push(new ToyLedger());
    }
    for (const id of this.replicas.keys()) this.step(id, { type: 'start', entries: [], head: this.ledger(id).head(), recovering: false });
    this.settle();
  }

  ledger(id: number): ToyLedger {
    const ledger = this.ledgers[id];
    if (ledger === undefined) throw new RangeError('four replicas');
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
    if (effect.type === 'broadcast') for (const to of this.replicas.keys()) if (to !== id) this.#transmit(id, to, effect.kind, effect.bytes);
    if (effect.type === 'send') this.#transmit(id, effect.to, effect.kind, effect.bytes);
    if (effect.type === 'deliver') {
      const { stateAfter, requestIds } = ledger.execute(effect.proposal, effect.certificate);
      this.step(id, { type: 'executed', sequence: effect.sequence, stateDigest: stateAfter, requestIds });
    }
    if (effect.type === 'build-proposal' || effect.type === 'validate-proposal' || effect.type === 'check-requests' || effect.type === 'read-blocks') {
      this.step(id, toyAnswer(ledger, effect));
    }
  }

  #transmit(from: number, to: number, kind: string, bytes: Uint8Array): void {
    if (this.arrives(from, to, kind)) this.step(to, { type: 'message', from, bytes });
  }
}
