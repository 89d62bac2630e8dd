import { bytesSchema, digest, DIGEST_BYTES, encodeCanonical, timeMsSchema } from '@medveil/encoding';
import { z } from 'zod';
import { decodeWith } from './codec.js';
import { LedgerError } from './errors.js';
import { LEDGER_LIMITS } from './limits.js';

export const BLOCK_VERSION = 1;

/**
 * What PBFT agrees on, by its hash; the height is the PBFT sequence number.
 *
 * A header commits to its own transactions and to the *results* of everything before it: the state and the
 * receipts of block n are proved by the header of block n + 1. So a proposal is checked without executing it,
 * and a replica executes each block once, after it is committed.
 */
export interface BlockHeader {
  readonly version: typeof BLOCK_VERSION;
  readonly chainId: string;
  readonly height: number;
  /** headerHash of the previous block; of the genesis block, the hash of the genesis document. */
  readonly previousHash: Uint8Array;
  /** UTC ms, the proposer's clock within the bounds of the others', never less than the previous block's. */
  readonly timeMs: number;
  /** Merkle list of the transactions' digests, `merkle-list.ts`. */
  readonly transactionsRoot: Uint8Array;
  /** Root of the state before this block's own transactions, that is after the previous block. */
  readonly stateRoot: Uint8Array;
  /** Merkle list of the receipts of the previous block. */
  readonly receiptsRoot: Uint8Array;
  /** Commits to the replica set, as it stands in that state, whose quorum certifies the NEXT block. */
  readonly replicaSetHash: Uint8Array;
  /** Identifier of the replica that made the block; of the genesis block, the empty string. */
  readonly proposer: string;
}

export interface Block {
  readonly header: BlockHeader;
  readonly transactions: readonly Uint8Array[];
}

export const headerSchema: z.ZodType<BlockHeader> = z.strictObject({
  version: z.literal(BLOCK_VERSION),
  chainId: z.string().min(1).max(LEDGER_LIMITS.nameLength),
  height: z.int().min(0),
  previousHash: bytesSchema({ length: DIGEST_BYTES }),
  timeMs: timeMsSchema,
  transactionsRoot: bytesSchema({ length: DIGEST_BYTES }),
  stateRoot: bytesSchema({ length: DIGEST_BYTES }),
  receiptsRoot: bytesSchema({ length: DIGEST_BYTES }),
  replicaSetHash: bytesSchema({ length: DIGEST_BYTES }),
  proposer: z.string().max(LEDGER_LIMITS.nameLength),
});

export const blockSchema: z.ZodType<Block> = z.strictObject({
  header: headerSchema,
  transactions: z
    .array(bytesSchema({ max: LEDGER_LIMITS.transactionBytes }))
    .max(LEDGER_LIMITS.transactionsPerBlock),
});

/** Room for the header and the framing of the transactions. */
const MAX_ENCODED_BLOCK_BYTES = LEDGER_LIMITS.blockBytes + 8 * LEDGER_LIMITS.transactionsPerBlock + 4_096;

/** @returns 32 bytes: the digest that the replicas' COMMIT signatures cover */
export function headerHash(header: BlockHeader): Uint8Array {
  const known = headerHashes.get(header);
  if (known !== undefined) return known;
  const hash = digest('medveil/block/1', { ...header });
  headerHashes.set(header, hash);
  return hash;
}

/** By the object: a header is hashed by the protocol, by the chain rules and with its certificate. */
const headerHashes = new WeakMap<BlockHeader, Uint8Array>();

export const encodeBlock = (block: Block): Uint8Array =>
  encodeCanonical({ header: { ...block.header }, transactions: block.transactions });

/**
 * Decodes a block and checks its form and size, not its place in a chain nor its roots.
 * @throws LedgerError `ledger/malformed`, `ledger/too-large`
 */
export function decodeBlock(bytes: Uint8Array): Block {
  const block = decodeWith(blockSchema, bytes, 'block', MAX_ENCODED_BLOCK_BYTES);
  requireBlockSize(block.transactions);
  return block;
}

/** @throws LedgerError `ledger/too-large` */
export function requireBlockSize(transactions: readonly Uint8Array[]): void {
  const bytes = transactions.reduce((sum, transaction) => sum + transaction.length, 0);
  const largest = transactions.reduce((max, transaction) => Math.max(max, transaction.length), 0);
  const { blockBytes, transactionBytes, transactionsPerBlock } = LEDGER_LIMITS;
  if (bytes > blockBytes || largest > transactionBytes || transactions.length > transactionsPerBlock) {
    throw new LedgerError('ledger/too-large', 'the block exceeds a limit', { bytes, largest, count: transactions.length });
  }
}
