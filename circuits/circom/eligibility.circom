pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/poseidon.circom";
include "clause.circom";
include "policy.circom";
include "record.circom";
include "tags.circom";

// The relation of docs/eligibility.md. Main components list the first ten inputs as public, in this order.
//   slots        clauses that a policy may have, a count taking several
//   depth        levels of eight-ary nodes: parts of up to 8^depth - 1 observations
//   issuerDepth  levels of the tree of accredited issuers
template Eligibility(slots, depth, issuerDepth) {
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
    signal input partDigestHi[10];
    signal input partDigestLo[10];
    signal input partSalts[10];
    signal input issuerX;
    signal input issuerY;
    signal input issuerSelf;
    signal input issuerChildren[issuerDepth][8];
    signal input issuerBits[issuerDepth][3];
    signal input r8x;
    signal input r8y;
    signal input signature;

    // --- private: the policy
    signal input nonce;
    signal input leastDay;
    signal input acceptSelfAttested;
    signal input part[slots][10];
    signal input present[slots];
    signal input absent[slots];
    signal input latest[slots];
    signal input range[slots];
    signal input set[slots];
    signal input alternative[slots];
    signal input chained[slots];
    signal input low[slots];
    signal input high[slots];
    signal input operands[slots][4];

    // --- private: for every slot the leaf that is held against it
    signal input holds[slots];
    signal input key[slots];
    signal input value[slots];
    signal input nextKey[slots];
    signal input salt[slots];
    signal input children[slots][depth][8];
    signal input bits[slots][depth][3];
    signal input active[slots][depth];
    signal input limbs[slots][7];

    // 1. The record is the one registered as h, of a subject who knows idSecret.
    signal subject <== Poseidon(2)([TAG_SUBJECT(), idSecret]);
    signal partsRoot <== PartsRoot()(partRoots, partDigestHi, partDigestLo, partSalts);
    signal commitment <== RecordCommitment()(partsRoot, timeDay, subject, r);
    commitment === h;

    // 2. Some accredited issuer attested it.
    signal selfAttested;
    signal attestedUnder;
    (attestedUnder, selfAttested) <== Attestation(issuerDepth)(
        partsRoot, timeDay, subject, issuerX, issuerY, issuerSelf, r8x, r8y, signature, issuerChildren, issuerBits
    );
    attestedUnder === issuerRoot;

    // 3. The policy is the one behind h'.
    signal flags[slots];
    for (var i = 0; i < slots; i++) {
        flags[i] <== SlotFlags()(part[i], present[i], absent[i], latest[i], range[i], set[i], alternative[i], chained[i]);
    }
    acceptSelfAttested * (acceptSelfAttested - 1) === 0;
    signal hashed <== PolicyHash(slots)(nonce, leastDay, acceptSelfAttested, flags, low, high, operands);
    hashed === policyHash;

    // 4. The attestation is recent enough, and of a kind that the policy takes.
    component age = Num2Bits(32);
    age.in <== timeDay - leastDay;
    selfAttested * (1 - acceptSelfAttested) === 0;

    // 5. Every slot that is claimed to hold does.
    component slot[slots];
    for (var i = 0; i < slots; i++) {
        slot[i] = Slot(depth);
        slot[i].part <== part[i];
        slot[i].present <== present[i];
        slot[i].absent <== absent[i];
        slot[i].latest <== latest[i];
        slot[i].range <== range[i];
        slot[i].set <== set[i];
        slot[i].chained <== chained[i];
        slot[i].low <== low[i];
        slot[i].high <== high[i];
        slot[i].operands <== operands[i];
        slot[i].partRoots <== partRoots;
        slot[i].selfAttested <== selfAttested;
        slot[i].previousKey <== i == 0 ? 0 : key[i - 1];
        slot[i].holds <== holds[i];
        slot[i].key <== key[i];
        slot[i].value <== value[i];
        slot[i].nextKey <== nextKey[i];
        slot[i].salt <== salt[i];
        slot[i].children <== children[i];
        slot[i].bits <== bits[i];
        slot[i].active <== active[i];
        slot[i].limbs <== limbs[i];
    }

    // 6. The result is what follows from the slots, and it is 1.
    signal computed <== PolicyResult(slots)(holds, alternative, chained);
    computed === result;
    result === 1;

    // 7. The nullifiers are this person's.
    signal claim <== Poseidon(3)([TAG_CLAIM_NULLIFIER(), idSecret, requirementId]);
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
