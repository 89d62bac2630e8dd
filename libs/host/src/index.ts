/** What a service stands on: infrastructure, keys, the network it belongs to. */
export { assertionMemory, assertionTrust } from './assertion-trust.js';
export type { Infrastructure } from './infrastructure.js';
export { loadVerifiers } from './verifiers.js';
export { type CircuitFolder, readCircuitFolders } from './circuit-folders.js';
export { committeesOf, giveShare, type OpeningOnLedger, type ShareHolder } from './openings.js';
export { loadNetwork, messageKeyOf, type Network, networkSchema, senderDirectory } from './network.js';
export { ensureSecret } from './ensure-secret.js';
export { certificateEndMs, type CertificateKind, measureCertificates, measuredProver, type MeasuredProverOptions, measureDisk, type MeasuredFollower, measureFollower, measureHeight } from './measures.js';
export { LedgerCursor, type LedgerPosition } from './ledger-cursor.js';
export { auditEventOf } from './audit-event.js';
export { auditEventPage, trailPage } from './trail-page.js';
export { type KeptEntry, type TrailEntry, type TrailOwners, type TrailPosition, TrailStore } from './trail.js';
export { StorageSealer } from './storage-sealer.js';
export { SecretFolder } from './secret-folder.js';
export { ensureKeyFile, openVault, type VaultSettings, vaultSettings, voucherKeyName } from './vaults.js';
export { TokenController } from './token.controller.js';
export { type AssertionClient, assertionTokens } from './token-source.js';
export {
  type AccountPrincipal, anyOf, OPERATOR, partyTokens, partyTokenSource, type PartyToken, signPartyToken, TokenService, type TokenServiceOptions, type TrustedParty,
} from './tokens.js';
export { infrastructureSettings, type InfrastructureSettings, type OpenedInfrastructure, openInfrastructure, prepareStores, type Stores } from './open-infrastructure.js';
export { nativeProgram, type NativeProgramOptions } from './native-program.js';
export { runAlone } from './run-alone.js';
