import { type CborValue, decodeCanonical } from '@medveil/encoding';
import type { z } from 'zod';
import { LedgerError } from './errors.js';

/**
 * Strict decoding of an outside document: canonical bytes of a limited length that the schema accepts whole.
 * @param what names the document in errors
 * @throws LedgerError `ledger/too-large`, `ledger/malformed`
 */
export function decodeWith<T>(schema: z.ZodType<T>, bytes: Uint8Array, what: string, maxBytes: number): T {
  if (bytes.length > maxBytes) {
    throw new LedgerError('ledger/too-large', `${what} is too large`, { what, bytes: bytes.length, max: maxBytes });
  }
  let value: CborValue;
  try {
    value = decodeCanonical(bytes);
  } catch (cause) {
    throw new LedgerError('ledger/malformed', `${what} is not canonical`, { what }, { cause });
  }
  return parseWith(schema, value, what);
}

/** @throws LedgerError `ledger/malformed` with the first offending path */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new LedgerError('ledger/malformed', `${what} is malformed`, {
    what,
    path: issue?.path.join('.') ?? '',
    problem: issue?.message ?? '',
  });
}
