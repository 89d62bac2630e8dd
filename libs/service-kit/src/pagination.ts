import { type CborValue, CodedError, decodeCanonical, encodeCanonical, fromBase64Url, toBase64Url } from '@medveil/encoding';
import { z } from 'zod';
import type { HttpErrorCode } from './errors.js';

const MAX_CURSOR_LENGTH = 512;

/** The query of a route that lists: `@Query({ schema: pageQuery(100) })`. Query values arrive as text. */
export const pageQuery = (maxLimit: number) =>
  z.strictObject({
    cursor: z.string().max(MAX_CURSOR_LENGTH).optional(),
    limit: z.coerce.number().int().min(1).max(maxLimit).default(Math.min(50, maxLimit)),
  });

/** The answer: items in a stable order, and where to go on, absent on the last page. */
export const pageSchema = <S extends z.ZodType>(item: S) => z.object({ items: z.array(item), nextCursor: z.string().optional() });

export interface Page<T> {
  readonly items: T[];
  readonly nextCursor?: string;
}

/** Opaque to callers: the position after which to go on. */
export const encodeCursor = (position: CborValue): string => toBase64Url(encodeCanonical(position));

/** @throws CodedError `http/bad-cursor` for what is none, or of another list */
export function decodeCursor<T>(schema: z.ZodType<T>, cursor: string): T {
  try {
    return schema.parse(decodeCanonical(fromBase64Url(cursor)));
  } catch (cause) {
    throw new CodedError<HttpErrorCode>('http/bad-cursor', 'the cursor is not one of this list', {}, { cause });
  }
}

/**
 * A page of rows that were read with `limit + 1`: the surplus row says that there is more.
 * @param position of a row, from which the next page goes on
 */
export function pageOf<T>(rows: readonly T[], limit: number, position: (row: T) => CborValue): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return rows.length > limit && last !== undefined ? { items, nextCursor: encodeCursor(position(last)) } : { items };
}
