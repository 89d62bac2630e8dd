pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";

// One Poseidon permutation of width n + 1 with circomlib's parameters: the state is (tag, n inputs), the output its first
// element. The tag stands in the capacity, where no input can reach it: 24 constraints less than as an input.
template Hash(tag, n) {
    signal input in[n];
    signal output out;

    component permutation = PoseidonEx(n, 1);
    permutation.initialState <== tag;
    permutation.inputs <== in;
    out <== permutation.out[0];
}

// A sponge that overwrites its rate: the first element passes from one permutation to the next, the others are the next
// `rate` inputs, zeros at the end. The number of inputs is fixed by the circuit and, for policies, part of what is hashed.
template Chain(tag, n, rate) {
    signal input in[n];
    signal output out;

    var blocks = (n + rate - 1) \ rate;
    component permutation[blocks];
    for (var i = 0; i < blocks; i++) {
        permutation[i] = PoseidonEx(rate, 1);
        if (i == 0) {
            permutation[i].initialState <== tag;
        } else {
            permutation[i].initialState <== permutation[i - 1].out[0];
        }
        for (var j = 0; j < rate; j++) {
            if (i * rate + j < n) {
                permutation[i].inputs[j] <== in[i * rate + j];
            } else {
                permutation[i].inputs[j] <== 0;
            }
        }
    }
    out <== permutation[blocks - 1].out[0];
}
