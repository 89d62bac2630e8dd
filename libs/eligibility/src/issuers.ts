import { issuerPoint } from './commitment.js';
import { eligibilityError } from './errors.js';
import { bytesToField, fieldToBytes } from './field.js';
import { type MerklePath, MerkleTree } from './merkle.js';
import { poseidon } from './poseidon.js';

/** Of all arities, eight children a node cost a path the least: 409 constraints for three binary levels. */
export const ISSUER_TREE = { tag: 'issuerNode', arity: 8 } as const;
export const ISSUER_TREE_DEPTH = 5;
/** 8^5 = 32,768 accredited issuers, self-attesters included. */
export const MAX_ISSUERS = ISSUER_TREE.arity ** ISSUER_TREE_DEPTH;

/**
 * Accreditation leaf Poseidon(TAG, Ax, Ay, s), 32 bytes.
 * @param selfSubject s: the attester's own subject for a self-attester, 0 for a hospital
 * @throws CodedError `eligibility/bad-issuer` unless the key is a point of prime order
 */
export function accreditationLeaf(publicKey: Uint8Array, selfSubject = 0n): Uint8Array {
  const { x, y } = issuerPoint(publicKey);
  return fieldToBytes(poseidon('issuerLeaf', [x, y, selfSubject]));
}

/**
 * The tree of accredited issuers whose root is on the ledger. A list of leaves says all: leaf i stands at place i,
 * a removed issuer leaves 32 zero bytes there, so that the places of the others stay.
 */
export class IssuerTree {
  private readonly tree: MerkleTree;
  private readonly leaves: bigint[];

  private constructor(leaves: readonly bigint[]) {
    this.leaves = [...leaves];
    this.tree = new MerkleTree(ISSUER_TREE, ISSUER_TREE_DEPTH, leaves);
  }

  /** @throws CodedError `eligibility/issuer-tree-full`, `eligibility/bad-field-element` */
  static of(leaves: readonly Uint8Array[]): IssuerTree {
    if (leaves.length > MAX_ISSUERS) throw full();
    return new IssuerTree(leaves.map(bytesToField));
  }

  get root(): Uint8Array {
    return fieldToBytes(this.tree.root);
  }

  get size(): number {
    return this.leaves.length;
  }

  /** @returns the place of the new leaf */
  insert(leaf: Uint8Array): number {
    if (this.leaves.length >= MAX_ISSUERS) throw full();
    this.tree.set(this.leaves.length, bytesToField(leaf));
    return this.leaves.push(bytesToField(leaf)) - 1;
  }

  /** A removed issuer's attestations stop proving as soon as the old root is refused. */
  remove(place: number): void {
    if (this.leaves[place] === undefined) throw eligibilityError('eligibility/bad-issuer', 'no issuer at this place', { place });
    this.leaves[place] = 0n;
    this.tree.set(place, 0n);
  }

  /** The place of a leaf, or undefined where it was never accredited or was removed. */
  placeOf(leaf: Uint8Array): number | undefined {
    const place = this.leaves.indexOf(bytesToField(leaf));
    return place < 0 ? undefined : place;
  }

  path(place: number): MerklePath {
    return this.tree.path(place);
  }
}

const full = () => eligibilityError('eligibility/issuer-tree-full', 'the tree of issuers is full', { limit: MAX_ISSUERS });
