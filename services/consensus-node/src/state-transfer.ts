import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConsensusNodeClient } from '@medveil/client';
import { fromBase64Url, isCodedError, toHex } from '@medveil/encoding';
import {
  type ChunkKeeper, decodeSnapshotManifest, decodeStateChunk, encodeStateChunk, type Genesis, Ledger, type LedgerStore, type SnapshotPeer, type StateChunk, transferState,
} from '@medveil/ledger';
import type { ServiceLog } from '@medveil/service-kit';

export interface StateTransferOptions {
  readonly store: LedgerStore;
  readonly genesis: Genesis;
  /** for the chunks of a transfer under way */
  readonly folder: string;
  readonly peers: readonly SnapshotPeer[];
  /** blocks: a shorter way is gone block by block */
  readonly minLead: number;
  readonly log: ServiceLog;
}

/**
 * Before a replica starts: where it is new, or was away for long, it takes the state of a snapshot from its peers instead of executing
 * every block. Without peers, or where none gives one, the blocks are replayed.
 */
export async function transferIfBehind({ store, genesis, folder, peers, minLead, log }: StateTransferOptions): Promise<void> {
  const height = (await store.height()) ?? 0;
  const keeper = new ChunkFolder(folder);
  try {
    const onFault = (peer: string, error: unknown): void => log.warn('snapshot-refused', { sender: peer, code: isCodedError(error) ? error.code : 'failed' });
    const state = await transferState({ genesis, peers, keeper, height, minLead, onFault });
    if (state === null) return;
    await Ledger.install(store, genesis, state);
    log.info('snapshot-installed', { height: state.snapshot.height, count: state.entries.length });
    await keeper.clear();
  } catch (error) {
    if (!isCodedError(error) || error.code !== 'ledger/no-snapshot') throw error;
    log.error('snapshot-not-taken', error, { height });
  }
}

/** Asks another node over HTTP; what it answers is checked by whoever asks. */
export const snapshotPeer = (name: string, client: ConsensusNodeClient): SnapshotPeer => ({
  name,
  manifest: async () => {
    const { manifest } = await client.snapshot();
    return manifest === null ? null : decodeSnapshotManifest(fromBase64Url(manifest));
  },
  chunk: async (height, from) => decodeStateChunk(fromBase64Url((await client.stateChunk(height, toHex(from))).chunk)),
});

/** One file for each chunk, named by where it begins, in a folder for each height. */
class ChunkFolder implements ChunkKeeper {
  constructor(private readonly folder: string) {}

  async load(height: number): Promise<readonly StateChunk[]> {
    const chunks: StateChunk[] = [];
    const names = await readdir(this.#of(height)).catch(() => []);
    for (const name of names.filter((file) => !file.endsWith('.new')).toSorted()) {
      try {
        chunks.push(decodeStateChunk(await readFile(join(this.#of(height), name))));
      } catch (error) {
        // What cannot be read is fetched again.
        if (!isCodedError(error)) throw error;
        break;
      }
    }
    return chunks;
  }

  async keep(height: number, chunk: StateChunk): Promise<void> {
    const path = join(this.#of(height), toHex(chunk.from));
    await mkdir(this.#of(height), { recursive: true });
    await writeFile(`${path}.new`, encodeStateChunk(chunk), { flush: true });
    await rename(`${path}.new`, path);
  }

  clear(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  #of(height: number): string {
    return join(this.folder, String(height));
  }
}
