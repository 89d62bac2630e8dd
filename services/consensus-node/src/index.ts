/** One replica of the ledger: the protocol's shell, the explorer, the operator's vote. */
export { consensusNodeSettings, type ConsensusNodeSettings } from './settings.js';
export { startConsensusNode } from './start.js';
