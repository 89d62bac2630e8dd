pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/babyjub.circom";
include "circomlib/circuits/comparators.circom";
include "circomlib/circuits/eddsaposeidon.circom";
include "merkle.circom";
include "tags.circom";

// The part leaves Poseidon(TAG, type, subtree root, digestHi, digestLo, salt) of the ten part types, and over them
// partsRoot = Poseidon(TAG, 12 leaves), the two spare places zero. The type is the place, so a prover cannot show
// one part's subtree as another's.
template PartsRoot() {
    signal input roots[10];
    signal input digestHi[10];
    signal input digestLo[10];
    signal input salts[10];
    signal output out;

    signal leaves[10];
    for (var i = 0; i < 10; i++) {
        leaves[i] <== Poseidon(6)([TAG_PART_LEAF(), i, roots[i], digestHi[i], digestLo[i], salts[i]]);
    }
    out <== Poseidon(13)([
        TAG_PARTS_ROOT(),
        leaves[0], leaves[1], leaves[2], leaves[3], leaves[4],
        leaves[5], leaves[6], leaves[7], leaves[8], leaves[9],
        0, 0
    ]);
}

// h = Poseidon(TAG, partsRoot, T, B) with B = Poseidon(TAG, subject, r): the commitment registered on the ledger.
template RecordCommitment() {
    signal input partsRoot;
    signal input timeDay;
    signal input subject;
    signal input r;
    signal output h;

    signal blinding <== Poseidon(3)([TAG_BLINDING(), subject, r]);
    h <== Poseidon(4)([TAG_RECORD(), partsRoot, timeDay, blinding]);
}

// Some accredited issuer signed m = Poseidon(TAG, partsRoot, T, subject). The issuer's key and its s stand in the
// tree of issuers under issuerRoot; s = 0 for a hospital, s = subject for one who attests for himself, nothing else.
// `selfAttested` says which.
template Attestation(issuerDepth) {
    signal input partsRoot;
    signal input timeDay;
    signal input subject;
    signal input keyX;
    signal input keyY;
    signal input s;
    signal input r8x;
    signal input r8y;
    signal input signature;
    signal input children[issuerDepth][8];
    signal input bits[issuerDepth][3];
    signal output issuerRoot;
    signal output selfAttested;

    // EdDSAPoseidonVerifier asks for the equation only: that its points are on the curve is asked here.
    // It does refuse a key of small order.
    BabyCheck()(keyX, keyY);
    BabyCheck()(r8x, r8y);
    signal message <== Poseidon(4)([TAG_ATTESTATION(), partsRoot, timeDay, subject]);
    EdDSAPoseidonVerifier()(1, keyX, keyY, signature, r8x, r8y, message);

    signal leaf <== Poseidon(4)([TAG_ISSUER_LEAF(), keyX, keyY, s]);
    signal active[issuerDepth];
    for (var level = 0; level < issuerDepth; level++) {
        active[level] <== 1;
    }
    issuerRoot <== MerkleRoot(issuerDepth, TAG_ISSUER_NODE())(leaf, children, bits, active);

    s * (s - subject) === 0;
    signal hospital <== IsZero()(s);
    selfAttested <== 1 - hospital;
}

// Poseidon(TAG', idSecret, domain), and 0 where the domain is 0: a place that is not used must not link claims.
template DomainNullifier() {
    signal input idSecret;
    signal input domain;
    signal output out;

    signal unused <== IsZero()(domain);
    signal hash <== Poseidon(3)([TAG_DOMAIN_NULLIFIER(), idSecret, domain]);
    out <== (1 - unused) * hash;
}
