import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { ed25519Signer, ed25519Verifier } from '../ed25519.js';
import type { Signer, Verifier } from '../ports.js';
import type { ReplicaSet } from '../replica-set.js';

/** The replicas' keys and what checks their signatures. */
export interface Keyring {
  readonly replicaSet: ReplicaSet;
  readonly signers: readonly Signer[];
  readonly verifier: Verifier;
}

/**
 * A stand-in for signatures inside the simulator: a hash under the replica's key. It forges nothing by itself: no
 * simulated replica signs with another's `Signer`.
 */
export function hashKeyring(replicas: number): Keyring {
  const publicKeys = Array.from({ length: replicas }, (_, replica) => secretOf(replica));
  return {
    replicaSet: { publicKeys },
    signers: publicKeys.map((key) => ({
      sign: (payload) => {
        const bytes = new Uint8Array(64);
        bytes.set(tag(key, payload));
        return bytes;
      },
    })),
    verifier: { verify: (key, payload, signature) => tag(key, payload).equals(signature.subarray(0, 32)) && signature.subarray(32).every((byte) => byte === 0) },
  };
}

const tag = (publicKey: Uint8Array, payload: Uint8Array): Buffer => createHash('sha256').update(publicKey).update(payload).digest();

/** The production signatures, for one seed in a hundred. */
export function ed25519Keyring(replicas: number): Keyring {
  const secrets = Array.from({ length: replicas }, (_, replica) => secretOf(replica));
  return {
    replicaSet: { publicKeys: secrets.map((secret) => ed25519.getPublicKey(secret)) },
    signers: secrets.map((secret) => ed25519Signer(secret)),
    verifier: ed25519Verifier,
  };
}

/** Simulated keys protect nothing: they are made from the replica's number. */
const secretOf = (replica: number): Uint8Array => new Uint8Array(createHash('sha256').update(`simulated replica ${replica}`).digest());
