pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/bitify.circom";
include "merkle.circom";
include "tags.circom";

// One slot of a policy, held against one leaf of the record.
//
// `holds` is the prover's claim that the slot is satisfied; the template enforces whatever is claimed and enforces
// nothing where it is not claimed. A policy is monotone in its slots (AND and OR, no NOT), so claiming too little
// can only turn the result from 1 to 0: R = 1 implies that the policy is satisfied.
//
// Numbers: a key has 192 bits (code 128, time 64); LOW and HIGH are the first and last key of the window.
// A comparison is a difference written as 64-bit limbs, limbs[0..6], each range-checked:
//   present, latest   LOW <= key <= HIGH           limbs[3] = key - LOW, limbs[4] = HIGH - key
//                     range: MIN <= value <= MAX   limbs[5] = value - MIN, limbs[6] = MAX - value
//   latest            HIGH < nextKey               limbs[0..2] = nextKey - HIGH - 1: no later one in the window
//   absent            key < LOW and HIGH < nextKey limbs[3..5] = LOW - 1 - key, limbs[0..2] = nextKey - HIGH - 1:
//                                                  the leaves left and right of the window are neighbours
//   chained present   previous key < key           limbs[0..2] = key - previousKey - 1
// No sum overflows: keys and limbs stay below 2^193, values of quantities below 2^129, r is above 2^253.
template Slot(depth) {
    // the policy's side
    signal input part[10];
    signal input present;
    signal input absent;
    signal input latest;
    signal input range;
    signal input set;
    signal input chained;
    signal input low;
    signal input high;
    signal input operands[4];
    // the record's side
    signal input partRoots[10];
    signal input selfAttested;
    signal input previousKey;
    // the prover's witness
    signal input holds;
    signal input key;
    signal input value;
    signal input nextKey;
    signal input salt;
    signal input children[depth][8];
    signal input bits[depth][3];
    signal input active[depth];
    signal input limbs[7];

    holds * (holds - 1) === 0;

    // --- the leaf lies in the subtree of the part that the slot names
    signal leaf <== Poseidon(5)([TAG_OBSERVATION_LEAF(), key, value, nextKey, salt]);
    signal root <== MerkleRoot(depth, TAG_OBSERVATION_NODE())(leaf, children, bits, active);
    signal rootOfPart[10];
    var expected = 0;
    for (var i = 0; i < 10; i++) {
        rootOfPart[i] <== part[i] * partRoots[i];
        expected += rootOfPart[i];
    }
    signal claimed <== holds * (present + absent + latest);
    claimed * (root - expected) === 0;

    // --- range checks
    component limbBits[7];
    for (var i = 0; i < 7; i++) {
        limbBits[i] = Num2Bits(64);
        limbBits[i].in <== limbs[i];
    }
    var lowerThree = limbs[0] + (1 << 64) * limbs[1] + (1 << 128) * limbs[2];
    var upperThree = limbs[3] + (1 << 64) * limbs[4] + (1 << 128) * limbs[5];

    // --- the window
    signal inWindow <== holds * (present + latest);
    inWindow * (key - low - limbs[3]) === 0;
    inWindow * (high - key - limbs[4]) === 0;
    signal isAbsent <== holds * absent;
    isAbsent * (low - 1 - key - upperThree) === 0;
    signal nothingAfter <== holds * (absent + latest);
    nothingAfter * (nextKey - high - 1 - lowerThree) === 0;

    // --- absence, and that a value is the last, are never proved on a record that its owner attested
    nothingAfter * selfAttested === 0;

    // --- the value
    signal inRange <== inWindow * range;
    inRange * (value - operands[0] - limbs[5]) === 0;
    inRange * (operands[1] - value - limbs[6]) === 0;
    signal inSet <== inWindow * set;
    signal firstTwo <== (value - operands[0]) * (value - operands[1]);
    signal lastTwo <== (value - operands[2]) * (value - operands[3]);
    signal missed <== firstTwo * lastTwo;
    inSet * missed === 0;

    // --- counting: a chained slot shows a later leaf than the slot before it
    signal isPresent <== holds * present;
    signal later <== isPresent * chained;
    later * (key - previousKey - 1 - lowerThree) === 0;
}
