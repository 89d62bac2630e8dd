import { bytesSchema, DIGEST_BYTES, encodeCanonical, equalBytes, makeId } from '@medveil/encoding';
import type { Configuration, ProposalIdentity, ProposalOutline, ProposalReader } from '@medveil/pbft';
import { z } from 'zod';
import { type Block, type BlockHeader, decodeBlock, encodeBlock, headerHash, headerSchema, requireBlockSize } from './block.js';
import { decodeWith } from './codec.js';
import { LedgerError } from './errors.js';
import { LEDGER_LIMITS } from './limits.js';
import { merkleListRoot } from './merkle-list.js';
import { type ReplicaSet, replicaSetHash } from './replica-set.js';
import { transactionDigest, transactionIdOf } from './receipt.js';

export const transactionsRootOf = (transactions: readonly Uint8Array[]): Uint8Array =>
  merkleListRoot(transactions.map((transaction) => transactionDigest(transaction)));

const checked = new WeakSet<Block>();

/** Once for each block object. @throws LedgerError `ledger/wrong-root` where the transactions are not those the header names */
export function requireBody(block: Block): void {
  const { header, transactions } = block;
  if (checked.has(block)) return;
  if (!equalBytes(header.transactionsRoot, transactionsRootOf(transactions))) {
    throw new LedgerError('ledger/wrong-root', 'the transactions are not those that the header names', {
      height: header.height,
      field: 'transactionsRoot',
    });
  }
  checked.add(block);
}

/** By the bytes object: a proposal is met when it arrives, when it is checked and when it is executed. */
const blocks = new WeakMap<Uint8Array, Block>();

/** As `decodeBlock`, once for each byte string object, which nobody writes into. @throws as `decodeBlock` */
export function blockOfProposal(proposal: Uint8Array): Block {
  const known = blocks.get(proposal);
  if (known !== undefined) return known;
  const block = decodeBlock(proposal);
  blocks.set(proposal, block);
  return block;
}

/** As `encodeBlock`; the leader need not decode what it has just built. */
export function proposalOfBlock(block: Block): Uint8Array {
  const proposal = encodeBlock(block);
  blocks.set(proposal, block);
  return proposal;
}

/** A block whose transactions stand elsewhere: its header, which binds it, and their digests. */
interface BlockOutline {
  readonly header: BlockHeader;
  readonly transactions: readonly Uint8Array[];
}

const outlineSchema: z.ZodType<BlockOutline> = z.strictObject({
  header: headerSchema,
  transactions: z.array(bytesSchema({ length: DIGEST_BYTES })).max(LEDGER_LIMITS.transactionsPerBlock),
});
/** Room for the header, and for a digest with its head. */
const OUTLINE_BYTES_MAX = 4_096 + (DIGEST_BYTES + 2) * LEDGER_LIMITS.transactionsPerBlock;

interface ReadOutline extends ProposalOutline {
  readonly header: BlockHeader;
}

/** By the bytes object, as with proposals. */
const outlines = new WeakMap<Uint8Array, ReadOutline>();

/** @throws LedgerError `ledger/malformed`, `ledger/too-large`; `ledger/wrong-root` where the digests are not those that the header names */
function readOutline(bytes: Uint8Array): ReadOutline {
  const known = outlines.get(bytes);
  if (known !== undefined) return known;
  const { header, transactions } = decodeWith(outlineSchema, bytes, 'block outline', OUTLINE_BYTES_MAX);
  if (!equalBytes(header.transactionsRoot, merkleListRoot(transactions))) {
    throw new LedgerError('ledger/wrong-root', 'the digests are not those that the header names', { height: header.height, field: 'transactionsRoot' });
  }
  const read = { ...identityOf(header), header, requestIds: transactions.map((hash) => makeId('txn', hash)) };
  outlines.set(bytes, read);
  return read;
}

const identityOf = (header: BlockHeader): ProposalIdentity => ({ sequence: header.height, digest: headerHash(header), previousDigest: header.previousHash });

/** What a peer sent may be anything. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

/** By the object, so that the set is hashed once. */
const sets = new WeakMap<Configuration, ReplicaSet>();

/** The set that certifies in a configuration. */
function replicaSetOf(configuration: Configuration): ReplicaSet {
  const known = sets.get(configuration);
  if (known !== undefined) return known;
  const { names, replicaSet } = configuration;
  const set = replicaSet.publicKeys.map((publicKey, seat) => ({ id: names[seat] ?? '', publicKey }));
  sets.set(configuration, set);
  return set;
}

/** How PBFT reads the ledger's proposals, which are encoded blocks: the header's hash binds every byte of them. */
export const blockProposalReader: ProposalReader = {
  identify: (proposal) =>
    orNull(() => {
      const block = blockOfProposal(proposal);
      requireBody(block);
      return identityOf(block.header);
    }),
  requestIdOf: transactionIdOf,
  outline(proposal) {
    const { header, transactions } = blockOfProposal(proposal);
    return encodeCanonical({ header: { ...header }, transactions: transactions.map((transaction) => transactionDigest(transaction)) });
  },
  readOutline: (bytes) => orNull(() => readOutline(bytes)),
  assemble: (outline, transactions) =>
    orNull(() => {
      requireBlockSize(transactions);
      return proposalOfBlock({ header: readOutline(outline).header, transactions });
    }),
  requestIds: (proposal) => blockOfProposal(proposal).transactions.map((transaction) => transactionIdOf(transaction)),
  endsConfiguration: (proposal, configuration) => !equalBytes(blockOfProposal(proposal).header.replicaSetHash, replicaSetHash(replicaSetOf(configuration))),
};
