/**
 * Huang et al. 2020, section 5: the times at 1000 inputs, and the smallest and largest size of tables 3 and 4. The inputs
 * between, and the PGHR system that the paper compares with, are left out rather than read off a plot. Table 4's "verification key size 125.4 KB" is the proof's size (docs/scheme.md, section 3).
 */
export const PAPER_PROOFS = {
  inputs: 1000,
  keygen_ms: 16_300,
  prove_ms: 52_000,
  verify_ms: 614,
  proving_key_bytes: 15_300_000,
  verification_key_bytes: { smallest: 3_500, largest: 31_500 },
  proof_bytes: { smallest: 12_900, largest: 125_400 },
};

/** Figure 5 and table 2: time between blocks of other systems, in milliseconds. null: not known. */
export const BLOCK_TIMES = [
  { system: 'MedRec', consensus: 'proof of work', block_ms: 600_000 },
  { system: 'MDSM', consensus: 'delegated proof of stake', block_ms: 180_000 },
  { system: 'ModelChain', consensus: 'proof of information', block_ms: null },
];
