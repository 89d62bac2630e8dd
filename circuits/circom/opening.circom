pragma circom 2.1.6;

include "hash.circom";
include "merkle.circom";
include "tags.circom";

// values[number], the number below 16 given as four bits, zero beyond the end. That they are bits is constrained where they
// come from (SlotFlags).
template PickByNumber(n) {
    signal input values[n];
    signal input bits[4];
    signal output out;

    signal level[5][16];
    for (var i = 0; i < 16; i++) {
        if (i < n) {
            level[0][i] <== values[i];
        } else {
            level[0][i] <== 0;
        }
    }
    for (var b = 0; b < 4; b++) {
        for (var i = 0; i < 16; i++) {
            if (i < 8 >> b) {
                level[b + 1][i] <== level[b][2 * i] + bits[b] * (level[b][2 * i + 1] - level[b][2 * i]);
            } else {
                level[b + 1][i] <== 0;
            }
        }
    }
    out <== level[4][0];
}

// A bucket is Poseidon(TAG, key_0, value_0, ..., key_4, value_4, the next bucket's first key): five observations in the order
// of their keys, as they are. One of them is opened, with the key after it.
template OpenBucket() {
    signal input keys[6];
    signal input values[5];
    signal input position[3];
    signal output bucket;
    signal output key;
    signal output value;
    signal output nextKey;

    bucket <== Hash(TAG_OBSERVATION_BUCKET(), 11)([
        keys[0], values[0], keys[1], values[1], keys[2], values[2], keys[3], values[3], keys[4], values[4], keys[5]
    ]);
    for (var i = 0; i < 3; i++) {
        position[i] * (position[i] - 1) === 0;
    }
    key <== PickOfFive()([keys[0], keys[1], keys[2], keys[3], keys[4]], position);
    value <== PickOfFive()(values, position);
    nextKey <== PickOfFive()([keys[1], keys[2], keys[3], keys[4], keys[5]], position);
}

// The last where the third bit is set, whatever the others: every position is one of the five, the same for all that is picked.
template PickOfFive() {
    signal input values[5];
    signal input position[3];
    signal output out;

    signal left <== values[0] + position[0] * (values[1] - values[0]);
    signal right <== values[2] + position[0] * (values[3] - values[2]);
    signal either <== left + position[1] * (right - left);
    out <== either + position[2] * (values[4] - either);
}

// The root of the part that a bucket lies in: an ancestor of it by a path of its own, or the parent of that ancestor where it
// is one of `tops`, the nodes that all slots share. `under` says which, at most one of them: the sum of several could be made
// to be a root by a birthday search.
template PartRoot(depth, tops) {
    signal input bucket;
    signal input children[depth][5];
    signal input active[depth];
    signal input topChildren[tops][5];
    signal input topNodes[tops];
    signal input under[tops];
    signal output root;

    signal ancestor <== MerkleAncestor(depth, 5, TAG_OBSERVATION_NODE())(bucket, children, active);
    signal step[tops];
    signal missed[tops];
    var above = ancestor;
    var chosen = 0;
    for (var i = 0; i < tops; i++) {
        under[i] * (under[i] - 1) === 0;
        chosen += under[i];
        missed[i] <== Differences(5)(ancestor, topChildren[i]);
        under[i] * missed[i] === 0;
        step[i] <== under[i] * (topNodes[i] - ancestor);
        above += step[i];
    }
    chosen * (chosen - 1) === 0;
    root <== above;
}
