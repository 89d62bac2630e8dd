import type { BlockContext } from '@medveil/ledger';
import type { z } from 'zod';
import { AgreementsFault, ensure } from '../errors.js';
import type { EventData, EventType } from '../events.js';
import type { Parameters } from '../parameters.js';
import {
  type AccountEntry, accountTable, type chainEntrySchema, chainTable, type ClaimEntry, claimTable, parametersTable, type Readable, type RequirementEntry,
  requirementTable, type Writable,
} from '../state.js';
import type { Verifiers } from '../verifiers.js';
import type { AccountId, ClaimId, LedgerRole, RequirementId } from '../vocabulary.js';

export type ChainEntry = z.infer<typeof chainEntrySchema>;
export type State = Readable & Writable;

/** What every rule works with, whether a transaction or a deadline called it. */
export interface Call {
  readonly state: State;
  readonly block: BlockContext;
  readonly chain: ChainEntry;
  readonly parameters: Parameters;
  readonly verifiers: Verifiers;
  emit<Type extends EventType>(type: Type, data: EventData<Type>): void;
}

/** A transaction's call: signature, nonce, certificate and role have been checked. */
export interface SenderCall extends Call {
  readonly sender: { readonly id: AccountId; readonly role: LedgerRole; readonly publicKey: Uint8Array; readonly nonce: number };
}

const fault = (what: string): never => {
  throw new AgreementsFault('agreements/not-initialised', `${what} is missing: the state was not begun by genesis`);
};

export const readChain = (state: Readable): ChainEntry => chainTable.read(state) ?? fault('chain');
export const readParameters = (state: Readable): Parameters => parametersTable.read(state) ?? fault('parameters');

/** Of an account that another entry names: it exists. */
export function accountOf(state: Readable, id: AccountId): AccountEntry {
  const account = accountTable.read(state, id);
  if (account === null) throw new AgreementsFault('agreements/corrupt-state', 'an entry names an account that is not there', { account: id });
  return account;
}

/** @throws Rejection `agreements/unknown-requirement` */
export function requirementOf(state: Readable, id: RequirementId): RequirementEntry {
  const requirement = requirementTable.read(state, id);
  ensure(requirement !== null, 'agreements/unknown-requirement', 'there is no such requirement', { requirementId: id });
  return requirement;
}

/** @throws Rejection `agreements/unknown-claim` */
export function claimOf(state: Readable, id: ClaimId): ClaimEntry {
  const claim = claimTable.read(state, id);
  ensure(claim !== null, 'agreements/unknown-claim', 'there is no such claim', { claimId: id });
  return claim;
}

/** @throws Rejection `agreements/wrong-claim-state` */
export function requireStatus(claim: ClaimEntry, ...allowed: readonly ClaimEntry['status'][]): void {
  ensure(allowed.includes(claim.status), 'agreements/wrong-claim-state', `the claim is ${claim.status}`, { status: claim.status });
}
