/** For the specs of whoever follows the ledger. */
export { certifyBlock, TestFront, type TestReplica, testReplicas } from './test-front.js';
