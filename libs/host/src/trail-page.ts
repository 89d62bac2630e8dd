import type { patientApi } from '@medveil/client';
import { toBase64Url, toHex } from '@medveil/encoding';
import { decodeCursor, encodeCursor } from '@medveil/service-kit';
import { z } from 'zod';
import type { TrailEntry, TrailPosition, TrailStore } from './trail.js';

const positionSchema = z.tuple([z.int().min(0), z.int().min(-1), z.int().min(0)]);

/** One page of an owner's trail as the HTTP APIs answer it. @throws CodedError `http/bad-cursor` */
export async function trailPage(trail: TrailStore, ownerId: string, cursor: string | undefined, limit: number): Promise<z.infer<typeof patientApi.trailPageSchema>> {
  const entries = await trail.page(ownerId, cursor === undefined ? null : positionOf(cursor), limit + 1);
  const shown = entries.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(view), nextCursor: entries.length > limit && last !== undefined ? encodeCursor([last.height, last.receiptIndex, last.eventIndex]) : null };
}

function positionOf(cursor: string): TrailPosition {
  const [height, receiptIndex, eventIndex] = decodeCursor(positionSchema, cursor);
  return { height, receiptIndex, eventIndex };
}

const view = ({ height, receiptIndex, eventIndex, atMs, event, account, transactionId, claimId, proof }: TrailEntry): patientApi.TrailEntry => ({
  height, receiptIndex, eventIndex, atMs, type: event.type, account, transactionId, claimId,
  data: inJson(event.data) as Record<string, unknown>,
  proof: toBase64Url(proof),
});

/** Byte strings in hexadecimal, as everywhere in the APIs. */
function inJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(inJson);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inJson(inner)])) : value;
}
