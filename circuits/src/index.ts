/**
 * The circom circuits of libs/eligibility: their instances, compilation, and key generation.
 */
export { type CircuitArtefacts, DEFAULT_CACHE_DIR, ensureCircuits, type EnsureOptions, loadProvingCircuit } from './ensure.js';
export { generateDevelopmentKeys, type GeneratedKeys, type KeygenOptions } from './keygen.js';
export { type Instance, instanceNamed, readInstances } from './instances.js';
export { parseR1cs, type R1cs, visitTerms } from './r1cs.js';
