import { equalBytes, type Id } from '@medveil/encoding';
import { type Block, type BlockHeader, headerHash, requireBlockSize } from './block.js';
import { LedgerError } from './errors.js';
import type { LedgerHead } from './head.js';
import { requireBody } from './proposal.js';
import { replicaSetHash } from './replica-set.js';
import type { LedgerStore } from './store.js';

/** UTC ms, both inclusive: what this replica's clock lets pass. */
export interface TimeBounds {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** @throws LedgerError `ledger/wrong-height`, `ledger/wrong-link`, `ledger/wrong-time` */
export function requireLink(previous: BlockHeader, next: BlockHeader): void {
  const { height } = next;
  if (height !== previous.height + 1) throw new LedgerError('ledger/wrong-height', 'not the next height', { height });
  if (!equalBytes(next.previousHash, headerHash(previous))) {
    throw new LedgerError('ledger/wrong-link', 'does not follow the previous block', { height });
  }
  if (next.timeMs < previous.timeMs) throw new LedgerError('ledger/wrong-time', 'earlier than the previous block', { height });
}

/**
 * Form, place and roots of the block after `head`.
 * @throws LedgerError `ledger/wrong-chain`, `-height`, `-link`, `-time`, `-root`, `-proposer`, `ledger/too-large`
 */
export function requireNext(head: LedgerHead, block: Block): void {
  const { header } = block;
  const { height } = header;
  requireBlockSize(block.transactions);
  if (header.chainId !== head.header.chainId) throw new LedgerError('ledger/wrong-chain', 'a block of another chain', { height });
  requireLink(head.header, header);
  requireRoot(header, 'stateRoot', head.stateRoot);
  requireRoot(header, 'receiptsRoot', head.receiptsRoot);
  requireRoot(header, 'replicaSetHash', replicaSetHash(head.nextSet));
  if (!head.certifiers.some(({ id }) => id === header.proposer)) {
    throw new LedgerError('ledger/wrong-proposer', 'the proposer is not in the replica set', { height, proposer: header.proposer });
  }
  requireBody(block);
}

function requireRoot(header: BlockHeader, field: 'stateRoot' | 'receiptsRoot' | 'replicaSetHash', expected: Uint8Array): void {
  if (equalBytes(header[field], expected)) return;
  throw new LedgerError('ledger/wrong-root', 'the header does not name the results of the previous block', {
    height: header.height,
    field,
  });
}

/** @throws LedgerError `ledger/wrong-time` */
export function requireTimely({ height, timeMs }: BlockHeader, { earliestMs, latestMs }: TimeBounds): void {
  if (timeMs >= earliestMs && timeMs <= latestMs) return;
  throw new LedgerError('ledger/wrong-time', 'the time is not within the bounds of this replica', {
    height,
    timeMs,
    earliestMs,
    latestMs,
  });
}

/**
 * A transaction is accepted at most once in a chain. One that was rejected may come again: it changed nothing.
 * @param acceptedBefore by blocks that are not in the store yet
 * @throws LedgerError `ledger/transaction-repeated`
 */
export async function requireUnrepeated(store: LedgerStore, height: number, ids: readonly Id<'txn'>[], acceptedBefore: ReadonlySet<string>): Promise<void> {
  const isTwiceHere = new Set(ids).size < ids.length;
  const isBefore = ids.some((id) => acceptedBefore.has(id));
  const isOnChain = isBefore || (await store.transactions(ids)).some((location) => location?.ok === true);
  if (isTwiceHere || isOnChain) {
    throw new LedgerError('ledger/transaction-repeated', 'a transaction is in the block twice or accepted already', { height });
  }
}
