import { bytesSchema, type CborValue, decodeCanonical, digest, toHex } from '@medveil/encoding';
import { z } from 'zod';
import { parseWith } from './codec.js';
import { LEDGER_LIMITS } from './limits.js';

/** A member of the replica set: its identifier and the Ed25519 key (32 bytes) of its PBFT signatures. */
export interface ReplicaIdentity {
  readonly id: string;
  readonly publicKey: Uint8Array;
}

/** In PBFT's order: the primary of view V is member V mod n. n = 3f + 1 or more; a quorum is 2f + 1 of them. */
export type ReplicaSet = readonly ReplicaIdentity[];

export const replicaSetSchema: z.ZodType<ReplicaSet> = z
  .array(
    z.strictObject({
      id: z.string().regex(/^[!-~]+$/).max(LEDGER_LIMITS.nameLength),
      publicKey: bytesSchema({ length: 32 }),
    }),
  )
  .min(1)
  .max(LEDGER_LIMITS.replicas)
  .refine((set) => new Set(set.map((replica) => replica.id)).size === set.length, { error: 'ids must differ' })
  .refine((set) => new Set(set.map((replica) => toHex(replica.publicKey))).size === set.length, {
    error: 'public keys must differ',
  });

/** The value that stands in the state under `REPLICA_SET_KEY`. */
export const replicaSetValue = (set: ReplicaSet): CborValue => set.map(({ id, publicKey }) => ({ id, publicKey }));

/** @throws LedgerError `ledger/malformed`: repeated ids or keys, no member, wrong key length */
export const replicaSetFrom = (value: CborValue | undefined): ReplicaSet => parseWith(replicaSetSchema, value, 'replica set');

/** @param bytes canonical, as they stand in the state @throws LedgerError `ledger/malformed` */
export const replicaSetFromBytes = (bytes: Uint8Array | undefined): ReplicaSet =>
  replicaSetFrom(bytes === undefined ? undefined : decodeCanonical(bytes));

/** What a header's `replicaSetHash` holds. */
export function replicaSetHash(set: ReplicaSet): Uint8Array {
  const known = setHashes.get(set);
  if (known !== undefined) return known;
  const hash = digest('medveil/replica-set/1', replicaSetValue(set));
  setHashes.set(set, hash);
  return hash;
}

/** By the object: every header names the set, which hardly ever changes. */
const setHashes = new WeakMap<ReplicaSet, Uint8Array>();
