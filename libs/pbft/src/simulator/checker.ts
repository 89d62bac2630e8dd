import { equalBytes, fromUtf8, toHex } from '@medveil/encoding';
import type { Effect } from '../effects.js';
import { verifyEvidence } from '../evidence.js';
import type { Message, PrePrepare, Statement } from '../messages.js';
import { newViewContent, viewChangeContent } from '../payloads.js';
import type { ReplicaId } from '../replica-set.js';
import { verifyCommitCertificate } from '../verify-certificates.js';
import { firstSeats, type Keyring, nameOf, numberOf } from './signatures.js';
import type { SimulatedReplica } from './simulated-replica.js';
import { GENESIS_DIGEST, readToyBlock, ToyConfigurations, toyBodyOf } from './toy-ledger.js';

export type Invariant =
  | 'agreement'
  | 'validity'
  | 'no-double-delivery'
  | 'durability'
  | 'no-self-contradiction'
  | 'no-false-accusation'
  | 'no-divergence'
  | 'no-false-blame'
  | 'membership'
  | 'no-failure'
  | 'liveness';

export interface Violation {
  readonly invariant: Invariant;
  readonly replica: ReplicaId;
  readonly atMs: number;
  readonly text: string;
}

interface SeenBlock {
  readonly previous: string;
  /** Digest of the set that its header names. */
  readonly named: string;
  /** Of the configuration that decides on what follows it. */
  readonly epoch: number;
}

/** Watches everything that correct replicas do, and says the first thing that must not happen. */
export class Checker {
  violation: Violation | null = null;
  evidence = 0;
  /** What the correct replicas have agreed on: digests (hex) by sequence; index 0 is genesis. */
  readonly chain: string[] = [toHex(GENESIS_DIGEST)];
  readonly #ordered = new Set<string>();
  /** Who certifies what, by the blocks agreed on. */
  readonly configurations: ToyConfigurations;
  readonly #lastDelivered: number[] = [];
  /** By correct leaders. */
  readonly #proposed = new Set<string>();
  /** What correct replicas have looked at, decided or not, by digest (hex). */
  readonly #blocks = new Map<string, SeenBlock>();
  readonly #promises = new Map<string, string>();
  /** A broadcast is one message sent many times. */
  #lastSent: Message | null = null;

  constructor(
    readonly keyring: Keyring,
    replicas: number,
    readonly chainId: string,
    readonly isCorrect: (replica: ReplicaId) => boolean,
    readonly isRealRequest: (id: string) => boolean,
    readonly now: () => number,
  ) {
    this.configurations = ToyConfigurations.from(keyring, firstSeats(replicas));
    this.#blocks.set(toHex(GENESIS_DIGEST), { previous: '', named: toHex(this.configurations.namedBy(0)), epoch: 1 });
  }

  fail(invariant: Invariant, replica: ReplicaId, text: string): void {
    this.violation ??= { invariant, replica, atMs: this.now(), text };
  }

  /** A restarted replica delivers again from its ledger's head on; no earlier, and no later. */
  onStart(replica: SimulatedReplica): void {
    const { sequence, digest } = replica.disk.ledger.head();
    this.#lastDelivered[replica.id] = sequence;
    if (this.chain[sequence] !== toHex(digest)) this.fail('durability', replica.id, `came back with another block ${sequence}`);
  }

  onDeliver(replica: SimulatedReplica, effect: Extract<Effect, { type: 'deliver' }>): void {
    const { sequence, digest, certificate, proposal } = effect;
    this.#learn(proposal);
    const last = this.#lastDelivered[replica.id] ?? 0;
    if (sequence !== last + 1) this.fail('no-double-delivery', replica.id, `delivered ${sequence} after ${last}`);
    this.#lastDelivered[replica.id] = sequence;
    const agreed = this.chain[sequence];
    if (agreed === undefined) this.#firstDelivery(replica.id, sequence, toHex(digest), proposal);
    else if (agreed !== toHex(digest)) this.fail('agreement', replica.id, `block ${sequence} is ${short(digest)}, elsewhere ${agreed.slice(0, 8)}`);
    const { epoch, replicaSet } = this.configurations.at(sequence);
    const certified =
      certificate.epoch === epoch &&
      certificate.sequence === sequence &&
      equalBytes(certificate.digest, digest) &&
      verifyCommitCertificate(certificate, replicaSet, this.chainId, this.keyring.verifier);
    if (!certified) this.fail('validity', replica.id, `block ${sequence} was delivered without a good certificate`);
  }

  #firstDelivery(replica: ReplicaId, sequence: number, digest: string, proposal: Uint8Array): void {
    const block = readToyBlock(proposal);
    this.chain[sequence] = digest;
    if (block === null || toHex(block.digest) !== digest) return this.fail('validity', replica, `block ${sequence} is not what its digest says`);
    if (toHex(block.previousDigest) !== this.chain[sequence - 1]) this.fail('validity', replica, `block ${sequence} does not follow on block ${sequence - 1}`);
    this.configurations.execute(sequence, block.transactions.map((bytes) => fromUtf8(bytes)));
    for (const bytes of block.transactions) {
      const id = fromUtf8(bytes);
      if (!this.isRealRequest(id)) this.fail('validity', replica, `block ${sequence} holds ${id}, which no client sent`);
      if (this.#ordered.has(id)) this.fail('no-double-delivery', replica, `block ${sequence} holds ${id} a second time`);
      this.#ordered.add(id);
    }
  }

  isOrdered(id: string): boolean {
    return this.#ordered.has(id);
  }

  onEffect(replica: SimulatedReplica, effect: Effect): void {
    if (effect.type === 'validate-proposal') this.#learn(effect.proposal);
    if (effect.type === 'diverged') this.fail('no-divergence', replica.id, `found its state different at ${effect.sequence}`);
    if (effect.type !== 'evidence') return;
    const { evidence } = effect;
    this.evidence += 1;
    const configuration = this.configurations.ofEpoch(evidence.epoch);
    const accused = numberOf(configuration?.names[evidence.replica] ?? '-1');
    if (this.isCorrect(accused)) this.fail('no-false-accusation', replica.id, `accuses ${accused} of a second ${evidence.kind}`);
    if (configuration === undefined || !verifyEvidence(evidence, configuration.replicaSet, this.chainId, this.keyring.verifier)) {
      this.fail('no-false-accusation', replica.id, `evidence against ${accused} does not hold`);
    }
  }

  #nameOfSigner({ epoch, replica }: Statement): string | undefined {
    return this.configurations.ofEpoch(epoch)?.names[replica];
  }

  /** A block whose predecessor has been looked at, too. */
  #learn(proposal: Uint8Array): void {
    const block = readToyBlock(proposal);
    if (block === null) return;
    const [previous, named] = [toHex(block.previousDigest), toHex(block.setDigest)];
    const before = this.#blocks.get(previous);
    if (before !== undefined) this.#blocks.set(toHex(block.digest), { previous, named, epoch: named === before.named ? before.epoch : block.sequence + 1 });
  }

  /** A correct replica votes on a block in the configuration that decides it by what is below it, and in no other. */
  #checkPlace(replica: ReplicaId, message: Statement): void {
    if (message.type !== 'pre-prepare' && message.type !== 'prepare' && message.type !== 'commit') return;
    const body = message.type === 'pre-prepare' ? toyBodyOf(message) : null;
    if (body !== null) this.#learn(body);
    const epoch = this.#blocks.get(this.#blocks.get(toHex(message.digest))?.previous ?? '')?.epoch;
    if (epoch !== undefined && message.epoch !== epoch) this.fail('membership', replica, `sends ${message.type} for ${message.sequence} in configuration ${message.epoch}, decided by ${epoch}`);
  }

  onInvalid(replica: ReplicaId, digest: Uint8Array): void {
    if (this.#proposed.has(toHex(digest))) this.fail('no-false-blame', replica, `finds the proposal ${short(digest)} of a correct leader invalid`);
  }

  /** What a correct replica says, across all its lives, it never contradicts. */
  onSend(replica: ReplicaId, message: Message): void {
    if (message === this.#lastSent || !('epoch' in message) || this.#nameOfSigner(message) !== nameOf(replica)) return;
    this.#lastSent = message;
    if (message.type === 'pre-prepare') this.#proposed.add(toHex(message.digest));
    this.#checkPlace(replica, message);
    for (const [about, content] of promisesOf(message)) {
      const name = `${replica} ${about}`;
      const before = this.#promises.get(name);
      if (before !== undefined && before !== content) this.fail('no-self-contradiction', replica, `says ${content.slice(0, 8)} and ${before.slice(0, 8)} about ${about}`);
      this.#promises.set(name, content);
    }
  }
}

function promisesOf(message: Statement): [string, string][] {
  return contentsOf(message).map(([about, content]) => [`${message.epoch}: ${about}`, content]);
}

function contentsOf(message: Statement): [string, string][] {
  switch (message.type) {
    case 'pre-prepare':
      return [prePreparePromise(message)];
    case 'prepare':
      return [[`prepare ${message.view}/${message.sequence}`, toHex(message.digest)]];
    case 'commit':
      return [[`commit ${message.view}/${message.sequence}`, toHex(message.digest)]];
    case 'checkpoint':
      return [[`checkpoint ${message.sequence}`, toHex(message.stateDigest)]];
    case 'view-change':
      return [[`view-change ${message.newView}`, toHex(viewChangeContent(message))]];
    case 'new-view':
      return [
        [`new-view ${message.view}`, toHex(newViewContent(message))],
        ...message.prePrepares.map((proposal): [string, string] => prePreparePromise({ ...proposal, view: message.view })),
      ];
    case 'fetch-proposal':
    case 'proposal':
    case 'request':
    case 'status':
    default:
      return [];
  }
}

const prePreparePromise = (p: Pick<PrePrepare, 'digest' | 'sequence' | 'view'>): [string, string] => [`pre-prepare ${p.view}/${p.sequence}`, toHex(p.digest)];

export const short = (digest: Uint8Array): string => toHex(digest).slice(0, 8);
