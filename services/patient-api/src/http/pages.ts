import { decodeCursor, encodeCursor } from '@medveil/service-kit';
import { z } from 'zod';

const positionSchema = z.int().min(0);

/** @throws CodedError `http/bad-cursor` */
export const sequenceOf = (cursor: string | undefined): number => (cursor === undefined ? 0 : decodeCursor(positionSchema, cursor));

/** @param rows read with one more than the limit */
export function pageFrom<Row, Item>(rows: readonly Row[], limit: number, sequence: (row: Row) => number, item: (row: Row) => Item) {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(item), nextCursor: rows.length > limit && last !== undefined ? encodeCursor(sequence(last)) : null };
}
