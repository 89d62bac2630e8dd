import { type CborValue, digest, encodeCanonical, type Id, idSchema, makeId } from '@medveil/encoding';
import { z } from 'zod';
import { decodeWith, parseWith } from './codec.js';
import { LedgerError } from './errors.js';
import { LEDGER_LIMITS } from './limits.js';

/** Something that happened, for whoever follows the chain. Never a secret, never a medical value. */
export interface LedgerEvent {
  /** The state machine's own name for it, for example `claim-accepted`. */
  readonly type: string;
  readonly data: { readonly [key: string]: CborValue };
}

/**
 * What became of a transaction. The receipts of a block are a list: the block's own receipt first (`index` -1,
 * `transactionId` null, the events of `beginBlock`), then one per transaction in order, so that a receipt stands
 * at position `index + 1`. The header of the next block commits to the list.
 */
export interface Receipt {
  readonly transactionId: Id<'txn'> | null;
  readonly height: number;
  readonly index: number;
  readonly ok: boolean;
  /** Of a rejection; null where `ok`. */
  readonly code: string | null;
  readonly reason: string | null;
  readonly events: readonly LedgerEvent[];
}

/** The identifier of a transaction, over its bytes as they stand in the block (signature included). */
export const transactionIdOf = (transaction: Uint8Array): Id<'txn'> => hashesOf(transaction).id;

/** The leaf that `transactionsRoot` commits to. */
export const transactionDigest = (transaction: Uint8Array): Uint8Array => hashesOf(transaction).digest;

interface TransactionHashes {
  readonly id: Id<'txn'>;
  readonly digest: Uint8Array;
}

/** By the object, which nobody writes into: the pool, the proposal, its root, the check of repetitions and the receipts all ask. */
const hashes = new WeakMap<Uint8Array, TransactionHashes>();

function hashesOf(transaction: Uint8Array): TransactionHashes {
  const known = hashes.get(transaction);
  if (known !== undefined) return known;
  const hash = digest('medveil/transaction/1', transaction);
  const both = { id: makeId('txn', hash), digest: hash };
  hashes.set(transaction, both);
  return both;
}

/** The leaf that `receiptsRoot` commits to, of a receipt's canonical bytes. */
export const receiptDigest = (receipt: Uint8Array): Uint8Array => digest('medveil/receipt/1', receipt);

const name = z.string().min(1).max(LEDGER_LIMITS.nameLength);

/** A map of canonical values: what came out of strict CBOR is canonical at every depth. */
const dataSchema = z.custom<LedgerEvent['data']>(
  (value) => typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype,
  { error: 'must be a map' },
);

const receiptSchema: z.ZodType<Receipt> = z.strictObject({
  transactionId: idSchema('txn').nullable(),
  height: z.int().min(0),
  index: z.int().min(-1).max(LEDGER_LIMITS.transactionsPerBlock - 1),
  ok: z.boolean(),
  code: name.nullable(),
  reason: z.string().max(LEDGER_LIMITS.reasonLength).nullable(),
  events: z
    .array(z.strictObject({ type: name, data: dataSchema }))
    .max(LEDGER_LIMITS.eventsPerReceipt),
});

/** What most receipts are: the ledger has made all but the events, and those are within the limits. The others are looked at by the schema. */
const isUsual = ({ ok, code, reason, events }: Receipt): boolean =>
  ok && code === null && reason === null && events.length <= LEDGER_LIMITS.eventsPerReceipt && events.every(({ type, data }) => type.length > 0 && type.length <= LEDGER_LIMITS.nameLength && Object.getPrototypeOf(data) === Object.prototype);

/**
 * @returns canonical bytes that `decodeReceipt` accepts
 * @throws LedgerError `ledger/malformed`, `ledger/too-large`
 */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const { transactionId, height, index, ok, code, reason } = receipt;
  const events = receipt.events.map(({ type, data }) => ({ type, data }));
  if (!isUsual(receipt)) parseWith(receiptSchema, receipt, 'receipt');
  const bytes = encodeCanonical({ transactionId, height, index, ok, code, reason, events });
  if (bytes.length > LEDGER_LIMITS.receiptBytes) {
    throw new LedgerError('ledger/too-large', 'a receipt is too large', { bytes: bytes.length, max: LEDGER_LIMITS.receiptBytes });
  }
  return bytes;
}

/** @throws LedgerError `ledger/malformed`, `ledger/too-large` */
export const decodeReceipt = (bytes: Uint8Array): Receipt =>
  decodeWith(receiptSchema, bytes, 'receipt', LEDGER_LIMITS.receiptBytes);
