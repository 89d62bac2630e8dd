import type { patientApi } from '@medveil/client';
import { toBase64Url, toHex } from '@medveil/encoding';
import { decodeCursor, encodeCursor } from '@medveil/service-kit';
import type { AuditEvent, Bundle } from 'fhir/r4.js';
import { z } from 'zod';
import { auditEventOf } from './audit-event.js';
import type { TrailEntry, TrailPosition, TrailStore } from './trail.js';

const positionSchema = z.tuple([z.int().min(0), z.int().min(-1), z.int().min(0)]);

/** One page of an owner's trail as the HTTP APIs answer it. @throws CodedError `http/bad-cursor` */
export async function trailPage(trail: TrailStore, ownerId: string, cursor: string | undefined, limit: number): Promise<z.infer<typeof patientApi.trailPageSchema>> {
  const { entries, nextCursor } = await read(trail, ownerId, cursor, limit);
  return { items: entries.map(view), nextCursor };
}

/** The same as a FHIR searchset of AuditEvents; the link to the next page is relative to the request's. */
export async function auditEventPage(trail: TrailStore, ownerId: string, cursor: string | undefined, limit: number, chainId: string): Promise<Bundle<AuditEvent>> {
  const { entries, nextCursor } = await read(trail, ownerId, cursor, limit);
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(nextCursor === null ? {} : { link: [{ relation: 'next', url: `?cursor=${encodeURIComponent(nextCursor)}&limit=${limit}` }] }),
    ...(entries.length === 0 ? {} : { entry: entries.map((entry) => ({ resource: auditEventOf(entry, chainId), search: { mode: 'match' as const } })) }),
  };
}

async function read(trail: TrailStore, ownerId: string, cursor: string | undefined, limit: number): Promise<{ readonly entries: readonly TrailEntry[]; readonly nextCursor: string | null }> {
  const found = await trail.page(ownerId, cursor === undefined ? null : positionOf(cursor), limit + 1);
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  return { entries, nextCursor: found.length > limit && last !== undefined ? encodeCursor([last.height, last.receiptIndex, last.eventIndex]) : null };
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
