pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "clause.circom";
include "hash.circom";
include "policy.circom";
include "record.circom";
include "tags.circom";

// The relation of docs/eligibility.md. Main components list the first ten inputs as public, in this order.
//   slots        clauses that a policy may have, a count taking several
//   depth        levels of five-ary nodes above a bucket that every slot has for itself
//   tops         nodes above these that all slots share
//   issuerDepth  levels of the tree of accredited issuers
template Eligibility(slots, depth, tops, issuerDepth) {
    // --- public
    signal input h;
    signal input policyHash;
    signal input result;
    signal input requirementId;
    signal input claimNullifier;
    signal input domains[4];
    signal input domainNullifiers[4];
    signal input issuerRoot;
    signal input pseudonym;
    signal input chainId;

    // --- private: the person, the record, its attestation
    signal input idSecret;
    signal input r;
    signal input timeDay;
    signal input partRoots[10];
    signal input partDigests;
    signal input issuerX;
    signal input issuerY;
    signal input issuerEighth[2];
    signal input issuerSelf;
    signal input issuerChildren[issuerDepth][8];
    signal input challenge[254];
    signal input response[84][3];

    // --- private: the policy
    signal input nonce;
    signal input leastDay;
    signal input acceptSelfAttested;
    signal input part[slots][4];
    signal input present[slots];
    signal input absent[slots];
    signal input latest[slots];
    signal input range[slots];
    signal input set[slots];
    signal input alternative[slots];
    signal input chained[slots];
    signal input window[slots];
    signal input operands[slots][2];

    // --- private: for every slot the observation that is held against it
    signal input holds[slots];
    signal input keys[slots][6];
    signal input values[slots][5];
    signal input position[slots][3];
    signal input children[slots][depth][5];
    signal input active[slots][depth];
    signal input under[slots][tops];
    signal input topChildren[tops][5];
    signal input after[slots];
    signal input fromFirst[slots];
    signal input toLast[slots];
    signal input below[slots];
    signal input above[slots];
    signal input second[slots];
    signal input swapped[slots];

    // 1. The record is the one registered as h, of a subject who knows idSecret.
    signal subject <== Hash(TAG_SUBJECT(), 1)([idSecret]);
    signal partsRoot <== Hash(TAG_PARTS_ROOT(), 11)([
        partRoots[0], partRoots[1], partRoots[2], partRoots[3], partRoots[4],
        partRoots[5], partRoots[6], partRoots[7], partRoots[8], partRoots[9], partDigests
    ]);
    signal commitment <== RecordCommitment()(partsRoot, timeDay, subject, r);
    commitment === h;

    // 2. Some accredited issuer attested it.
    signal selfAttested;
    signal attestedUnder;
    (attestedUnder, selfAttested) <== Attestation(issuerDepth)(
        partsRoot, timeDay, subject, issuerX, issuerY, issuerEighth, issuerSelf, challenge, response, issuerChildren
    );
    attestedUnder === issuerRoot;

    // 3. The policy is the one behind h'.
    signal flags[slots];
    for (var i = 0; i < slots; i++) {
        flags[i] <== SlotFlags()(part[i], present[i], absent[i], latest[i], range[i], set[i], alternative[i], chained[i]);
    }
    acceptSelfAttested * (acceptSelfAttested - 1) === 0;
    signal hashed <== PolicyHash(slots)(nonce, leastDay, acceptSelfAttested, flags, window, operands);
    hashed === policyHash;

    // 4. The attestation is recent enough, and of a kind that the policy takes.
    component age = Num2Bits(32);
    age.in <== timeDay - leastDay;
    selfAttested * (1 - acceptSelfAttested) === 0;

    // 5. Every slot that is claimed to hold does.
    signal topNodes[tops];
    for (var i = 0; i < tops; i++) {
        topNodes[i] <== Hash(TAG_OBSERVATION_NODE(), 5)(topChildren[i]);
    }
    component slot[slots];
    for (var i = 0; i < slots; i++) {
        slot[i] = Slot(depth, tops);
        slot[i].part <== part[i];
        slot[i].present <== present[i];
        slot[i].absent <== absent[i];
        slot[i].latest <== latest[i];
        slot[i].range <== range[i];
        slot[i].set <== set[i];
        slot[i].chained <== chained[i];
        slot[i].window <== window[i];
        slot[i].operands <== operands[i];
        slot[i].partRoots <== partRoots;
        slot[i].topChildren <== topChildren;
        slot[i].topNodes <== topNodes;
        slot[i].selfAttested <== selfAttested;
        slot[i].previousKey <== i == 0 ? 0 : slot[i - 1].key;
        slot[i].holds <== holds[i];
        slot[i].keys <== keys[i];
        slot[i].values <== values[i];
        slot[i].position <== position[i];
        slot[i].children <== children[i];
        slot[i].active <== active[i];
        slot[i].under <== under[i];
        slot[i].after <== after[i];
        slot[i].fromFirst <== fromFirst[i];
        slot[i].toLast <== toLast[i];
        slot[i].below <== below[i];
        slot[i].above <== above[i];
        slot[i].second <== second[i];
        slot[i].swapped <== swapped[i];
    }

    // 6. The result is what follows from the slots, and it is 1.
    signal computed <== PolicyResult(slots)(holds, alternative, chained);
    computed === result;
    result === 1;

    // 7. The nullifiers are this person's.
    signal claim <== Hash(TAG_CLAIM_NULLIFIER(), 2)([idSecret, requirementId]);
    claim === claimNullifier;
    signal ofDomain[4];
    for (var i = 0; i < 4; i++) {
        ofDomain[i] <== DomainNullifier()(idSecret, domains[i]);
        ofDomain[i] === domainNullifiers[i];
    }

    // 8. The submitting pseudonym and the chain are part of the statement: nobody else can submit this proof, nor here.
    signal boundPseudonym <== pseudonym * pseudonym;
    signal boundChainId <== chainId * chainId;
}
