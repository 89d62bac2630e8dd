import { hasher as portableHasher } from '@chainsafe/persistent-merkle-tree/hasher/as-sha256';
import { setHasher } from '@chainsafe/persistent-merkle-tree';

/**
 * Chooses the hasher of the tree's inner nodes, all of them SHA-256 of 64 bytes: the native one (batches with the
 * processor's SHA instructions) where its binary loads, else WebAssembly. The hashes are the same.
 */
async function chooseHasher(): Promise<string> {
  const chosen = await import('@chainsafe/persistent-merkle-tree/hasher/hashtree').then(
    (native) => native.hasher,
    () => portableHasher,
  );
  setHasher(chosen);
  return chosen.name;
}

/** `hashtree` or `as-sha256`: for a replica's start-up log. */
export const TREE_HASHER: string = await chooseHasher();
