import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { ed25519Keys, ed25519Verifier } from '../ed25519.js';
import type { ReplicaPorts, Verifier } from '../ports.js';
import type { Configuration, ReplicaId } from '../replica-set.js';

/** A simulated replica in a set, with the version of the key it has there. */
export interface Seat {
  readonly replica: ReplicaId;
  readonly version: number;
}

/** Everybody's keys, of every version, and what checks their signatures. */
export interface Keyring {
  publicKey(seat: Seat): Uint8Array;
  /** What one replica holds: so many versions, all of them unless told otherwise. */
  signersOf(replica: ReplicaId, versions?: number): ReplicaPorts['signerOf'];
  readonly verifier: Verifier;
}

/** Versions of keys that a simulated replica has prepared. */
export const KEY_VERSIONS = 4;
const versionsUpTo = (versions: number): number[] => [...Array(versions).keys()];

/**
 * A stand-in for signatures inside the simulator: a hash under the replica's key. It forges nothing by itself: no
 * simulated replica signs with another's keys.
 */
export function hashKeyring(): Keyring {
  const known = new Map<string, Uint8Array>();
  const publicKey = (seat: Seat): Uint8Array => {
    const name = `${seat.replica}.${seat.version}`;
    const key = known.get(name) ?? secretOf(seat);
    known.set(name, key);
    return key;
  };
  return {
    publicKey,
    signersOf: (replica, versions = KEY_VERSIONS) => {
      const held = new Set(versionsUpTo(versions).map((version) => Buffer.from(publicKey({ replica, version })).toString('latin1')));
      return (key) => (held.has(Buffer.from(key).toString('latin1')) ? { sign: (payload) => tagged(key, payload) } : null);
    },
    verifier: { verify: (key, payload, signature) => tag(key, payload).equals(signature.subarray(0, 32)) && signature.subarray(32).every((byte) => byte === 0) },
  };
}

const tag = (publicKey: Uint8Array, payload: Uint8Array): Buffer => createHash('sha256').update(publicKey).update(payload).digest();

function tagged(publicKey: Uint8Array, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set(tag(publicKey, payload));
  return bytes;
}

/** The production signatures, for one seed in a hundred. */
export function ed25519Keyring(): Keyring {
  return {
    publicKey: (seat) => ed25519.getPublicKey(secretOf(seat)),
    signersOf: (replica, versions = KEY_VERSIONS) => ed25519Keys(...versionsUpTo(versions).map((version) => secretOf({ replica, version }))),
    verifier: ed25519Verifier,
  };
}

/** Simulated replicas are named by their number. */
export const configurationOf = (keyring: Keyring, epoch: number, seats: readonly Seat[]): Configuration => ({
  epoch,
  replicaSet: { publicKeys: seats.map((seat) => keyring.publicKey(seat)) },
  names: seats.map(({ replica }) => nameOf(replica)),
});

export const nameOf = (replica: ReplicaId): string => String(replica);
export const numberOf = (name: string): ReplicaId => Number(name);

export const firstSeats = (replicas: number): Seat[] => Array.from({ length: replicas }, (_, replica) => ({ replica, version: 0 }));

/** Simulated keys protect nothing: they are made from the replica's number. */
const secretOf = ({ replica, version }: Seat): Uint8Array => new Uint8Array(createHash('sha256').update(`simulated replica ${replica}, key ${version}`).digest());
