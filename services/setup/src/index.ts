/** Makes a network: keys of the consortium's parties, authority, genesis; and tokens to begin with. */
export { type CircuitKey, readCircuitKeys } from './circuit-keys.js';
export { type Consortium, type ConsortiumOptions, ensureConsortium, networkFileOf, openConsortium } from './consortium.js';
export { auditorIds, type ConsortiumSize, DEFAULT_SIZE, replicaIds } from './consortium-parties.js';
export { DEFAULT_DENOMINATIONS } from './genesis.js';
export { fromCaller } from './invoked-from.js';
export { AUDIENCES, OPERATOR_SCOPES, signOperatorToken } from './operator-token.js';
export { type Party, PartyFolders, type PartyKind, type Unsealing } from './party-folders.js';
export { setupCommand } from './cli.js';
