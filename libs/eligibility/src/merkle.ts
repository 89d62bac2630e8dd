import { poseidon, type Tag } from './poseidon.js';

/**
 * Trees have eight children a node: Poseidon of nine inputs costs 420 constraints for three binary levels,
 * where three binary nodes cost 792.
 */
export const TREE_ARITY = 8;

/** The eight children on each level from the leaf's own upwards, and which of them the path passes through. */
export interface MerklePath {
  readonly siblings: readonly (readonly bigint[])[];
  readonly positions: readonly number[];
}

const emptyNodes = new Map<Tag, bigint[]>();

/** The node over an empty subtree of a height; an empty leaf is 0, which is the hash of nothing known. */
function emptyNode(tag: Tag, height: number): bigint {
  const known = emptyNodes.get(tag) ?? [0n];
  emptyNodes.set(tag, known);
  for (let h = known.length; h <= height; h += 1) {
    known.push(poseidon(tag, Array.from({ length: TREE_ARITY }, () => known[h - 1] ?? 0n)));
  }
  return known[height] ?? 0n;
}

/** A tree of fixed depth over leaves; unused leaves are 0 and cost nothing. */
export class MerkleTree {
  private readonly levels: bigint[][];

  constructor(
    private readonly tag: Tag,
    readonly depth: number,
    leaves: readonly bigint[],
  ) {
    this.levels = [[...leaves]];
    for (let height = 0; height < depth; height += 1) {
      const below = this.levels[height] ?? [];
      const count = Math.ceil(below.length / TREE_ARITY);
      this.levels.push(Array.from({ length: count }, (_, i) => poseidon(tag, this.children(height, i))));
    }
  }

  get root(): bigint {
    return this.levels[this.depth]?.[0] ?? emptyNode(this.tag, this.depth);
  }

  path(leaf: number): MerklePath {
    const siblings: bigint[][] = [];
    const positions: number[] = [];
    let index = leaf;
    for (let height = 0; height < this.depth; height += 1) {
      positions.push(index % TREE_ARITY);
      index = Math.floor(index / TREE_ARITY);
      siblings.push(this.children(height, index));
    }
    return { siblings, positions };
  }

  /** Replaces a leaf and rehashes its path. */
  set(leaf: number, value: bigint): void {
    const leaves = this.levels[0] ?? [];
    while (leaves.length < leaf) leaves.push(0n);
    leaves[leaf] = value;
    let index = leaf;
    for (let height = 0; height < this.depth; height += 1) {
      index = Math.floor(index / TREE_ARITY);
      const above = this.levels[height + 1] ?? [];
      for (let i = above.length; i <= index; i += 1) above.push(emptyNode(this.tag, height + 1));
      above[index] = poseidon(this.tag, this.children(height, index));
    }
  }

  private children(height: number, parent: number): bigint[] {
    const level = this.levels[height] ?? [];
    return Array.from({ length: TREE_ARITY }, (_, i) => level[parent * TREE_ARITY + i] ?? emptyNode(this.tag, height));
  }
}

/** The root that a path leads to from a leaf. */
export function rootOfPath(tag: Tag, leaf: bigint, path: MerklePath): bigint | undefined {
  let node = leaf;
  for (const [height, children] of path.siblings.entries()) {
    if (children.length !== TREE_ARITY || children[path.positions[height] ?? -1] !== node) return undefined;
    node = poseidon(tag, children);
  }
  return node;
}

/** The smallest depth whose tree holds `leaves` leaves. */
export function depthFor(leaves: number): number {
  let depth = 1;
  while (TREE_ARITY ** depth < leaves) depth += 1;
  return depth;
}
