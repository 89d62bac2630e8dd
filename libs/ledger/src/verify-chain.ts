import { CodedError } from '@medveil/encoding';
import type { CertifiedBlock } from './export.js';
import type { Genesis } from './genesis.js';
import { Ledger } from './ledger.js';
import { MemoryStore } from './memory-store.js';
import type { StateMachine } from './state-machine.js';

/** `height` is of the last good block, or of the first that differs. A differing `stateRoot` or `receiptsRoot` is of the block before. */
export type ChainVerdict =
  | { readonly ok: true; readonly height: number; readonly stateRoot: Uint8Array }
  | { readonly ok: false; readonly height: number; readonly code: string; readonly field: string | null; readonly message: string };

/**
 * Executes a chain again from its genesis and compares every header, root and certificate on the way.
 * Errors of the source of the blocks are thrown, not reported.
 */
export async function verifyChain(
  blocks: AsyncIterable<CertifiedBlock> | Iterable<CertifiedBlock>,
  genesis: Genesis,
  stateMachine: StateMachine,
): Promise<ChainVerdict> {
  const ledger = await Ledger.open({ genesis, store: new MemoryStore(), stateMachine, retainedHeights: 2 });
  for await (const { block, certificate } of blocks) {
    try {
      await ledger.validateBlock(block);
      await ledger.applyBlock(block, certificate);
    } catch (error) {
      return verdictOf(error, ledger.head.header.height + 1);
    }
  }
  const { header, stateRoot } = ledger.head;
  return { ok: true, height: header.height, stateRoot };
}

function verdictOf(error: unknown, height: number): ChainVerdict {
  if (!(error instanceof CodedError)) throw error;
  const { code, message, details } = error;
  return { ok: false, height, code, field: typeof details['field'] === 'string' ? details['field'] : null, message };
}
