import { type CborValue, digest } from '@medveil/encoding';
import type { CommitCertificate } from './certificates.js';
import type { NewView, Statement, ViewChange } from './messages.js';

/**
 * What is signed: a 32-byte domain-separated digest per statement. The signer is named by its key alone, so that all
 * votes of a certificate sign the same bytes. The epoch stands in all of them: what was said in one configuration says
 * nothing in another, though the same key may sign in both. View changes sign the digest of their content: evidence stays small.
 */

export interface Vote {
  /** Of the configuration that votes. */
  readonly epoch: number;
  readonly view: number;
  readonly sequence: number;
  readonly digest: Uint8Array;
}

export interface ChainedVote extends Vote {
  readonly previousDigest: Uint8Array;
}

export const prePreparePayload = (chainId: string, v: ChainedVote): Uint8Array =>
  digest('medveil/pbft/pre-prepare/1', [chainId, v.epoch, v.view, v.sequence, v.digest, v.previousDigest]);

export const preparePayload = (chainId: string, v: ChainedVote): Uint8Array =>
  digest('medveil/pbft/prepare/1', [chainId, v.epoch, v.view, v.sequence, v.digest, v.previousDigest]);

/** All that a light client needs beside the replica set: chain, epoch, view, sequence (height) and digest (header hash). */
export const commitPayload = (chainId: string, v: Vote): Uint8Array =>
  digest('medveil/pbft/commit/1', { chainId, epoch: v.epoch, view: v.view, sequence: v.sequence, digest: v.digest });

export const checkpointPayload = (chainId: string, v: { readonly epoch: number; readonly sequence: number; readonly stateDigest: Uint8Array }): Uint8Array =>
  digest('medveil/pbft/checkpoint/1', [chainId, v.epoch, v.sequence, v.stateDigest]);

export const viewChangeContent = (v: Pick<ViewChange, 'base' | 'prepared'>): Uint8Array =>
  digest('medveil/pbft/view-change-content/1', [plain(v.base), plain(v.prepared)]);

export const viewChangePayload = (chainId: string, epoch: number, newView: number, content: Uint8Array): Uint8Array =>
  digest('medveil/pbft/view-change/1', [chainId, epoch, newView, content]);

export const newViewContent = (v: Pick<NewView, 'prePrepares' | 'viewChanges'>): Uint8Array =>
  digest('medveil/pbft/new-view-content/1', [plain(v.viewChanges), plain(v.prePrepares)]);

export const newViewPayload = (chainId: string, epoch: number, view: number, content: Uint8Array): Uint8Array =>
  digest('medveil/pbft/new-view/1', [chainId, epoch, view, content]);

/** Messages that promise nothing sign all their fields. */
const transientPayload = (chainId: string, message: Statement): Uint8Array => {
  const { signature: _, ...content } = message;
  return digest('medveil/pbft/transient/1', [chainId, plain(content)]);
};

/** @returns the 32 bytes that the message's signature covers */
export function messagePayload(chainId: string, message: Statement): Uint8Array {
  switch (message.type) {
    case 'pre-prepare':
      return prePreparePayload(chainId, message);
    case 'prepare':
      return preparePayload(chainId, message);
    case 'commit':
      return commitPayload(chainId, message);
    case 'checkpoint':
      return checkpointPayload(chainId, message);
    case 'view-change':
      return viewChangePayload(chainId, message.epoch, message.newView, viewChangeContent(message));
    case 'new-view':
      return newViewPayload(chainId, message.epoch, message.view, newViewContent(message));
    case 'request':
    case 'status':
    case 'fetch-proposal':
    case 'proposal':
    default:
      return transientPayload(chainId, message);
  }
}

/** Interfaces have no index signature; messages and certificates are plain CBOR data all the same. */
export const plain = (value: CommitCertificate | object | null): CborValue => value as CborValue;
