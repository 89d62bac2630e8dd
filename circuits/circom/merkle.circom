pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";

// Picks children[position], the position given as three bits, by a binary tree of seven products.
// The bits are constrained to be bits here.
template PickOfEight() {
    signal input children[8];
    signal input bits[3];
    signal output out;

    for (var i = 0; i < 3; i++) {
        bits[i] * (bits[i] - 1) === 0;
    }
    signal byFirst[4];
    for (var i = 0; i < 4; i++) {
        byFirst[i] <== children[2 * i] + bits[0] * (children[2 * i + 1] - children[2 * i]);
    }
    signal bySecond[2];
    for (var i = 0; i < 2; i++) {
        bySecond[i] <== byFirst[2 * i] + bits[1] * (byFirst[2 * i + 1] - byFirst[2 * i]);
    }
    out <== bySecond[0] + bits[2] * (bySecond[1] - bySecond[0]);
}

// The root that a path of eight-ary nodes leads to from `leaf`, nodes being Poseidon(tag, 8 children).
// A level that is not active passes its node on, so that trees of any depth up to `depth` are opened by one circuit.
// What a shorter path ends in is a node by its tag, never a leaf: skipping levels gains nothing.
template MerkleRoot(depth, tag) {
    signal input leaf;
    signal input children[depth][8];
    signal input bits[depth][3];
    signal input active[depth];
    signal output root;

    signal node[depth + 1];
    node[0] <== leaf;
    signal picked[depth];
    signal parent[depth];
    for (var level = 0; level < depth; level++) {
        // the node reached so far stands among the children, in the place that the bits say
        picked[level] <== PickOfEight()(children[level], bits[level]);
        picked[level] === node[level];
        parent[level] <== Poseidon(9)([
            tag,
            children[level][0], children[level][1], children[level][2], children[level][3],
            children[level][4], children[level][5], children[level][6], children[level][7]
        ]);
        active[level] * (active[level] - 1) === 0;
        node[level + 1] <== node[level] + active[level] * (parent[level] - node[level]);
    }
    root <== node[depth];
}
