import { decodeCursor, encodeCursor } from '@medveil/service-kit';
import { z } from 'zod';
import type { Position } from './institutions/institution-store.js';

const positionSchema = z.strictObject({ atMs: z.int(), id: z.string().max(100) });

/** @throws CodedError `http/bad-cursor` */
export const positionOf = (cursor: string | undefined): Position | undefined => (cursor === undefined ? undefined : decodeCursor(positionSchema, cursor));

/** @param rows read with `limit + 1`: the surplus row says that there is more */
export function nextCursor<Row>(rows: readonly Row[], limit: number, position: (row: Row) => Position): string | null {
  const last = rows[limit - 1];
  return rows.length > limit && last !== undefined ? encodeCursor({ ...position(last) }) : null;
}
