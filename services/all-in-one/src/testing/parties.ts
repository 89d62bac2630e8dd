/** The parties' own secrets, from their vaults: for playing an adversary who is one of them, and for knowing what must not leak. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Id } from '@medveil/encoding';
import { openVault } from '@medveil/host';
import { accountId, derivePatientKeys, type KeyVault, type PatientKeys, type PseudonymKeys } from '@medveil/identity';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

export const vaultOf = (folder: string, party: string): Promise<KeyVault> =>
  openVault({ folder: join(folder, 'parties', party, 'vault'), keyFile: join(folder, 'parties', party, 'vault.key') }, random);

/** Everything that derives from the seed of a patient, the hospital or an institution. */
export async function keysOf(folder: string, party: 'patient-api' | 'research-api', secret: string): Promise<PatientKeys> {
  return derivePatientKeys(await (await vaultOf(folder, party)).get(secret));
}

export const patientKeys = (folder: string, patientId: Id<'pat'>): Promise<PatientKeys> => keysOf(folder, 'patient-api', `patients/${patientId}/seed`);
export const institutionKeys = (folder: string, institutionId: Id<'ins'>): Promise<PatientKeys> => keysOf(folder, 'research-api', `institutions/${institutionId}/seed`);

/** Pseudonyms are drawn in batches of eight. */
export const PSEUDONYMS = 24;

/** The keys of the pseudonym that has this account. */
export function pseudonymOf(keys: PatientKeys, account: Id<'acc'>): PseudonymKeys {
  for (let index = 0; index < PSEUDONYMS; index += 1) {
    const pseudonym = keys.pseudonym(index);
    if (accountId(pseudonym.account.publicKey) === account) return pseudonym;
  }
  throw new Error('the account is none of this party’s first pseudonyms');
}
