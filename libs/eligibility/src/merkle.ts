import { poseidon, type Tag } from './poseidon.js';

/** A kind of tree: the tag of its nodes, and how many children a node has. */
export interface TreeKind {
  readonly tag: Tag;
  readonly arity: number;
}

/** The children of each node on the way up, the leaf's own parent first. */
export type MerklePath = readonly (readonly bigint[])[];

const emptyNodes = new Map<Tag, bigint[]>();

/** The node over an empty subtree of a height; an empty leaf is 0, which is the hash of nothing known. */
function emptyNode({ tag, arity }: TreeKind, height: number): bigint {
  const known = emptyNodes.get(tag) ?? [0n];
  emptyNodes.set(tag, known);
  for (let h = known.length; h <= height; h += 1) {
    known.push(poseidon(tag, Array.from({ length: arity }, () => known[h - 1] ?? 0n)));
  }
  return known[height] ?? 0n;
}

/** A tree of fixed depth over leaves; unused leaves are 0 and cost nothing. */
export class MerkleTree {
  private readonly levels: bigint[][];

  constructor(
    private readonly kind: TreeKind,
    readonly depth: number,
    leaves: readonly bigint[],
  ) {
    this.levels = [[...leaves]];
    for (let height = 0; height < depth; height += 1) {
      const below = this.levels[height] ?? [];
      const count = Math.ceil(below.length / kind.arity);
      this.levels.push(Array.from({ length: count }, (_, i) => poseidon(kind.tag, this.children(height, i))));
    }
  }

  get root(): bigint {
    return this.levels[this.depth]?.[0] ?? emptyNode(this.kind, this.depth);
  }

  path(leaf: number): MerklePath {
    return Array.from({ length: this.depth }, (_, height) => this.children(height, Math.floor(leaf / this.kind.arity ** (height + 1))));
  }

  /** Replaces a leaf and rehashes its path. */
  set(leaf: number, value: bigint): void {
    const leaves = this.levels[0] ?? [];
    while (leaves.length < leaf) leaves.push(0n);
    leaves[leaf] = value;
    let index = leaf;
    for (let height = 0; height < this.depth; height += 1) {
      index = Math.floor(index / this.kind.arity);
      const above = this.levels[height + 1] ?? [];
      for (let i = above.length; i <= index; i += 1) above.push(emptyNode(this.kind, height + 1));
      above[index] = poseidon(this.kind.tag, this.children(height, index));
    }
  }

  private children(height: number, parent: number): bigint[] {
    const level = this.levels[height] ?? [];
    return Array.from({ length: this.kind.arity }, (_, i) => level[parent * this.kind.arity + i] ?? emptyNode(this.kind, height));
  }
}

/** The root that a path leads to from a leaf; undefined where a node on the way is not among its parent's children. */
export function rootOfPath({ tag, arity }: TreeKind, leaf: bigint, path: MerklePath): bigint | undefined {
  let node = leaf;
  for (const children of path) {
    if (children.length !== arity || !children.includes(node)) return undefined;
    node = poseidon(tag, children);
  }
  return node;
}

/** The smallest depth whose tree holds `leaves` leaves. */
export function depthFor(arity: number, leaves: number): number {
  let depth = 0;
  while (arity ** depth < leaves) depth += 1;
  return depth;
}
