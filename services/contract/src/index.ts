/** The contract's front: takes transactions in, follows the ledger, serves reads with proofs. */
export { contractSettings, type ContractSettings } from './settings.js';
export { startContract } from './start.js';
