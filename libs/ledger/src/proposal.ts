import { equalBytes } from '@medveil/encoding';
import type { ProposalReader } from '@medveil/pbft';
import { type Block, decodeBlock, headerHash } from './block.js';
import { LedgerError } from './errors.js';
import { merkleListRoot } from './merkle-list.js';
import { transactionDigest } from './receipt.js';

export const transactionsRootOf = (transactions: readonly Uint8Array[]): Uint8Array =>
  merkleListRoot(transactions.map((transaction) => transactionDigest(transaction)));

/** @throws LedgerError `ledger/wrong-root` where the transactions are not those the header names */
export function requireBody({ header, transactions }: Block): void {
  if (!equalBytes(header.transactionsRoot, transactionsRootOf(transactions))) {
    throw new LedgerError('ledger/wrong-root', 'the transactions are not those that the header names', {
      height: header.height,
      field: 'transactionsRoot',
    });
  }
}

/** How PBFT reads the ledger's proposals, which are encoded blocks: the header's hash binds every byte of them. */
export const blockProposalReader: ProposalReader = {
  identify(proposal) {
    try {
      const block = decodeBlock(proposal);
      requireBody(block);
      const { height, previousHash } = block.header;
      return { sequence: height, digest: headerHash(block.header), previousDigest: previousHash };
    } catch (error) {
      if (error instanceof LedgerError) return null;
      throw error;
    }
  },
};
