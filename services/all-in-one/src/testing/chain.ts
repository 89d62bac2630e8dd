/** What anybody sees who reads the chain: transactions with their receipts. */
import { type BodyOf, type BodyType, decodeTransaction, type Transaction } from '@medveil/agreements';
import { type ContractClient, fromWire } from '@medveil/client';
import { fromBase64Url, type Id } from '@medveil/encoding';
import { accountId } from '@medveil/identity';
import { type CertifiedBlock, decodeReceipt, type Receipt, transactionIdOf } from '@medveil/ledger';

export interface Entry {
  readonly id: Id<'txn'>;
  readonly height: number;
  readonly timeMs: number;
  readonly sender: Id<'acc'>;
  /** as they stand in the block */
  readonly bytes: Uint8Array;
  readonly transaction: Transaction;
  readonly receipt: Receipt;
}

export type EntryOf<Type extends BodyType> = Entry & { readonly transaction: Transaction & { readonly body: BodyOf<Type> } };

export interface Chain {
  readonly genesis: Uint8Array;
  /** from height 1 */
  readonly blocks: readonly CertifiedBlock[];
  readonly entries: readonly Entry[];
}

const PAGE = 50;

export async function readChain(contract: ContractClient): Promise<Chain> {
  const { genesis } = await contract.genesis();
  const blocks: CertifiedBlock[] = [];
  const entries: Entry[] = [];
  for (;;) {
    const { items, height } = await contract.blocks({ from: blocks.length + 1, limit: PAGE });
    for (const { block, certificate, receipts } of items.map(fromWire)) {
      blocks.push({ block, certificate });
      entries.push(...entriesOf(block, receipts));
    }
    if (blocks.length >= height) return { genesis: fromBase64Url(genesis), blocks, entries };
  }
}

/** @param receipts encoded, the block's own first */
export function entriesOf({ header, transactions }: CertifiedBlock['block'], receipts: readonly Uint8Array[]): Entry[] {
  return transactions.map((bytes, index) => {
    const receipt = receipts[index + 1];
    if (receipt === undefined) throw new Error('a transaction has no receipt');
    const transaction = decodeTransaction(bytes);
    return {
      id: transactionIdOf(bytes), height: header.height, timeMs: header.timeMs, sender: accountId(transaction.sender), bytes, transaction, receipt: decodeReceipt(receipt),
    };
  });
}

/** Entries of one type, oldest first. */
export const ofType = <Type extends BodyType>(entries: readonly Entry[], type: Type): EntryOf<Type>[] =>
  entries.filter((entry): entry is EntryOf<Type> => entry.transaction.body.type === type);

export function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`one was expected, there are ${items.length}`);
  return item;
}
