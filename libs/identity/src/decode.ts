import { type CborValue, decodeCanonical, isCodedError } from '@medveil/encoding';
import type { z } from 'zod';
import { IdentityError, type IdentityErrorCode } from './errors.js';

/** Reads a canonical document of a known shape; `code` names what it should have been. */
export function decodeAs<T>(bytes: Uint8Array, schema: z.ZodType<T>, maxBytes: number, code: IdentityErrorCode, what: string): T {
  if (bytes.length > maxBytes) throw new IdentityError(code, `${what} too large`, { bytes: bytes.length, maxBytes });
  let value: CborValue;
  try {
    value = decodeCanonical(bytes);
  } catch (cause) {
    throw new IdentityError(code, `${what} is not canonical`, { reason: isCodedError(cause) ? cause.code : 'unknown' }, { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new IdentityError(code, `${what} has a wrong shape`, { field: issue?.path.join('.') ?? '', problem: issue?.code ?? '' });
  }
  return parsed.data;
}
