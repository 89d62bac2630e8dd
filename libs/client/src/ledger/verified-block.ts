import { bytesSchema, decodeCanonical, encodeCanonical, equalBytes, fromBase64Url, toBase64Url } from '@medveil/encoding';
import {
  type Block,
  type CertifiedHeader,
  decodeBlock,
  decodeReceipt,
  encodeBlock,
  headerHash,
  LEDGER_LIMITS,
  merkleListRoot,
  proveMerkleList,
  type Receipt,
  receiptDigest,
  type ReceiptProof,
  transactionDigest,
} from '@medveil/ledger';
import { type CommitCertificate, decodeCommitCertificate, encodeCommitCertificate } from '@medveil/pbft';
import { z } from 'zod';
import type { CertifiedBlocks } from '../api/contract.js';
import { clientError } from '../http.js';

/** A block as it travels: certified, with the encoded receipts of its transactions (proved by the next header). */
export interface CertifiedBlock {
  readonly block: Block;
  readonly certificate: CommitCertificate;
  readonly receipts: readonly Uint8Array[];
}

/** A block whose certificate, links, transactions and receipts were all checked. */
export interface VerifiedBlock {
  readonly height: number;
  readonly timeMs: number;
  /** the header's hash, 32 bytes */
  readonly hash: Uint8Array;
  readonly transactions: readonly Uint8Array[];
  /** the block's own first, see libs/ledger */
  readonly receipts: readonly Receipt[];
  /** What shows a receipt to anybody with a light client. @param index of the receipt: -1 for the block's own */
  proveReceipt(index: number): ReceiptProof;
}

const receiptsSchema = z.array(bytesSchema({ max: LEDGER_LIMITS.receiptBytes })).max(LEDGER_LIMITS.transactionsPerBlock + 1);

export const toWire = ({ block, certificate, receipts }: CertifiedBlock): CertifiedBlocks['items'][number] => ({
  height: block.header.height,
  block: toBase64Url(encodeBlock(block)),
  certificate: toBase64Url(encodeCommitCertificate(certificate)),
  receipts: toBase64Url(encodeCanonical(receipts)),
});

/** Reads the form; nothing is believed yet. @throws CodedError `client/unverified` or the libraries' own */
export function fromWire(item: CertifiedBlocks['items'][number]): CertifiedBlock {
  const receipts = receiptsSchema.safeParse(decodeCanonical(fromBase64Url(item.receipts)));
  if (!receipts.success) throw clientError('client/unverified', 'receipts are not a list of byte strings', { height: item.height });
  const block = decodeBlock(fromBase64Url(item.block));
  if (block.header.height !== item.height) throw clientError('client/unverified', 'a block of another height than stated', { height: item.height });
  return { block, certificate: decodeCommitCertificate(fromBase64Url(item.certificate)), receipts: receipts.data };
}

export const certifiedHeader = ({ block, certificate }: CertifiedBlock): CertifiedHeader => ({ header: block.header, certificate });

/** @param next the certified header after the block, already believed: it names the root of the block's receipts */
export function verifyContents({ block, receipts }: CertifiedBlock, next: CertifiedHeader): VerifiedBlock {
  const { header, transactions } = block;
  if (!equalBytes(merkleListRoot(transactions.map(transactionDigest)), header.transactionsRoot)) {
    throw clientError('client/unverified', 'the transactions are not those of the header', { height: header.height });
  }
  if (!equalBytes(merkleListRoot(receipts.map(receiptDigest)), next.header.receiptsRoot)) {
    throw clientError('client/unverified', 'the receipts are not those of the next header', { height: header.height });
  }
  const proveReceipt = (index: number): ReceiptProof => ({
    receipt: receipts[index + 1] as Uint8Array,
    proof: proveMerkleList(receipts.map(receiptDigest), index + 1),
    certified: next,
  });
  return { height: header.height, timeMs: header.timeMs, hash: headerHash(header), transactions, receipts: receipts.map(decodeReceipt), proveReceipt };
}
