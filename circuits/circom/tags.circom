pragma circom 2.1.6;

// What a Poseidon use begins with, as the capacity element of its state: the ASCII of the name as a big-endian number
// (libs/eligibility/src/poseidon.ts).

// medveil/observation-bucket/1
function TAG_OBSERVATION_BUCKET() {
    return 0x6d65647665696c2f6f62736572766174696f6e2d6275636b65742f31;
}

// medveil/observation-node/1
function TAG_OBSERVATION_NODE() {
    return 0x6d65647665696c2f6f62736572766174696f6e2d6e6f64652f31;
}

// medveil/parts-root/1
function TAG_PARTS_ROOT() {
    return 0x6d65647665696c2f70617274732d726f6f742f31;
}

// medveil/part-digest/1
function TAG_PART_DIGEST() {
    return 0x6d65647665696c2f706172742d6469676573742f31;
}

// medveil/part-digests/1
function TAG_PART_DIGESTS() {
    return 0x6d65647665696c2f706172742d646967657374732f31;
}

// medveil/subject/1
function TAG_SUBJECT() {
    return 0x6d65647665696c2f7375626a6563742f31;
}

// medveil/blinding/1
function TAG_BLINDING() {
    return 0x6d65647665696c2f626c696e64696e672f31;
}

// medveil/record/1
function TAG_RECORD() {
    return 0x6d65647665696c2f7265636f72642f31;
}

// medveil/attestation/1
function TAG_ATTESTATION() {
    return 0x6d65647665696c2f6174746573746174696f6e2f31;
}

// medveil/issuer-leaf/1
function TAG_ISSUER_LEAF() {
    return 0x6d65647665696c2f6973737565722d6c6561662f31;
}

// medveil/issuer-node/1
function TAG_ISSUER_NODE() {
    return 0x6d65647665696c2f6973737565722d6e6f64652f31;
}

// medveil/policy/1
function TAG_POLICY() {
    return 0x6d65647665696c2f706f6c6963792f31;
}

// medveil/claim-nullifier/1
function TAG_CLAIM_NULLIFIER() {
    return 0x6d65647665696c2f636c61696d2d6e756c6c69666965722f31;
}

// medveil/domain-nullifier/1
function TAG_DOMAIN_NULLIFIER() {
    return 0x6d65647665696c2f646f6d61696e2d6e756c6c69666965722f31;
}
