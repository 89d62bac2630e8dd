import { bytesSchema, concatBytes, encodeCanonical, equalBytes } from '@medveil/encoding';
import type { CommitCertificate } from '@medveil/pbft';
import { z } from 'zod';
import { type Block, blockSchema } from './block.js';
import { certificateSchema } from './certificate.js';
import { decodeWith } from './codec.js';
import { LedgerError } from './errors.js';
import type { Ledger } from './ledger.js';
import { LEDGER_LIMITS } from './limits.js';

/** A committed block with its certificate. */
export interface CertifiedBlock {
  readonly block: Block;
  readonly certificate: CommitCertificate;
}

/**
 * An export is a run of frames, each a 4-byte big-endian length and that many bytes of canonical CBOR: first
 * {format, genesis}, then a block a frame from height 1, last {end: height}, so that a cut-off file shows.
 */
const FORMAT = 'medveil/ledger-export/1';
const LENGTH_BYTES = 4;
const MAX_FRAME_BYTES = LEDGER_LIMITS.genesisBytes + 1_024;

const openingSchema = z.strictObject({ format: z.literal(FORMAT), genesis: bytesSchema({ max: LEDGER_LIMITS.genesisBytes }) });
const endSchema = z.strictObject({ end: z.int().min(0) });
const certifiedBlockSchema: z.ZodType<CertifiedBlock> = z.strictObject({ block: blockSchema, certificate: certificateSchema });
const frameSchema = z.union([certifiedBlockSchema, endSchema]);

/** Writes out the chain up to its head at the time of the call. */
export async function* exportLedger(ledger: Ledger): AsyncGenerator<Uint8Array> {
  const end = ledger.head.header.height;
  yield frame({ format: FORMAT, genesis: ledger.genesis.bytes });
  for (let height = 1; height <= end; height += 1) {
    const stored = await ledger.store.block(height);
    if (stored === undefined) throw new LedgerError('ledger/corrupt-store', 'a block is missing', { height });
    yield frame({ block: stored.block, certificate: stored.certificate });
  }
  yield frame({ end });
}

/** An export as read back: the genesis document first, then the blocks as they come. */
export interface LedgerExport {
  readonly genesis: Uint8Array;
  readonly blocks: AsyncIterable<CertifiedBlock>;
}

/**
 * @param chunks the bytes of an export, cut anywhere
 * @throws LedgerError `ledger/bad-export`, `ledger/malformed`; also while the blocks are read
 */
export async function readExport(chunks: AsyncIterable<Uint8Array>): Promise<LedgerExport> {
  const frames = readFrames(chunks);
  const first = await frames.next();
  if (first.done === true) throw new LedgerError('ledger/bad-export', 'the export is empty');
  const { genesis } = decodeWith(openingSchema, first.value, 'export', MAX_FRAME_BYTES);
  return { genesis, blocks: readBlocks(frames) };
}

/**
 * Applies the blocks of an export that the ledger does not have yet, certificates checked, every block executed.
 * @returns the height reached
 * @throws LedgerError `ledger/wrong-genesis`, `ledger/bad-export`, and as `Ledger.applyBlock`; what was applied before stays
 */
export async function importLedger(chunks: AsyncIterable<Uint8Array>, ledger: Ledger): Promise<number> {
  const { genesis, blocks } = await readExport(chunks);
  if (!equalBytes(genesis, ledger.genesis.bytes)) {
    throw new LedgerError('ledger/wrong-genesis', 'the export is of another chain');
  }
  for await (const { block, certificate } of blocks) {
    if (block.header.height > ledger.head.header.height) await ledger.applyBlock(block, certificate);
  }
  return ledger.head.header.height;
}

async function* readBlocks(frames: AsyncGenerator<Uint8Array>): AsyncGenerator<CertifiedBlock> {
  let height = 0;
  for await (const bytes of frames) {
    const content = decodeWith(frameSchema, bytes, 'export', MAX_FRAME_BYTES);
    if ('end' in content) {
      const rest = await frames.next();
      if (content.end !== height || rest.done !== true) throw new LedgerError('ledger/bad-export', 'the export ends wrongly', { height });
      return;
    }
    height += 1;
    if (content.block.header.height !== height) throw new LedgerError('ledger/bad-export', 'a block is out of order', { height });
    yield content;
  }
  throw new LedgerError('ledger/bad-export', 'the export is cut off', { height });
}

async function* readFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array = new Uint8Array(0);
  for await (const chunk of chunks) {
    pending = concatBytes(pending, chunk);
    for (let length = frameLength(pending); length !== null && pending.length >= LENGTH_BYTES + length; length = frameLength(pending)) {
      yield pending.slice(LENGTH_BYTES, LENGTH_BYTES + length);
      pending = pending.subarray(LENGTH_BYTES + length);
    }
  }
  if (pending.length > 0) throw new LedgerError('ledger/bad-export', 'the export is cut off within a frame');
}

function frameLength(bytes: Uint8Array): number | null {
  if (bytes.length < LENGTH_BYTES) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (length > MAX_FRAME_BYTES) throw new LedgerError('ledger/bad-export', 'a frame is too long', { length, max: MAX_FRAME_BYTES });
  return length;
}

function frame(content: object): Uint8Array {
  // Blocks and certificates are plain canonical data; interfaces only lack the index signature.
  const bytes = encodeCanonical(content as never);
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, bytes);
}
