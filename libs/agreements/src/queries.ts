import type { StateReader } from '@medveil/ledger';
import { accountId } from '@medveil/identity';
import {
  accountTable, claimTable, domainTable, issuersTable, membersTable, memberTable, openingTable, parametersTable, proposalTable, recordTable, registryTable, replicaBondTable, type ReplicaFaultEntry, replicaFaultTable,
  requirementTable, type Readable, type RequirementEntry, rulesTable, supplyTable, verificationKeysTable,
} from './state.js';
import { faultName } from './rules/replica-faults.js';
import type { ReplicaContradiction } from './verifiers.js';
import { type AccountId, type ClaimId, type LedgerRole, type OpeningId, type ProposalId, type RecordId, type RequirementId, requirementIdSchema } from './vocabulary.js';

/** The read side. All take a view, a snapshot, or entries that a light client has proved. */
export const readAccount = (view: Readable, id: AccountId) => accountTable.read(view, id);
/** The nonce of an account's next transaction: 0 (and a certificate has to come along) where it is not registered. */
export const readNonce = (view: Readable, publicKey: Uint8Array): number => accountTable.read(view, accountId(publicKey))?.nonce ?? 0;
export const readMember = (view: Readable, id: AccountId) => memberTable.read(view, id);
export const readMembers = (view: Readable, role: LedgerRole): AccountId[] => membersTable.read(view, role) ?? [];
export const readRequirement = (view: Readable, id: RequirementId) => requirementTable.read(view, id);
export const readRecord = (view: Readable, id: RecordId) => recordTable.read(view, id);
export const readOpening = (view: Readable, id: OpeningId) => openingTable.read(view, id);
export const readClaim = (view: Readable, id: ClaimId) => claimTable.read(view, id);
export const readProposal = (view: Readable, id: ProposalId) => proposalTable.read(view, id);
export const readIssuers = (view: Readable) => issuersTable.read(view);
export const readParametersInForce = (view: Readable) => parametersTable.read(view);
export const readRegistry = (view: Readable) => registryTable.read(view);
export const readVerificationKeys = (view: Readable) => verificationKeysTable.read(view) ?? [];
export const readRules = (view: Readable) => rulesTable.read(view);
export const readSupply = (view: Readable) => supplyTable.read(view);
/** What a replica is on record for having contradicted itself about; null: nothing of that. */
export const readReplicaFault = (view: Readable, contradiction: ReplicaContradiction) => replicaFaultTable.read(view, faultName(contradiction));
/** Every contradiction on record, by name. */
export function* listReplicaFaults(view: StateReader): IterableIterator<ReplicaFaultEntry> {
  for (const [, value] of view.entries(`${replicaFaultTable.prefix}/`)) yield replicaFaultTable.decode(value);
}
export const readReplicaBond = (view: Readable, replica: string) => replicaBondTable.read(view, replica);
/** Licences that one person has given in a domain; those past their `untilMs` may still be listed. */
export const readLicences = (view: Readable, domain: string, nullifierHex: string) => domainTable.read(view, domain, nullifierHex) ?? [];

export interface Page<Id> {
  /** Start behind this one. */
  readonly after?: Id;
  readonly limit: number;
}

/** Requirements of any status, by identifier. */
export function* listRequirements(view: StateReader, page: Page<RequirementId>): IterableIterator<[RequirementId, RequirementEntry]> {
  let left = page.limit;
  const options = page.after === undefined ? {} : { after: requirementTable.key(page.after) };
  for (const [key, value] of view.entries(`${requirementTable.prefix}/`, options)) {
    if (left === 0) return;
    left -= 1;
    yield [requirementIdSchema.parse(key.slice(requirementTable.prefix.length + 1)), requirementTable.decode(value)];
  }
}

