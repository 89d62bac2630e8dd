pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "opening.circom";

// One slot of a policy, held against one observation of the record.
//
// `holds` is the prover's claim that the slot is satisfied; the template enforces whatever is claimed and enforces
// nothing where it is not claimed. A policy is monotone in its slots (AND and OR, no NOT), so claiming too little
// can only turn the result from 1 to 0: R = 1 implies that the policy is satisfied.
//
// Numbers. A key has 168 bits: code 128, day 24, number within the day 16. FIRST and LAST are the first and last key of the
// window, of one code. A value has 126 bits. What a policy has hashed of a slot is
//   window = FIRST + 2^176 (LAST - FIRST)
//   range  operands[0] = MIN + 2^160 (MAX - MIN)         MIN, MAX of one unit, less than 2^63 apart
//   set    operands    = A + 2^126 B, C + 2^126 D
// and no field is a witness of its own: each is said by the observation and a difference, and what they are put together to
// has to be what was hashed. Differences are range-checked, keys and values are as the issuer certified them, so both sides
// are integers below r that can be taken apart in one way only:
//   present, latest   FIRST = key - fromFirst, LAST = key + toLast: FIRST <= key <= LAST
//   latest            nextKey = LAST + 1 + after: no later one in the window
//   absent            FIRST = key + 1 + gap, LAST = FIRST + toLast, nextKey = LAST + 1 + after, where
//                     gap = fromFirst + 2^40 below + 2^104 above: the observations around the window are neighbours
//   chained present   key = previousKey + 1 + after
//   range             MIN = value - below, MAX = value + above
//   set               the other value of the pair = below + 2^64 above, its lowest 126 bits
// (One who attests for himself may certify keys and values that are no such numbers; he may certify what he likes.)
template Slot(depth, tops) {
    // the policy's side
    signal input part[4];
    signal input present;
    signal input absent;
    signal input latest;
    signal input range;
    signal input set;
    signal input chained;
    signal input window;
    signal input operands[2];
    // the record's side
    signal input partRoots[10];
    signal input topChildren[tops][5];
    signal input topNodes[tops];
    signal input selfAttested;
    signal input previousKey;
    // the prover's witness
    signal input holds;
    signal input keys[6];
    signal input values[5];
    signal input position[3];
    signal input children[depth][5];
    signal input active[depth];
    signal input under[tops];
    signal input after;
    signal input fromFirst;
    signal input toLast;
    signal input below;
    signal input above;
    signal input second;
    signal input swapped;
    signal output key;

    holds * (holds - 1) === 0;
    signal inWindow <== holds * (present + latest);
    signal isAbsent <== holds * absent;
    signal isLatest <== holds * latest;

    // --- the observation lies in the part that the slot names
    signal bucket;
    signal value;
    signal nextKey;
    (bucket, key, value, nextKey) <== OpenBucket()(keys, values, position);
    signal root <== PartRoot(depth, tops)(bucket, children, active, topChildren, topNodes, under);
    signal expected <== PickByNumber(10)(partRoots, part);
    (inWindow + isAbsent) * (root - expected) === 0;

    // --- range checks
    component afterBits = Num2Bits(168);
    afterBits.in <== after;
    component fromFirstBits = Num2Bits(40);
    fromFirstBits.in <== fromFirst;
    component toLastBits = Num2Bits(40);
    toLastBits.in <== toLast;
    component belowBits = Num2Bits(64);
    belowBits.in <== below;
    component aboveBits = Num2Bits(64);
    aboveBits.in <== above;

    // --- the window
    inWindow * (window - (key - fromFirst) - (1 << 176) * (fromFirst + toLast)) === 0;
    var firstKey = key + 1 + fromFirst + (1 << 40) * below + (1 << 104) * above;
    isAbsent * (window - firstKey - (1 << 176) * toLast) === 0;
    isAbsent * (nextKey - firstKey - toLast - 1 - after) === 0;
    isLatest * (nextKey - key - toLast - 1 - after) === 0;

    // --- absence, and that a value is the last, are never proved on a record that its owner attested
    (isAbsent + isLatest) * selfAttested === 0;

    // --- the value
    signal inRange <== inWindow * range;
    inRange * (operands[0] - (value - below) - (1 << 160) * (below + above)) === 0;
    signal inSet <== inWindow * set;
    second * (second - 1) === 0;
    swapped * (swapped - 1) === 0;
    signal pair <== operands[0] + second * (operands[1] - operands[0]);
    var other = below + (1 << 64) * (above - (1 << 62) * (aboveBits.out[62] + 2 * aboveBits.out[63]));
    signal exchange <== swapped * (other - value);
    inSet * (pair - value - (1 << 126) * other - (1 - (1 << 126)) * exchange) === 0;

    // --- counting: a chained slot shows a later observation than the slot before it
    signal later <== inWindow * chained;
    later * (key - previousKey - 1 - after) === 0;
}
