pragma circom 2.1.6;

// First input of every Poseidon use: the ASCII of the name as a big-endian number (libs/eligibility/src/poseidon.ts).

// medveil/observation-leaf/1
function TAG_OBSERVATION_LEAF() {
    return 0x6d65647665696c2f6f62736572766174696f6e2d6c6561662f31;
}

// medveil/observation-node/1
function TAG_OBSERVATION_NODE() {
    return 0x6d65647665696c2f6f62736572766174696f6e2d6e6f64652f31;
}

// medveil/part-leaf/1
function TAG_PART_LEAF() {
    return 0x6d65647665696c2f706172742d6c6561662f31;
}

// medveil/parts-root/1
function TAG_PARTS_ROOT() {
    return 0x6d65647665696c2f70617274732d726f6f742f31;
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

// medveil/policy-header/1
function TAG_POLICY_HEADER() {
    return 0x6d65647665696c2f706f6c6963792d6865616465722f31;
}

// medveil/policy-slots/1
function TAG_POLICY_SLOTS() {
    return 0x6d65647665696c2f706f6c6963792d736c6f74732f31;
}

// medveil/claim-nullifier/1
function TAG_CLAIM_NULLIFIER() {
    return 0x6d65647665696c2f636c61696d2d6e756c6c69666965722f31;
}

// medveil/domain-nullifier/1
function TAG_DOMAIN_NULLIFIER() {
    return 0x6d65647665696c2f646f6d61696e2d6e756c6c69666965722f31;
}

