pragma circom 2.1.6;

include "circomlib/circuits/comparators.circom";
include "hash.circom";
include "merkle.circom";
include "schnorr.circom";
include "tags.circom";

// h = Poseidon(TAG, partsRoot, T, B) with B = Poseidon(TAG, subject, r): the commitment registered on the ledger.
template RecordCommitment() {
    signal input partsRoot;
    signal input timeDay;
    signal input subject;
    signal input r;
    signal output h;

    signal blinding <== Hash(TAG_BLINDING(), 2)([subject, r]);
    h <== Hash(TAG_RECORD(), 3)([partsRoot, timeDay, blinding]);
}

// Some accredited issuer signed (partsRoot, T, subject). The issuer's key and its s stand in the tree of issuers under
// issuerRoot; s = 0 for a hospital, s = subject for one who attests for himself, nothing else. `selfAttested` says which.
template Attestation(issuerDepth) {
    signal input partsRoot;
    signal input timeDay;
    signal input subject;
    signal input keyX;
    signal input keyY;
    signal input keyEighth[2];
    signal input s;
    signal input challenge[254];
    signal input response[84][3];
    signal input children[issuerDepth][8];
    signal output issuerRoot;
    signal output selfAttested;

    VerifySchnorr(3)([partsRoot, timeDay, subject], keyX, keyY, keyEighth, challenge, response);

    signal leaf <== Hash(TAG_ISSUER_LEAF(), 3)([keyX, keyY, s]);
    issuerRoot <== MerkleRoot(issuerDepth, 8, TAG_ISSUER_NODE())(leaf, children);

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
    signal hash <== Hash(TAG_DOMAIN_NULLIFIER(), 2)([idSecret, domain]);
    out <== (1 - unused) * hash;
}
