import type { Clock, RandomBytes } from '@medveil/encoding';
import { OPERATOR, type PartyToken, signPartyToken } from '@medveil/host';
import type { PartyFolders } from './party-folders.js';

/** The services that take an operator's tokens. */
export const AUDIENCES = ['pkg', 'contract', 'proxy-cloud', 'patient-api', 'research-api', 'consensus-node', 'auditor'] as const;

/** Everything that operators of all services do. */
export const OPERATOR_SCOPES = [
  'consensus:vote', 'deliveries:read', 'disputes:read', 'disputes:rule', 'enrolments:admin', 'exchanges:write', 'institutions:write', 'ledger:read', 'openings:answer', 'openings:read',
  'openings:request', 'operations:read', 'patients:read', 'patients:write', 'payouts:write', 'requirements:write', 'research:read', 'transactions:submit', 'treasury:mint',
] as const;

/** A token under the operator's key of a setup folder. @throws SetupError `setup/no-keys` */
export async function signOperatorToken(folders: PartyFolders, token: PartyToken, ports: { readonly clock: Clock; readonly random: RandomBytes }): Promise<string> {
  const operator = await folders.open('operator');
  return signPartyToken(OPERATOR, await operator.key('operator-key'), token, ports);
}
