import { bytesSchema, DIGEST_BYTES, encodeCanonical, equalBytes } from '@medveil/encoding';
import { z } from 'zod';
import { type Block, blockSchema, headerHash } from './block.js';
import { decodeWith } from './codec.js';
import { LedgerError } from './errors.js';
import { LightClient } from './light-client.js';
import { LEDGER_LIMITS } from './limits.js';
import { merkleListRoot } from './merkle-list.js';
import { requireBody } from './proposal.js';
import { type CertifiedHeader, certifiedSchema, type ReplicaSetChange, replicaSetChangeSchema } from './proof-bundles.js';
import { receiptDigest } from './receipt.js';
import { certificateSchema } from './certificate.js';
import type { CommitCertificate } from '@medveil/pbft';

/**
 * What a state transfer starts from: a block with its receipts, and the certified header after it, which names the root of the
 * state that the block left. Checked from the genesis document alone.
 */
export interface SnapshotManifest {
  /** Every change of the replica set up to the next header, in order. */
  readonly changes: readonly ReplicaSetChange[];
  readonly block: Block;
  readonly certificate: CommitCertificate;
  /** Canonical bytes, the block's own first. */
  readonly receipts: readonly Uint8Array[];
  readonly next: CertifiedHeader;
}

/** A manifest that was checked. */
export interface VerifiedSnapshot extends SnapshotManifest {
  readonly height: number;
  /** headerHash of the block. */
  readonly hash: Uint8Array;
  /** Of the state after the block. */
  readonly stateRoot: Uint8Array;
}

/** More changes of the set than a consortium makes in its life. */
const MAX_CHANGES = 4_096;
const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;

const manifestSchema: z.ZodType<SnapshotManifest> = z.strictObject({
  changes: z.array(replicaSetChangeSchema).max(MAX_CHANGES),
  block: blockSchema,
  certificate: certificateSchema,
  receipts: z.array(bytesSchema({ max: LEDGER_LIMITS.receiptBytes })).max(LEDGER_LIMITS.transactionsPerBlock + 1),
  next: certifiedSchema,
});

export const encodeSnapshotManifest = (manifest: SnapshotManifest): Uint8Array => encodeCanonical(manifest as never);

/** @throws LedgerError `ledger/malformed`, `ledger/too-large` */
export const decodeSnapshotManifest = (bytes: Uint8Array): SnapshotManifest => decodeWith(manifestSchema, bytes, 'snapshot manifest', MAX_MANIFEST_BYTES);

/** @throws LedgerError `ledger/bad-snapshot`, and as the light client's checks */
export function verifySnapshotManifest(manifest: SnapshotManifest, genesisBytes: Uint8Array): VerifiedSnapshot {
  const { block, certificate, receipts, next, changes } = manifest;
  const { header } = block;
  const client = changes.reduce((known, change) => known.follow(change), LightClient.fromGenesis(genesisBytes));
  client.verifyHeaders([{ header, certificate }, next], []);
  requireBody(block);
  if (!equalBytes(merkleListRoot(receipts.map((receipt) => receiptDigest(receipt))), next.header.receiptsRoot)) {
    throw new LedgerError('ledger/bad-snapshot', 'the receipts are not those that the next header names', { height: header.height });
  }
  if (next.header.stateRoot.length !== DIGEST_BYTES) throw new LedgerError('ledger/bad-snapshot', 'no state root', { height: header.height });
  return { ...manifest, height: header.height, hash: headerHash(header), stateRoot: next.header.stateRoot };
}
