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

/**
 * Reads opaque proposals. The ledger provides it; it is pure and never throws.
 * The digest must bind every byte: `identify` returns null for a proposal whose body is not the one
 * that its header names, or that is not in canonical form, so that one digest has exactly one byte string.
 */
export interface ProposalReader {
  identify(proposal: Uint8Array): ProposalIdentity | null;
  /** The ids (`PoolRequest.id`) of the requests in a proposal that `identify` could read. */
  requestIds(proposal: Uint8Array): readonly string[];
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
