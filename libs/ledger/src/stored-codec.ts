import { bytesSchema, decodeCanonical, DIGEST_BYTES, idSchema } from '@medveil/encoding';
import { z } from 'zod';
import { blockSchema } from './block.js';
import { certificateSchema } from './certificate.js';
import { LedgerError } from './errors.js';
import { LEDGER_LIMITS } from './limits.js';
import type { StateWrite, StoredBlock, TransactionLocation } from './store.js';

const storedSchema: z.ZodType<StoredBlock> = z.strictObject({
  block: blockSchema,
  hash: bytesSchema({ length: DIGEST_BYTES }),
  certificate: certificateSchema.nullable(),
  receipts: z.array(bytesSchema({ max: LEDGER_LIMITS.receiptBytes })).max(LEDGER_LIMITS.transactionsPerBlock + 1),
});

const value = bytesSchema({ max: LEDGER_LIMITS.genesisBytes }).nullable();
const writesSchema: z.ZodType<StateWrite[]> = z.array(z.strictObject({ key: z.string(), previous: value, value }));

const locationSchema: z.ZodType<TransactionLocation> = z.strictObject({
  id: idSchema('txn'),
  height: z.int().min(0),
  index: z.int().min(0),
  ok: z.boolean(),
});

/** Reads what a store wrote itself: anything unexpected means a damaged store. */
const reader =
  <T>(schema: z.ZodType<T>, what: string) =>
  (bytes: Uint8Array): T => {
    try {
      return schema.parse(decodeCanonical(bytes));
    } catch (cause) {
      throw new LedgerError('ledger/corrupt-store', `${what} cannot be read`, { what }, { cause });
    }
  };

export const decodeStored = reader(storedSchema, 'a stored block');
export const decodeWrites = reader(writesSchema, 'the writes of a block');
export const decodeLocation = reader(locationSchema, 'the place of a transaction');
export const decodeHeight = reader(z.int().min(0), 'a height');
