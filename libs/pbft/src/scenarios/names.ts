import { fromUtf8, toHex } from '@medveil/encoding';
import { encodeToyBlock, GENESIS_DIGEST, GENESIS_STATE, readToyBlock, stateAfter, type ToyBlock } from '../simulator/toy-ledger.js';
import { utf8 } from '@medveil/encoding';

/** A block that a scenario speaks of. */
export interface NamedBlock {
  readonly name: string;
  readonly sequence: number;
  readonly digest: Uint8Array;
  readonly previousDigest: Uint8Array;
  /** Digest of the state after it. */
  readonly stateAfter: Uint8Array;
  /** Of the set that the block names. */
  readonly setDigest: Uint8Array;
  /** Null for genesis only. */
  readonly proposal: Uint8Array | null;
}

/** Blocks are called A, B, C… in the order in which they appear; a scenario names those that it makes up. */
export class Names {
  readonly #blocks: NamedBlock[];
  #letters = 0;
  /** What has come up since the last command, to be introduced. */
  #news: string[] = [];

  /** @param setDigest of the set at genesis */
  constructor(setDigest: Uint8Array) {
    this.#blocks = [{ name: 'genesis', sequence: 0, digest: GENESIS_DIGEST, previousDigest: new Uint8Array(32), stateAfter: GENESIS_STATE, setDigest, proposal: null }];
  }

  nameOf = (digest: Uint8Array): string => this.#blocks.find((block) => toHex(block.digest) === toHex(digest))?.name ?? 'an unknown block';

  block(name: string): NamedBlock {
    const block = this.#blocks.find((known) => known.name === name);
    if (block === undefined) throw new RangeError(`no block is called ${name}`);
    return block;
  }

  /** A block that a replica has proposed. */
  learn(proposal: Uint8Array): void {
    const block = readToyBlock(proposal);
    if (block === null || this.#blocks.some((known) => toHex(known.digest) === toHex(block.digest))) return;
    this.#add(String.fromCodePoint('A'.codePointAt(0)! + this.#letters), block, block.digest, proposal);
    this.#letters += 1;
  }

  /** Names the set that the block before it names. @param ids of the requests in it, or `invalid`: a block that no ledger accepts */
  make(name: string, previous: string, ids: readonly string[]): void {
    const { sequence, digest: previousDigest, stateAfter: stateDigest, setDigest } = this.block(previous);
    const transactions = ids.map((id) => utf8(id));
    const proposal = encodeToyBlock({ sequence: sequence + 1, previousDigest, stateDigest, setDigest, transactions });
    const block = readToyBlock(proposal);
    if (block === null) throw new RangeError(`${name} is no block`);
    this.#add(name, block, block.digest, proposal);
  }

  takeNews(): string[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }

  #add(name: string, block: ToyBlock, digest: Uint8Array, proposal: Uint8Array): void {
    const { sequence, previousDigest, setDigest } = block;
    const before = this.#blocks.find((known) => toHex(known.digest) === toHex(previousDigest));
    this.#blocks.push({ name, sequence, digest, previousDigest, setDigest, proposal, stateAfter: stateAfter(block.stateDigest, digest) });
    const ids = block.transactions.map((bytes) => fromUtf8(bytes)).join(' ');
    this.#news.push(`${name} is n${sequence} on ${before?.name ?? 'an unknown block'}: ${ids === '' ? 'empty' : ids}`);
  }
}
