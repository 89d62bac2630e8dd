import { type CborValue, CodedError, concatBytes, decodeCanonical, encodeCanonical, equalBytes, sha256 } from '@medveil/encoding';
import { checkpointCertificate, commitCertificate, hash, MAX_PROPOSAL_BYTES, preparedCertificate } from './certificate-codec.js';
import { bytesUpTo, count, type Decode, fields, literal, malformed, nullable } from './decode.js';
import type { PbftErrorCode } from './errors.js';
import { newView, prePrepare, viewChange } from './message-codec.js';
import { plain } from './payloads.js';
import type { WalEntry } from './wal-entries.js';

type Entry<T extends WalEntry['type']> = Extract<WalEntry, { type: T }>;

const decoders: { readonly [T in WalEntry['type']]: Decode<Entry<T>> } = {
  proposal: fields<Entry<'proposal'>>({ type: literal('proposal'), sequence: count, digest: hash, proposal: bytesUpTo(MAX_PROPOSAL_BYTES) }),
  'pre-prepare': fields<Entry<'pre-prepare'>>({ type: literal('pre-prepare'), prePrepare }),
  prepared: fields<Entry<'prepared'>>({ type: literal('prepared'), certificate: preparedCertificate }),
  committed: fields<Entry<'committed'>>({ type: literal('committed'), certificate: commitCertificate }),
  'view-change': fields<Entry<'view-change'>>({ type: literal('view-change'), viewChange }),
  'new-view': fields<Entry<'new-view'>>({ type: literal('new-view'), newView }),
  configuration: fields<Entry<'configuration'>>({ type: literal('configuration'), epoch: count }),
  stable: fields<Entry<'stable'>>({ type: literal('stable'), certificate: checkpointCertificate }),
  recovering: fields<Entry<'recovering'>>({ type: literal('recovering'), quietUntil: nullable(count) }),
  recovered: fields<Entry<'recovered'>>({ type: literal('recovered') }),
};

export const encodeWalEntry = (entry: WalEntry): Uint8Array => encodeCanonical(plain(entry));

/** @throws CodedError `encoding/not-canonical`, `pbft/bad-encoding` */
export function decodeWalEntry(bytes: Uint8Array): WalEntry {
  const value = decodeCanonical(bytes);
  const type = (value as { readonly type?: CborValue } | null)?.type;
  if (typeof type !== 'string' || !Object.hasOwn(decoders, type)) throw malformed('a known log entry');
  return decoders[type as WalEntry['type']](value);
}

const LENGTH_BYTES = 4;
const CHECK_BYTES = 8;

/** An entry as it stands in a log file: length (4 bytes, big-endian), the first 8 bytes of the entry's SHA-256, the entry. */
export function frameWalEntry(entry: WalEntry): Uint8Array {
  const bytes = encodeWalEntry(entry);
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, sha256(bytes).subarray(0, CHECK_BYTES), bytes);
}

/**
 * Reads a log file back. A torn record at the end (a crash while it was written: nothing rested on it yet) is left out;
 * the caller truncates the file to `validBytes` before it appends.
 * @throws CodedError `pbft/bad-log` where a damaged record is followed by good ones: that is not a torn write, and a
 *   replica that forgets what it promised must start as `recovering`
 */
export function readWal(file: Uint8Array): { readonly entries: readonly WalEntry[]; readonly validBytes: number } {
  const entries: WalEntry[] = [];
  let at = 0;
  for (;;) {
    const record = recordAt(file, at);
    if (record === null) break;
    entries.push(decodeWalEntry(record.bytes));
    at = record.end;
  }
  if (damagedInside(file, at)) {
    throw new CodedError<PbftErrorCode>('pbft/bad-log', 'the log is damaged before its last record', { validBytes: at, bytes: file.length });
  }
  return { entries, validBytes: at };
}

function recordAt(file: Uint8Array, at: number): { readonly bytes: Uint8Array; readonly end: number } | null {
  const start = at + LENGTH_BYTES + CHECK_BYTES;
  if (start > file.length) return null;
  const end = start + lengthAt(file, at);
  if (end > file.length) return null;
  const bytes = file.slice(start, end);
  const check = file.subarray(at + LENGTH_BYTES, start);
  return equalBytes(sha256(bytes).subarray(0, CHECK_BYTES), check) ? { bytes, end } : null;
}

const lengthAt = (file: Uint8Array, at: number): number => new DataView(file.buffer, file.byteOffset + at, LENGTH_BYTES).getUint32(0);

/** A record of plausible length whose check fails, with a whole good record right after it. */
function damagedInside(file: Uint8Array, at: number): boolean {
  if (at + LENGTH_BYTES > file.length) return false;
  const next = at + LENGTH_BYTES + CHECK_BYTES + lengthAt(file, at);
  return next < file.length && recordAt(file, next) !== null;
}
