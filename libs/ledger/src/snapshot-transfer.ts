import { isCodedError } from '@medveil/encoding';
import { LedgerError } from './errors.js';
import type { Genesis } from './genesis.js';
import { type SnapshotManifest, type VerifiedSnapshot, verifySnapshotManifest } from './snapshot.js';
import { FIRST_KEY_HASH, requireChunk, type StateChunk, type StateEntry } from './state-chunk.js';

/** A node that is asked for a snapshot. Nothing it says is believed. */
export interface SnapshotPeer {
  readonly name: string;
  /** Of its newest snapshot; null: it has none. */
  manifest(): Promise<SnapshotManifest | null>;
  /** The part of the state after block `height` that begins at this key hash. */
  chunk(height: number, from: Uint8Array): Promise<StateChunk>;
}

/** Chunks that were checked, kept across a restart; of one height at a time. */
export interface ChunkKeeper {
  load(height: number): Promise<readonly StateChunk[]>;
  /** Resolves when it is durable. */
  keep(height: number, chunk: StateChunk): Promise<void>;
}

export interface TransferOptions {
  readonly genesis: Genesis;
  readonly peers: readonly SnapshotPeer[];
  readonly keeper: ChunkKeeper;
  /** Height of the last block here: a snapshot that is no further ahead than `minLead` is not worth it. */
  readonly height: number;
  readonly minLead: number;
  /** What a peer gave that was not what it should be, or did not give. */
  readonly onFault?: (peer: string, error: unknown) => void;
}

export interface TransferredState {
  readonly snapshot: VerifiedSnapshot;
  readonly entries: readonly StateEntry[];
}

/** A peer that failed so often is not asked any more. */
const MAX_FAULTS = 3;

/**
 * Fetches the state of the newest snapshot, chunk by chunk from the peers in turn. Each chunk is checked against the certified root
 * before it is kept; who gives a bad one is counted, and another is asked. With the last chunk the whole state is there:
 * the chunks' intervals follow each other without a gap, and each was proved complete.
 * @returns null where no peer has a snapshot that is far enough ahead
 * @throws LedgerError `ledger/no-snapshot` where every peer failed too often; what was kept serves the next attempt
 */
export async function transferState(options: TransferOptions): Promise<TransferredState | null> {
  const { keeper, peers, onFault } = options;
  const snapshot = await newestSnapshot(options);
  if (snapshot === null) return null;
  const { height, stateRoot } = snapshot;
  const entries: StateEntry[] = [];
  const faults = new Map<string, number>();
  let from: Uint8Array | null = FIRST_KEY_HASH;
  for (const kept of await keeper.load(height)) {
    if (from === null || !isGood(stateRoot, from, kept)) break;
    entries.push(...kept.entries);
    from = kept.until;
  }
  for (let turn = 0; from !== null; turn += 1) {
    const willing = peers.filter(({ name }) => (faults.get(name) ?? 0) < MAX_FAULTS);
    const peer = willing[turn % willing.length];
    if (peer === undefined) throw new LedgerError('ledger/no-snapshot', 'no peer gives this snapshot', { height });
    try {
      const chunk = await peer.chunk(height, from);
      requireChunk(stateRoot, from, chunk);
      await keeper.keep(height, chunk);
      entries.push(...chunk.entries);
      from = chunk.until;
    } catch (error) {
      faults.set(peer.name, (faults.get(peer.name) ?? 0) + 1);
      onFault?.(peer.name, error);
    }
  }
  return { snapshot, entries };
}

function isGood(root: Uint8Array, from: Uint8Array, chunk: StateChunk): boolean {
  try {
    requireChunk(root, from, chunk);
    return true;
  } catch (error) {
    if (isCodedError(error)) return false;
    throw error;
  }
}

async function newestSnapshot({ genesis, peers, height, minLead, onFault }: TransferOptions): Promise<VerifiedSnapshot | null> {
  const offered = await Promise.all(
    peers.map(async (peer) => {
      try {
        const manifest = await peer.manifest();
        return manifest === null ? null : verifySnapshotManifest(manifest, genesis.bytes);
      } catch (error) {
        onFault?.(peer.name, error);
        return null;
      }
    }),
  );
  return offered
    .filter((snapshot) => snapshot !== null)
    .filter((snapshot) => snapshot.height > height + minLead)
    .reduce<VerifiedSnapshot | null>((best, snapshot) => (snapshot.height > (best?.height ?? 0) ? snapshot : best), null);
}
