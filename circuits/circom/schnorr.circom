pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "hash.circom";
include "tags.circom";

// Schnorr signatures over Baby Jubjub, in Montgomery coordinates: v^2 = u^3 + A u^2 + u.
//
// A signature on m under the key K = a B is (c, s) with c the low 128 bits of e = Poseidon(TAG, u(R), K, m) for
// R = s B - (2c + 2^128 + 1) K. The circuit computes R and asks for the challenge that was used to compute it.
//
// Additions are affine and incomplete: where two points have the same u, a slope is free. K has prime order (below), so
//   - in c K, points are k K and K with 2 <= k < 2^130: never the same u;
//   - in s B - c K, points are k' B - k K and k'' B, and the same u means k K = (k' +- k'') B with numbers that the prover
//     knows: he has found a, and who has a may sign what he likes.
// The neutral element has no affine coordinates, so it is never reached.

function montgomeryA() {
    return 168698;
}

// B, the generator of the subgroup of prime order (EIP-2494), by its Edwards coordinates.
function generator() {
    var x = 5299619240641551281634865583518297030282874472190772894086521144482721001553;
    var y = 16950150798460657717958625567821834550301663161624707787222815936182638968203;
    var u = (1 + y) / (1 - y);
    return [u, u / x];
}

// For constants only: the sum of two points, and twice a point.
function sumOf(p, q) {
    var slope = (q[1] - p[1]) / (q[0] - p[0]);
    var u = slope * slope - montgomeryA() - p[0] - q[0];
    return [u, slope * (p[0] - u) - p[1]];
}

function doubleOf(p) {
    var slope = (3 * p[0] * p[0] + 2 * montgomeryA() * p[0] + 1) / (2 * p[1]);
    var u = slope * slope - montgomeryA() - 2 * p[0];
    return [u, slope * (p[0] - u) - p[1]];
}

template OnCurve() {
    signal input p[2];

    signal square <== p[0] * p[0];
    signal cubic <== (p[0] + montgomeryA()) * square;
    p[1] * p[1] === cubic + p[0];
}

template Double() {
    signal input p[2];
    signal output out[2];

    signal square <== p[0] * p[0];
    signal slope <-- (3 * square + 2 * montgomeryA() * p[0] + 1) / (2 * p[1]);
    slope * (2 * p[1]) === 3 * square + 2 * montgomeryA() * p[0] + 1;
    out[0] <== slope * slope - montgomeryA() - 2 * p[0];
    out[1] <== slope * (p[0] - out[0]) - p[1];
}

template Add() {
    signal input p[2];
    signal input q[2];
    signal output out[2];

    signal slope <-- (q[1] - p[1]) / (q[0] - p[0]);
    slope * (q[0] - p[0]) === q[1] - p[1];
    out[0] <== slope * slope - montgomeryA() - p[0] - q[0];
    out[1] <== slope * (p[0] - out[0]) - p[1];
}

// 2 p + q as (p + q) + p. Of p + q only u is needed: the slope through it and p is -(first + 2 v(p) / (u(p + q) - u(p))).
template DoubleAdd() {
    signal input p[2];
    signal input q[2];
    signal output out[2];

    signal first <-- (q[1] - p[1]) / (q[0] - p[0]);
    first * (q[0] - p[0]) === q[1] - p[1];
    signal between <== first * first - montgomeryA() - p[0] - q[0];
    signal second <-- 2 * p[1] / (p[0] - between) - first;
    (first + second) * (p[0] - between) === 2 * p[1];
    out[0] <== second * second - montgomeryA() - p[0] - between;
    out[1] <== second * (p[0] - out[0]) - p[1];
}

// K as 8 times a point of the curve, hence of prime order: a point of order 1, 2, 4 or 8 has no such affine multiple.
// Also as Edwards coordinates, which is how keys are written: u (1 - y) = 1 + y, v x = u.
template PrimeOrderKey() {
    signal input x;
    signal input y;
    signal input eighth[2];
    signal output point[2];

    OnCurve()(eighth);
    signal twice[2] <== Double()(eighth);
    signal fourTimes[2] <== Double()(twice);
    point <== Double()(fourTimes);
    point[0] * (1 - y) === 1 + y;
    point[1] * x === point[0];
}

// (2c + 2^128 + 1) K for the bits of c, the least first: from 2K on, twice and K added or taken away, 6 constraints a bit.
template ChallengeTimes() {
    signal input bits[128];
    signal input key[2];
    signal output out[2];

    signal points[129][2];
    points[0] <== Double()(key);
    signal sign[128];
    for (var i = 0; i < 128; i++) {
        sign[i] <== (2 * bits[127 - i] - 1) * key[1];
        points[i + 1] <== DoubleAdd()(points[i], [key[0], sign[i]]);
    }
    out <== points[128];
}

// start + s B, where s = sum of d_i 8^i and the odd digits d_i between -7 and 7 are given as two bits of (|d_i| - 1) / 2 and
// one that is 1 where d_i is positive. Every multiple of B can be written so. 84 windows of 8 constraints.
template PlusResponse() {
    signal input start[2];
    signal input digits[84][3];
    signal output out[2];

    signal points[85][2];
    points[0] <== start;
    signal both[84];
    signal v[84];
    var base[2] = generator();
    for (var i = 0; i < 84; i++) {
        var twice[2] = doubleOf(base);
        var odd[4][2];
        odd[0] = base;
        for (var j = 1; j < 4; j++) {
            odd[j] = sumOf(odd[j - 1], twice);
        }
        for (var j = 0; j < 3; j++) {
            digits[i][j] * (digits[i][j] - 1) === 0;
        }
        both[i] <== digits[i][0] * digits[i][1];
        var chosen[2];
        for (var k = 0; k < 2; k++) {
            chosen[k] = odd[0][k] + (odd[1][k] - odd[0][k]) * digits[i][0] + (odd[2][k] - odd[0][k]) * digits[i][1]
                + (odd[3][k] - odd[2][k] - odd[1][k] + odd[0][k]) * both[i];
        }
        v[i] <== (2 * digits[i][2] - 1) * chosen[1];
        points[i + 1] <== Add()(points[i], [chosen[0], v[i]]);
        base = doubleOf(doubleOf(twice));
    }
    out <== points[84];
}

// Asserts that the signature is one of `key` on `message`. The challenge's 254 bits are those of e: below 3 * 2^252, which
// is below r, so there is no second way to write e. Signers draw another nonce where e is above (1 in 127).
template VerifySchnorr(n) {
    signal input message[n];
    signal input x;
    signal input y;
    signal input eighth[2];
    signal input challenge[254];
    signal input response[84][3];

    signal key[2] <== PrimeOrderKey()(x, y, eighth);
    var low[128];
    var sum = 0;
    for (var i = 0; i < 254; i++) {
        challenge[i] * (challenge[i] - 1) === 0;
        sum += challenge[i] * (1 << i);
        if (i < 128) {
            low[i] = challenge[i];
        }
    }
    challenge[253] * challenge[252] === 0;
    signal multiple[2] <== ChallengeTimes()(low, key);
    signal nonce[2] <== PlusResponse()([multiple[0], -multiple[1]], response);

    component hash = Hash(TAG_ATTESTATION(), n + 3);
    hash.in[0] <== nonce[0];
    hash.in[1] <== x;
    hash.in[2] <== y;
    for (var i = 0; i < n; i++) {
        hash.in[3 + i] <== message[i];
    }
    hash.out === sum;
}
