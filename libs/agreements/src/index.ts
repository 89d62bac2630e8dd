/**
 * The contract of docs/contract.md: a pure state machine that every consensus node runs under the ledger, and the
 * builders and read helpers of those who speak with it.
 */
export { areConserved, checkConservation, totalCredits, type CreditTotals } from './conservation.js';
export { CreditAudit } from './credit-audit.js';
export {
  buildTransaction, claimIdOf, openingIdOf, decodeTransaction, delegateeKeyContext, proposalIdOf, recordIdOf, requirementIdOf, signingPayload, voucherRequestIdOf,
  TRANSACTION_DOMAIN, TRANSACTION_VERSION, type Envelope, type Transaction, type TransactionRequest,
} from './envelope.js';
export { concernOf, type Concern } from './concerns.js';
export { createVerifiers, preStatementOf, type VerifierLibraries } from './create-verifiers.js';
export { AgreementsFault, Rejection, REJECTION_CODES, type FaultCode, type RejectionCode } from './errors.js';
export { eventSchema, type AgreementEvent, type EventData, type EventType } from './events.js';
export { FIRST_RULES_VERSION, genesisEntries } from './genesis.js';
export { approvedOpening, OpeningRefusal, type OrderedOpening } from './ordered-opening.js';
export { createContract, NONCES_AHEAD_MAX, type ContractOptions } from './machine.js';
export {
  chainIdSchema, contractGenesisSchema, DEFAULT_PARAMETERS, memberSchema, parametersSchema, verificationKeySchema,
  type ContractGenesis, type Member, type Parameters, type PinnedVerificationKey, type VoucherKey,
} from './parameters.js';
export { pseudonymBalance } from './pseudonym-balance.js';
export * from './queries.js';
export { faultName } from './rules/replica-faults.js';
export { PERMITTED } from './rules/accounts.js';
export { transformedDigest } from './rules/delivery.js';
export { votesNeeded } from './rules/governance.js';
export { RULES, type Rules } from './rules/index.js';
export { domainsOf, feeOf } from './rules/requirements.js';
export {
  accountTable, claimTable, CLAIM_STATUSES, domainTable, issuerRootTable, issuersTable, membersTable, memberTable, nullifierTable, openingTable, parametersTable,
  proposalTable, recordTable, registryTable, requirementTable, revokedSerialTable, rulesTable, spentVoucherTable, stateKeys, supplyTable, verificationKeysTable,
  voucherKeysTable, voucherKeyTable, voucherRequestTable,
  type AccountEntry, type ClaimEntry, type MemberEntry, type OpeningEntry, type Readable, type RecordEntry, type RequirementEntry, type Table, type VoucherKeyEntry, type VoucherRequestEntry, type Writable,
} from './state.js';
export {
  actionSchema, bodySchema, proposalSchema, recordPartSchema, type Action, type Body, type BodyOf, type BodyType, type Proposal, type RecordPart,
} from './transactions.js';
export type { CertifiedAccount, ReEncryptionStatement, ReplicaContradiction, Verifiers } from './verifiers.js';
export {
  CERTIFIED_ROLES, DISPUTE_OUTCOMES, disputeOutcomeSchema, DOMAIN_SLOTS, domainRegistrySchema, duoCodeSchema, formatSchema, LEDGER_ROLES, licenceSchema, OPENING_REASONS, openingReasonSchema,
  partSetSchema, roleSchema, termsSchema, voucherRequestIdSchema, VOUCHERS_MAX,
  type AccountId, type ClaimId, type DisputeOutcome, type DomainRegistry, type LedgerRole, type Licence, type OpeningId, type OpeningReason, type ProposalId, type RecordId, type RequirementId, type Terms, type VoucherRequestId,
} from './vocabulary.js';
