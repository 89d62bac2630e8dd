/** What a service stands on: infrastructure, keys, the network it belongs to. */
export type { Infrastructure } from './infrastructure.js';
export { loadNetwork, type Network, networkSchema, senderDirectory } from './network.js';
export { SecretFolder } from './secret-folder.js';
export { ensureKeyFile, openVault, type VaultSettings, vaultSettings } from './vaults.js';
export { type AssertionClient, assertionTokens } from './token-source.js';
export { type AccountPrincipal, anyOf, operatorTokens, type OperatorToken, signOperatorToken, TokenService, type TokenServiceOptions } from './tokens.js';
