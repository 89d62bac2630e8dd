import { equalBytes } from '@medveil/encoding';
import type { Configuration, ProposalReader } from '@medveil/pbft';
import { type Block, decodeBlock, encodeBlock, headerHash } from './block.js';
import { LedgerError } from './errors.js';
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
  identify(proposal) {
    try {
      const block = blockOfProposal(proposal);
      requireBody(block);
      const { height, previousHash } = block.header;
      return { sequence: height, digest: headerHash(block.header), previousDigest: previousHash };
    } catch (error) {
      if (error instanceof LedgerError) return null;
      throw error;
    }
  },
  requestIds: (proposal) => blockOfProposal(proposal).transactions.map((transaction) => transactionIdOf(transaction)),
  endsConfiguration: (proposal, configuration) => !equalBytes(blockOfProposal(proposal).header.replicaSetHash, replicaSetHash(replicaSetOf(configuration))),
};
