import type { Configuration } from './replica-set.js';

/** Signs with this replica's key. Production: `ed25519Signer`. */
export interface Signer {
  /** @param payload the 32-byte digest that stands for the statement @returns 64 bytes */
  sign(payload: Uint8Array): Uint8Array;
}

/** Checks a replica's signature. Production: `ed25519Verifier`. Never throws. */
export interface Verifier {
  verify(publicKey: Uint8Array, payload: Uint8Array, signature: Uint8Array): boolean;
}

/** What a proposal says of itself, as far as the protocol must know it. */
export interface ProposalIdentity {
  /** The height of the block. */
  readonly sequence: number;
  /** The block header's hash, 32 bytes. */
  readonly digest: Uint8Array;
  /** The header hash of the block before, 32 bytes. */
  readonly previousDigest: Uint8Array;
}

/** What stands for a proposal where the requests in it are known by their ids: the digest binds both alike. */
export interface ProposalOutline extends ProposalIdentity {
  /** `PoolRequest.id` of each, in order. */
  readonly requestIds: readonly string[];
}

/**
 * Reads opaque proposals. The ledger provides it; it is pure and never throws.
 * The digest must bind every byte: `identify` returns null for a proposal whose body is not the one
 * that its header names, or that is not in canonical form, so that one digest has exactly one byte string.
 */
export interface ProposalReader {
  identify(proposal: Uint8Array): ProposalIdentity | null;
  /** The ids (`PoolRequest.id`) of the requests in a proposal that `identify` could read. */
  requestIds(proposal: Uint8Array): readonly string[];
  /** The id of a request: a digest of its bytes. */
  requestIdOf(request: Uint8Array): string;
  /** Of a proposal that `identify` could read. */
  outline(proposal: Uint8Array): Uint8Array;
  /** @returns null for what is no outline, or whose list of requests is not the one that its header names */
  readOutline(outline: Uint8Array): ProposalOutline | null;
  /**
   * @param outline one that `readOutline` could read
   * @param requests those that it names, in its order
   * @returns null where they make no proposal: it would be too large
   */
  assemble(outline: Uint8Array, requests: readonly Uint8Array[]): Uint8Array | null;
  /** Whether the header of such a proposal names another set than this configuration's: then it is the last one that the configuration decides. */
  endsConfiguration(proposal: Uint8Array, configuration: Configuration): boolean;
}

/** Everything the replica needs from outside; none of it does I/O. */
export interface ReplicaPorts {
  /** This replica's keys, the next one included where it is prepared; null: not one of them. */
  signerOf(publicKey: Uint8Array): Signer | null;
  readonly verifier: Verifier;
  readonly proposals: ProposalReader;
}
