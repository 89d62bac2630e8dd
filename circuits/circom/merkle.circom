pragma circom 2.1.6;

include "hash.circom";

// Zero exactly where `in` is one of `set`: the product of the differences, n - 1 constraints. No position is needed, and
// none is shown to be right: where in a node a child stands says nothing that the child does not.
template Differences(n) {
    signal input in;
    signal input set[n];
    signal output out;

    signal products[n - 1];
    for (var i = 0; i < n - 1; i++) {
        products[i] <== (i == 0 ? in - set[0] : products[i - 1]) * (in - set[i + 1]);
    }
    out <== products[n - 2];
}

// The root over `leaf` of a tree of fixed depth.
template MerkleRoot(depth, arity, tag) {
    signal input leaf;
    signal input children[depth][arity];
    signal output root;

    signal node[depth + 1];
    node[0] <== leaf;
    signal missed[depth];
    for (var level = 0; level < depth; level++) {
        missed[level] <== Differences(arity)(node[level], children[level]);
        missed[level] === 0;
        node[level + 1] <== Hash(tag, arity)(children[level]);
    }
    root <== node[depth];
}

// The same for a tree of any depth up to `depth`: a level that is not active passes its node on.
// What a shorter path ends in is a node by its tag, never a leaf: skipping levels gains nothing.
template MerkleAncestor(depth, arity, tag) {
    signal input leaf;
    signal input children[depth][arity];
    signal input active[depth];
    signal output ancestor;

    signal node[depth + 1];
    node[0] <== leaf;
    signal missed[depth];
    signal parent[depth];
    for (var level = 0; level < depth; level++) {
        active[level] * (active[level] - 1) === 0;
        missed[level] <== Differences(arity)(node[level], children[level]);
        active[level] * missed[level] === 0;
        parent[level] <== Hash(tag, arity)(children[level]);
        node[level + 1] <== node[level] + active[level] * (parent[level] - node[level]);
    }
    ancestor <== node[depth];
}
