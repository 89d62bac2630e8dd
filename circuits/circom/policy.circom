pragma circom 2.1.6;

include "hash.circom";
include "tags.circom";

// The eleven bits of a slot's flags, every one constrained to be a bit:
//   part (4 bits) + 16 present + 32 absent + 64 latest + 128 range + 256 set + 512 alternative + 1024 chained
// Which of them go together is the compiler's business: h' says bit by bit what the policy has.
template SlotFlags() {
    signal input part[4];
    signal input present;
    signal input absent;
    signal input latest;
    signal input range;
    signal input set;
    signal input alternative;
    signal input chained;
    signal output flags;

    var bits[11] = [
        part[0], part[1], part[2], part[3], present, absent, latest, range, set, alternative, chained
    ];
    var sum = 0;
    for (var i = 0; i < 11; i++) {
        bits[i] * (bits[i] - 1) === 0;
        sum += bits[i] * (1 << i);
    }
    flags <== sum;
}

// h' = Poseidon chain over nonce, least T, flags, and three elements a slot. The first element of flags is
// self + 2 slots + 2^8 flags_0 + 2^19 flags_1 + ... for up to 16 slots, the second holds the next 16. What is packed there
// are bits that are constrained to be bits; what is packed in the slots' elements is unpacked, and its ranges checked, where
// a slot is claimed to hold (clause.circom).
template PolicyHash(slots) {
    signal input nonce;
    signal input leastDay;
    signal input acceptSelfAttested;
    signal input flags[slots];
    signal input window[slots];
    signal input operands[slots][2];
    signal output out;

    var words = (slots + 15) \ 16;
    component chain = Chain(TAG_POLICY(), 2 + words + 3 * slots, 14);
    chain.in[0] <== nonce;
    chain.in[1] <== leastDay;
    for (var w = 0; w < words; w++) {
        var packed = w == 0 ? acceptSelfAttested + 2 * slots : 0;
        for (var i = 16 * w; i < slots && i < 16 * w + 16; i++) {
            packed += flags[i] * (1 << (8 + 11 * (i - 16 * w)));
        }
        chain.in[2 + w] <== packed;
    }
    for (var i = 0; i < slots; i++) {
        chain.in[2 + words + 3 * i] <== window[i];
        chain.in[3 + words + 3 * i] <== operands[i][0];
        chain.in[4 + words + 3 * i] <== operands[i][1];
    }
    out <== chain.out;
}

// R = AND over groups of (OR over the group's chains of (AND over the chain's slots)).
// A slot whose link is AND begins a group, OR begins another alternative of the group, chained goes on with the
// slots before it. Slots that a policy does not use are chained with kind none: they hold by themselves.
template PolicyResult(slots) {
    signal input holds[slots];
    signal input alternative[slots];
    signal input chained[slots];
    signal output result;

    // the first slot begins the first group
    alternative[0] === 0;
    chained[0] === 0;

    signal chain[slots];        // all slots of the chain so far hold
    signal before[slots];       // what the chain rests on: 1 at its beginning
    signal complete[slots];     // the chain ends here and holds
    signal earlier[slots];      // an earlier alternative of the group holds
    signal group[slots];        // some alternative of the group so far holds
    signal all[slots + 1];      // all groups before hold
    signal ended[slots];        // 1, or the group's value where it ends
    all[0] <== 1;
    for (var i = 0; i < slots; i++) {
        var begins = i == 0 ? 1 : 1 - alternative[i] - chained[i];
        before[i] <== i == 0 ? 1 : 1 + chained[i] * (chain[i - 1] - 1);
        chain[i] <== holds[i] * before[i];
        complete[i] <== i == slots - 1 ? chain[i] : chain[i] * (1 - chained[i + 1]);
        earlier[i] <== i == 0 ? 0 : group[i - 1] * (1 - begins);
        group[i] <== earlier[i] + complete[i] - earlier[i] * complete[i];
        var ends = i == slots - 1 ? 1 : 1 - alternative[i + 1] - chained[i + 1];
        ended[i] <== 1 + ends * (group[i] - 1);
        all[i + 1] <== all[i] * ended[i];
    }
    result <== all[slots];
}
