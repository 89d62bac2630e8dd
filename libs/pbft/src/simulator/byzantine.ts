import { encodeMessage } from '../message-codec.js';
import type { Message, NewView, PrePrepare, Statement, ViewChange } from '../messages.js';
import { messagePayload } from '../payloads.js';
import type { ReplicaConfig } from '../config.js';
import type { ReplicaPorts } from '../ports.js';
import { primaryOf, type ReplicaId } from '../replica-set.js';
import type { Random } from './random.js';
import { nameOf, numberOf } from './signatures.js';
import { encodeToyBlock, encodeToyOutline, readToyBlock, toyBodyOf } from './toy-ledger.js';

export const BYZANTINE_KINDS = [
  'equivocating-leader',
  'silent-leader',
  'selective-sender',
  'twin',
  'double-voter',
  'hasty-voter',
  'forged-view-change',
  'forged-new-view',
  'stale-replayer',
  'withholder',
  'false-bodies',
  'garbage',
  'spoofer',
  'false-blocks',
  'invalid-proposer',
  'usurper',
  'vote-repeater',
] as const;

export type ByzantineKind = (typeof BYZANTINE_KINDS)[number];

export interface Outgoing {
  readonly to: ReplicaId;
  readonly bytes: Uint8Array;
}

const withBody = (message: PrePrepare): PrePrepare => ({ ...message, outline: null, proposal: toyBodyOf(message) });

/** Of the same block, and yet not what its digest names. */
function otherBody(proposal: Uint8Array): Uint8Array {
  const block = readToyBlock(proposal);
  return block === null ? proposal : encodeToyBlock({ ...block, transactions: block.transactions.slice(1) });
}

/**
 * The adversary inside one replica: it runs the protocol, sees every message, and bends what is sent. It has this
 * replica's key and no other. Behaviours combine.
 */
export class Adversary {
  readonly #seen: Uint8Array[] = [];
  readonly #proposed = new Map<string, PrePrepare>();
  /** Of proposals it has made up. */
  readonly #bodies = new Map<string, Uint8Array>();
  /** A second proposal for a view and sequence, and who is shown it. */
  readonly #alternatives = new Map<string, PrePrepare>();
  readonly #shownFirst: ReadonlySet<ReplicaId>;
  readonly #preferred: ReadonlySet<ReplicaId>;

  constructor(
    readonly id: ReplicaId,
    readonly kinds: ReadonlySet<ByzantineKind>,
    readonly chainId: string,
    /** How many there are, members or not. */
    readonly population: number,
    readonly signerOf: ReplicaPorts['signerOf'],
    readonly random: Random,
    /** The configuration it works in. */
    readonly place: () => ReplicaConfig,
    readonly firstKey: Uint8Array,
  ) {
    const others = random.shuffled([...Array(population).keys()].filter((replica) => replica !== id));
    this.#shownFirst = new Set(others.slice(0, Math.ceil(others.length / 2)));
    this.#preferred = new Set(others.slice(0, random.between(1, others.length)));
  }

  get #replicas(): number {
    return this.place().names.length;
  }

  /** What it puts into a message of its own. */
  get #own() {
    return { epoch: this.place().epoch, replica: this.place().replica, signature: new Uint8Array(64) };
  }

  /** What goes out instead of `bytes`. */
  bend(to: ReplicaId, bytes: Uint8Array, message: Message): Outgoing[] {
    this.#remember(bytes, message);
    if (this.#suppresses(to, message)) return [];
    if (message.type === 'new-view' && this.#isOwn(message) && this.kinds.has('forged-new-view')) return this.#forgedNewView(to, message);
    let out: Outgoing[] = [{ to, bytes: encodeMessage(this.#changed(to, message)) }];
    if (message.type === 'pre-prepare' && this.#isOwn(message)) out = this.#proposals(to, message);
    if ((message.type === 'prepare' || message.type === 'commit') && this.kinds.has('double-voter')) out.push(...this.#secondVotes(to, message));
    if (this.kinds.has('vote-repeater') && (message.type === 'prepare' || message.type === 'commit')) {
      out.push(...out, { to, bytes: encodeMessage(this.#resigned({ ...message, signature: new Uint8Array(64) })) });
    }
    return out;
  }

  /** What it sends unasked when it receives something, and now and then. */
  inject(bytes: Uint8Array, received: Message | null): Outgoing[] {
    const out: Outgoing[] = [];
    if (received !== null) this.#remember(bytes, received);
    const all = this.place().names.map(numberOf).filter((replica) => replica !== this.id);
    const toAll = (sent: Uint8Array): void => void out.push(...all.map((to) => ({ to, bytes: sent })));
    if (received?.type === 'pre-prepare' && this.kinds.has('hasty-voter')) {
      const { view, sequence, digest, previousDigest } = received;
      toAll(encodeMessage(this.#resigned({ type: 'commit', view, sequence, digest, ...this.#own })));
      if (primaryOf(view, this.#replicas) !== this.place().replica) {
        toAll(encodeMessage(this.#resigned({ type: 'prepare', view, sequence, digest, previousDigest, ...this.#own })));
      }
    }
    if (received?.type === 'fetch-proposal') out.push(...this.#handOut(received));
    if (received?.type === 'pre-prepare' && this.kinds.has('usurper')) toAll(encodeMessage(this.#usurped(received)));
    if (!this.random.chance(0.05)) return out;
    if (this.kinds.has('stale-replayer') && this.#seen.length > 0) toAll(this.random.pick(this.#seen));
    if (this.kinds.has('garbage')) toAll(this.#garbage());
    if (this.kinds.has('spoofer') && received !== null) toAll(this.#spoofed(received));
    if (this.kinds.has('forged-view-change') && received !== null && 'view' in received) toAll(encodeMessage(this.#forgedViewChange(received.view + 1)));
    return out;
  }

  #handOut(asked: Extract<Message, { type: 'fetch-proposal' }>): Outgoing[] {
    const proposal = this.#bodies.get(asked.digest.join());
    if (proposal === undefined) return [];
    const answer = this.#resigned({ type: 'proposal', sequence: asked.sequence, proposal, ...this.#own });
    return [{ to: numberOf(this.place().names[asked.replica] ?? nameOf(this.id)), bytes: encodeMessage(answer) }];
  }

  #remember(bytes: Uint8Array, message: Message): void {
    if (message.type === 'pre-prepare') this.#proposed.set(`${message.view}/${message.sequence}/${message.digest.join()}`, withBody(message));
    if (this.#seen.length < 400) this.#seen.push(bytes);
    else this.#seen[this.random.between(0, 399)] = bytes;
  }

  #suppresses(to: ReplicaId, message: Message): boolean {
    if (this.kinds.has('silent-leader') && (message.type === 'pre-prepare' || message.type === 'new-view')) return true;
    if (this.kinds.has('selective-sender') && !this.#preferred.has(to) && this.random.chance(0.9)) return true;
    return this.kinds.has('withholder') && (message.type === 'proposal' || message.type === 'fetched' || message.type === 'request');
  }

  #changed(to: ReplicaId, message: Message): Message {
    if (message.type === 'view-change' && this.kinds.has('forged-view-change')) return this.#forgedViewChange(message.newView, message);
    if (message.type === 'pre-prepare' && this.kinds.has('withholder') && !this.#preferred.has(to)) return { ...message, proposal: null, outline: null };
    if (message.type === 'proposal' && this.kinds.has('false-bodies')) return this.#resigned({ ...message, proposal: otherBody(message.proposal) });
    if (message.type === 'fetched' && this.kinds.has('false-blocks')) return this.#falseBlocks(message);
    if (message.type === 'status' && this.kinds.has('false-blocks')) return this.#resigned({ ...message, committed: message.committed + this.random.between(0, 20) });
    return message;
  }

  #proposals(to: ReplicaId, message: PrePrepare): Outgoing[] {
    if (this.kinds.has('invalid-proposer')) return [{ to, bytes: encodeMessage(this.#byDigest(this.#variant(message, 'invalid'))) }];
    const honest = { to, bytes: encodeMessage(this.#changed(to, message)) };
    if (!this.kinds.has('equivocating-leader')) return [honest];
    const name = `${message.view}/${message.sequence}`;
    const other = this.#alternatives.get(name) ?? this.#variant(message, 'other');
    this.#alternatives.set(name, other);
    const bent = { to, bytes: encodeMessage(this.#byDigest(other)) };
    // Votes for both, so that each half may find a quorum.
    const { view, sequence } = message;
    const commits = [message.digest, other.digest].map((digest) => ({
      to,
      bytes: encodeMessage(this.#resigned({ type: 'commit', view, sequence, digest, ...this.#own })),
    }));
    const chosen = this.#shownFirst.has(to) ? honest : bent;
    if (this.random.chance(0.2)) return [honest, bent, ...commits];
    return [chosen, ...commits.slice(this.#shownFirst.has(to) ? 0 : 1, this.#shownFirst.has(to) ? 1 : 2)];
  }

  /** Another proposal for the same place in the chain: without transactions, or one that no ledger accepts. */
  #variant(given: PrePrepare, how: 'invalid' | 'other'): PrePrepare {
    const message = withBody(given);
    const block = message.proposal === null ? null : readToyBlock(message.proposal);
    if (block === null) return message;
    const { stateDigest, transactions } = block;
    const first = transactions.slice(0, 1);
    const invalid = how === 'invalid' ? [...first, ...first] : transactions.slice(1);
    const proposal = encodeToyBlock({ ...block, stateDigest: how === 'invalid' && this.random.chance(0.3) ? block.previousDigest : stateDigest, transactions: invalid });
    const digest = readToyBlock(proposal)?.digest ?? message.digest;
    return this.#resigned({ ...message, digest, proposal });
  }

  /** Half of the time, as a correct leader would send it. */
  #byDigest(message: PrePrepare): PrePrepare {
    return message.proposal === null || this.random.chance(0.5) ? message : { ...message, proposal: null, outline: encodeToyOutline(message.proposal) };
  }

  /** A vote for whatever else it has seen proposed in this view and sequence. */
  #secondVotes(to: ReplicaId, message: Extract<Message, { type: 'commit' | 'prepare' }>): Outgoing[] {
    const place = `${message.view}/${message.sequence}/`;
    const other = [...this.#proposed].find(([name]) => name.startsWith(place) && name !== place + message.digest.join())?.[1];
    if (other === undefined) return [];
    const vote: Message = message.type === 'prepare' ? { ...message, digest: other.digest, previousDigest: other.previousDigest } : { ...message, digest: other.digest };
    return [{ to, bytes: encodeMessage(this.#resigned(vote)) }];
  }

  /** Claims to have prepared nothing, or what nobody has; the base may be forged too. */
  #forgedViewChange(newView: number, honest?: ViewChange): ViewChange {
    const how = this.random.between(0, 3);
    const empty: ViewChange = { type: 'view-change', newView, base: how === 3 ? (honest?.base ?? null) : null, prepared: [], ...this.#own };
    if (how === 0 || how === 3) return this.#resigned(empty);
    const base = honest?.base ?? null;
    const sequence = (base?.sequence ?? this.place().epoch - 1) + 1;
    const other = this.#otherProposal(sequence);
    const made = { sequence, digest: other?.digest ?? this.random.bytes(32), previousDigest: base?.digest ?? other?.previousDigest ?? this.random.bytes(32) };
    const votes = [...Array(this.#replicas).keys()].map((replica) => ({ replica, signature: this.random.bytes(64) }));
    if (how === 1) {
      const view = Math.max(0, newView - 1);
      const prepares = votes.filter((vote) => vote.replica !== primaryOf(view, this.#replicas));
      return this.#resigned({ ...empty, base, prepared: [{ ...made, view, prePrepare: this.random.bytes(64), prepares }] });
    }
    return this.#resigned({ ...empty, base: { epoch: this.place().epoch, view: newView, sequence: sequence + this.random.between(0, 8), digest: made.digest, signatures: votes } });
  }

  /** Another proposal than the one it has seen for this sequence; it hands out the body when asked. */
  #otherProposal(sequence: number): PrePrepare | null {
    const seen = [...this.#proposed.values()].findLast((proposal) => proposal.sequence === sequence && proposal.proposal !== null);
    if (seen === undefined) return null;
    const other = this.#variant(seen, 'other');
    if (other.proposal !== null) this.#bodies.set(other.digest.join(), other.proposal);
    return other;
  }

  /** Leaves out what must be proposed again, proposes something else, or counts too few. */
  #forgedNewView(to: ReplicaId, message: NewView): Outgoing[] {
    const how = this.random.between(0, 2);
    if (how === 1) return [{ to, bytes: encodeMessage(this.#resigned({ ...message, viewChanges: message.viewChanges.slice(1) })) }];
    const sequence = Math.max(0, ...message.viewChanges.map((viewChange) => viewChange.base?.sequence ?? 0)) + 1;
    const other = this.#otherProposal(sequence);
    const mine = other === null ? null : this.#resigned({ ...other, ...this.#own, view: message.view });
    const { digest, previousDigest, signature } = mine ?? { digest: this.random.bytes(32), previousDigest: this.random.bytes(32), signature: this.random.bytes(64) };
    const prePrepares = how === 0 ? [] : [{ sequence, digest, previousDigest, signature }];
    const out = [{ to, bytes: encodeMessage(this.#resigned({ ...message, prePrepares })) }];
    if (mine === null) return out;
    const vote = this.#resigned({ type: 'commit', view: message.view, sequence, digest, ...this.#own });
    return [...out, { to, bytes: encodeMessage(mine) }, { to, bytes: encodeMessage(vote) }];
  }

  #falseBlocks(message: Extract<Message, { type: 'fetched' }>): Message {
    const blocks = message.blocks.map(({ proposal, certificate }) => {
      const block = readToyBlock(proposal);
      if (block === null) return { proposal, certificate };
      const false_ = encodeToyBlock({ ...block, transactions: [] });
      const digest = readToyBlock(false_)?.digest ?? certificate.digest;
      const signatures = certificate.signatures.map((vote) => ({ ...vote, signature: this.random.bytes(64) }));
      return { proposal: false_, certificate: { ...certificate, digest, signatures } };
    });
    return { ...message, blocks };
  }

  /** Proposes in a view that another replica leads. */
  #usurped(message: PrePrepare): PrePrepare {
    return this.#resigned({ ...this.#variant({ ...message, ...this.#own }, 'other'), ...this.#own });
  }

  /** Another's name under an own signature. */
  #spoofed(message: Message): Uint8Array {
    if (!('epoch' in message)) return encodeMessage(message);
    const replica = this.random.between(0, this.#replicas - 1);
    if (message.type === 'commit' || message.type === 'prepare') {
      return encodeMessage({ ...this.#resigned({ ...message, digest: this.random.bytes(32) }), replica });
    }
    return encodeMessage({ ...this.#resigned(message), replica });
  }

  #garbage(): Uint8Array {
    if (this.#seen.length === 0 || this.random.chance(0.3)) return this.random.bytes(this.random.between(0, 200));
    const bytes = new Uint8Array(this.random.pick(this.#seen));
    for (let flips = this.random.between(1, 4); flips > 0 && bytes.length > 0; flips -= 1) {
      const at = this.random.between(0, bytes.length - 1);
      bytes[at] = this.random.between(0, 255);
    }
    return this.random.chance(0.2) ? bytes.slice(0, this.random.between(0, bytes.length)) : bytes;
  }

  #isOwn({ epoch, replica }: Statement): boolean {
    return epoch === this.place().epoch && replica === this.place().replica;
  }

  /** With this replica's key in the configuration it works in, or with its first one. */
  #resigned<M extends Statement>(message: M): M {
    const { replicaSet, replica } = this.place();
    const signer = this.signerOf(replicaSet.publicKeys[replica] ?? this.firstKey);
    return { ...message, signature: signer?.sign(messagePayload(this.chainId, message)) ?? new Uint8Array(64) };
  }
}
