import { decodeCanonical, digest, encodeCanonical, equalBytes, fromUtf8, utf8 } from '@medveil/encoding';
import type { CertifiedProposal, CommitCertificate } from '../certificates.js';
import { bytesUpTo, bytesOf, count, fields, list } from '../decode.js';
import type { LedgerHead } from '../inputs.js';
import type { PrePrepare } from '../messages.js';
import type { ProposalIdentity, ProposalOutline, ProposalReader } from '../ports.js';
import { type Configuration, replicaSetDigest } from '../replica-set.js';
import { configurationOf, KEY_VERSIONS, type Keyring, type Seat } from './signatures.js';

/** A block of the simulator: like the ledger's, reduced to what agreement touches. */
export interface ToyBlock {
  readonly sequence: number;
  readonly previousDigest: Uint8Array;
  /** Digest of the state before this block. */
  readonly stateDigest: Uint8Array;
  /** Digest of the set that certifies the next block, as this block's predecessors say. */
  readonly setDigest: Uint8Array;
  readonly transactionsDigest: Uint8Array;
  readonly transactions: readonly Uint8Array[];
}

const hash = bytesOf(32);
const toyBlock = fields<ToyBlock>({
  sequence: count,
  previousDigest: hash,
  stateDigest: hash,
  setDigest: hash,
  transactionsDigest: hash,
  transactions: list(bytesUpTo(1_024), 10_000),
});

export const GENESIS_DIGEST: Uint8Array = digest('medveil/simulated-block/1', 'genesis');
export const GENESIS_STATE: Uint8Array = digest('medveil/simulated-state/1', 'genesis');

const blockDigest = ({ sequence, previousDigest, stateDigest, setDigest, transactionsDigest }: ToyBlock): Uint8Array =>
  digest('medveil/simulated-block/1', [sequence, previousDigest, stateDigest, setDigest, transactionsDigest]);

const digestOfTransactions = (transactions: readonly Uint8Array[]): Uint8Array => digest('medveil/simulated-transactions/1', [...transactions]);

export function encodeToyBlock({ sequence, previousDigest, stateDigest, setDigest, transactions }: Omit<ToyBlock, 'transactionsDigest'>): Uint8Array {
  return encodeCanonical({ sequence, previousDigest, stateDigest, setDigest, transactionsDigest: digestOfTransactions(transactions), transactions: [...transactions] });
}

/** @returns null for what is no block, or whose body is not the one that its header names */
export function readToyBlock(bytes: Uint8Array): (ToyBlock & ProposalIdentity) | null {
  try {
    const block = toyBlock(decodeCanonical(bytes));
    if (!equalBytes(digestOfTransactions(block.transactions), block.transactionsDigest)) return null;
    return { ...block, digest: blockDigest(block) };
  } catch {
    return null;
  }
}

/** The same with the ids in place of the requests. They are the requests' text here, and yet no body is made from them. */
export const encodeToyOutline = (proposal: Uint8Array): Uint8Array => encodeCanonical(['outline', proposal]);

export function readToyOutline(bytes: Uint8Array): (ToyBlock & ProposalOutline) | null {
  try {
    const [kind, proposal] = decodeCanonical(bytes) as [string, Uint8Array];
    const block = kind === 'outline' ? readToyBlock(proposal) : null;
    return block === null ? null : { ...block, requestIds: block.transactions.map((id) => fromUtf8(id)) };
  } catch {
    return null;
  }
}

/** For who looks on: the body that a PRE-PREPARE is about, where it says so. */
export function toyBodyOf({ proposal, outline }: Pick<PrePrepare, 'outline' | 'proposal'>): Uint8Array | null {
  const block = proposal === null && outline !== null ? readToyOutline(outline) : null;
  return block === null ? proposal : encodeToyBlock(block);
}

export const toyReader: ProposalReader = {
  identify: readToyBlock,
  requestIdOf: (request) => Buffer.from(request).toString(),
  outline: encodeToyOutline,
  readOutline: readToyOutline,
  assemble(outline, requests) {
    const block = readToyOutline(outline);
    return block === null ? null : encodeToyBlock({ ...block, transactions: requests });
  },
  requestIds: (proposal) => (readToyBlock(proposal)?.transactions ?? []).map((bytes) => fromUtf8(bytes)),
  endsConfiguration(proposal, { replicaSet }) {
    const block = readToyBlock(proposal);
    return block !== null && !equalBytes(block.setDigest, replicaSetDigest(replicaSet));
  },
};

/** @param executed digest of the block that is executed on the state `before` */
export const stateAfter = (before: Uint8Array, executed: Uint8Array): Uint8Array => digest('medveil/simulated-state/1', [before, executed]);

interface StoredBlock extends CertifiedProposal {
  readonly digest: Uint8Array;
  readonly stateAfter: Uint8Array;
  readonly requestIds: readonly string[];
}

/**
 * Who certifies which blocks, as the chain says it. A change in block n is named by block n + 1, which the old set still
 * certifies, and holds from block n + 2 on.
 */
export class ToyConfigurations {
  private constructor(
    readonly keyring: Keyring,
    readonly known: Configuration[],
  ) {}

  static from(keyring: Keyring, genesis: readonly Seat[]): ToyConfigurations {
    return new ToyConfigurations(keyring, [configurationOf(keyring, 1, genesis)]);
  }

  /** To be told of blocks that may never be decided. */
  fork(): ToyConfigurations {
    return new ToyConfigurations(this.keyring, [...this.known]);
  }

  /** What the header of a block names: the set that certifies the next one. Known once the block before it is executed. */
  namedBy(sequence: number): Uint8Array {
    return replicaSetDigest(this.at(sequence + 1).replicaSet);
  }

  /** The sequence number, known once the block two before it is executed. */
  at(sequence: number): Configuration {
    return this.known.findLast(({ epoch }) => epoch <= sequence) ?? (this.known[0] as Configuration);
  }

  ofEpoch(epoch: number): Configuration | undefined {
    return this.known.find((configuration) => configuration.epoch === epoch);
  }

  execute(sequence: number, requestIds: readonly string[]): void {
    const seats = requestIds.map(seatsOf).findLast((given) => given !== null);
    if (seats == null) return;
    const next = configurationOf(this.keyring, sequence + 2, seats);
    if (!isSameSet(next, this.at(sequence + 2))) this.known.push(next);
  }
}

const isSameSet = (a: Configuration, b: Configuration): boolean =>
  a.names.join() === b.names.join() && a.replicaSet.publicKeys.every((key, seat) => equalBytes(key, b.replicaSet.publicKeys[seat] ?? new Uint8Array()));

/** Where the chain would stand. */
interface Speculation {
  sequence: number;
  digest: Uint8Array;
  stateDigest: Uint8Array;
  readonly requestIds: Set<string>;
  readonly configurations: ToyConfigurations;
}

/** The durable chain of one simulated replica. */
export class ToyLedger {
  readonly blocks: StoredBlock[] = [];
  readonly #executed = new Set<string>();
  readonly #configurations: ToyConfigurations;

  constructor(keyring: Keyring, genesis: readonly Seat[]) {
    this.#configurations = ToyConfigurations.from(keyring, genesis);
  }

  /** Of the next block. */
  get configuration(): Configuration {
    return this.#configurations.at(this.blocks.length + 1);
  }

  head(): LedgerHead {
    const last = this.blocks.at(-1);
    if (last === undefined) return { sequence: 0, digest: GENESIS_DIGEST, stateDigest: GENESIS_STATE, certificate: null };
    return { sequence: this.blocks.length, digest: last.digest, stateDigest: last.stateAfter, certificate: last.certificate };
  }

  has(id: string): boolean {
    return this.#executed.has(id);
  }

  /** The state after the blocks between the last one and the next, which are executed for this question only. */
  #after(ancestors: readonly Uint8Array[]): Speculation | null {
    const { sequence, digest: last, stateDigest } = this.head();
    const speculation = { sequence, digest: last, stateDigest, requestIds: new Set<string>(), configurations: this.#configurations.fork() };
    for (const proposal of ancestors) {
      const block = readToyBlock(proposal);
      if (block === null || !equalBytes(block.previousDigest, speculation.digest)) return null;
      speculation.sequence += 1;
      speculation.digest = block.digest;
      speculation.stateDigest = stateAfter(speculation.stateDigest, block.digest);
      const ids = block.transactions.map((bytes) => fromUtf8(bytes));
      for (const id of ids) speculation.requestIds.add(id);
      speculation.configurations.execute(block.sequence, ids);
    }
    return speculation;
  }

  /** @returns null where the ancestors do not follow on this ledger's last block */
  build(ids: readonly string[], ancestors: readonly Uint8Array[]): Uint8Array | null {
    const before = this.#after(ancestors);
    if (before === null) return null;
    const sequence = before.sequence + 1;
    const setDigest = before.configurations.namedBy(sequence);
    return encodeToyBlock({ sequence, previousDigest: before.digest, stateDigest: before.stateDigest, setDigest, transactions: ids.map((id) => utf8(id)) });
  }

  /** What the real ledger checks, in small: it chains, starts from this state, and repeats no transaction. */
  isValid(proposal: Uint8Array, ancestors: readonly Uint8Array[]): boolean {
    const block = readToyBlock(proposal);
    const before = this.#after(ancestors);
    if (block === null || before === null || block.sequence !== before.sequence + 1) return false;
    const ids = block.transactions.map((bytes) => fromUtf8(bytes));
    return (
      equalBytes(block.previousDigest, before.digest) &&
      equalBytes(block.stateDigest, before.stateDigest) &&
      equalBytes(block.setDigest, before.configurations.namedBy(block.sequence)) &&
      new Set(ids).size === ids.length &&
      ids.every((id) => isToyRequest(id) && !this.#executed.has(id) && !before.requestIds.has(id))
    );
  }

  execute(proposal: Uint8Array, certificate: CommitCertificate): StoredBlock {
    const block = readToyBlock(proposal);
    if (block === null) throw new RangeError('a delivered block must be readable');
    const requestIds = block.transactions.map((bytes) => fromUtf8(bytes));
    const stored = { proposal, certificate, digest: block.digest, stateAfter: stateAfter(this.head().stateDigest, block.digest), requestIds };
    this.blocks.push(stored);
    for (const id of requestIds) this.#executed.add(id);
    this.#configurations.execute(block.sequence, requestIds);
    return stored;
  }
}

/** Requests of simulated clients, `c3/17`, and of the consortium, `set/7/0.0,1.2,4.0`: the seventh change, to three replicas and their keys' versions. */
export const isToyRequest = (id: string): boolean => /^c\d+\/\d+$/.test(id) || seatsOf(id) !== null;

export const setRequest = (number: number, seats: readonly Seat[]): string => `set/${number}/${seats.map(({ replica, version }) => `${replica}.${version}`).join(',')}`;

/** @returns null for a request that changes no set */
export function seatsOf(id: string): Seat[] | null {
  const given = /^set\/\d+\/((?:\d+\.\d+)(?:,\d+\.\d+){3,})$/.exec(id)?.[1];
  if (given === undefined) return null;
  const seats = given.split(',').map((seat) => ({ replica: Number(seat.split('.')[0]), version: Number(seat.split('.')[1]) }));
  const isGood = new Set(seats.map(({ replica }) => replica)).size === seats.length && seats.every(({ version }) => version < KEY_VERSIONS);
  return isGood ? seats : null;
}

export const senderOf = (id: string): string => id.split('/')[0] ?? '';
