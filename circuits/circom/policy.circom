pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "tags.circom";

// The fields of a slot's flags, every one a bit, exactly one part, at most one kind, one value test and one link:
//   flags = part + 16 kind + 64 test + 256 link
//   kind 0 none, 1 present, 2 absent, 3 latest; test 0 any, 1 range, 2 set; link 0 AND, 1 OR, 2 chained
template SlotFlags() {
    signal input part[10];
    signal input present;
    signal input absent;
    signal input latest;
    signal input range;
    signal input set;
    signal input alternative;
    signal input chained;
    signal output flags;

    var parts = 0;
    var partNumber = 0;
    for (var i = 0; i < 10; i++) {
        part[i] * (part[i] - 1) === 0;
        parts += part[i];
        partNumber += i * part[i];
    }
    parts === 1;

    present * (present - 1) === 0;
    absent * (absent - 1) === 0;
    latest * (latest - 1) === 0;
    signal kinds <== present + absent + latest;
    kinds * (kinds - 1) === 0;

    range * (range - 1) === 0;
    set * (set - 1) === 0;
    range * set === 0;

    alternative * (alternative - 1) === 0;
    chained * (chained - 1) === 0;
    alternative * chained === 0;

    flags <== partNumber + 16 * (present + 2 * absent + 3 * latest) + 64 * (range + 2 * set) + 256 * (alternative + 2 * chained);
}

// h' = a chain of Poseidon over the header and two slots at a time. The header holds the nonce, the least T,
// whether self-attested records count, and the number of slots, so that no policy is the beginning of another.
template PolicyHash(slots) {
    signal input nonce;
    signal input leastDay;
    signal input acceptSelfAttested;
    signal input flags[slots];
    signal input low[slots];
    signal input high[slots];
    signal input operands[slots][4];
    signal output out;

    signal state[slots / 2 + 1];
    state[0] <== Poseidon(5)([TAG_POLICY_HEADER(), nonce, leastDay, acceptSelfAttested, slots]);
    for (var i = 0; i < slots / 2; i++) {
        var a = 2 * i;
        var b = 2 * i + 1;
        state[i + 1] <== Poseidon(16)([
            TAG_POLICY_SLOTS(), state[i],
            flags[a], low[a], high[a], operands[a][0], operands[a][1], operands[a][2], operands[a][3],
            flags[b], low[b], high[b], operands[b][0], operands[b][1], operands[b][2], operands[b][3]
        ]);
    }
    out <== state[slots / 2];
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
