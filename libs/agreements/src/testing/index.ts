/** For the specs of services: proofs with a known trapdoor, and a network whose parties make whole exchanges with them. */
export { simulatedKey, simulateProof } from './simulated-proofs.js';
export { type TestInstitution, TestNetwork, type TestNetworkOptions, type TestPatient, type TestRecord } from './test-network.js';
