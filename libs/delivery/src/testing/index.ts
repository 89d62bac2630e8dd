/** For specs: patients whose records, containers and ciphertexts are real. */
export * from './patient.js';
export * from './tampering.js';
