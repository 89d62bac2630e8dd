import {
  type BodyOf, type ClaimEntry, claimTable, preStatementOf, type RecordEntry, recordTable, type RequirementEntry, requirementTable, stateKeys,
} from '@medveil/agreements';
import type { LedgerAccess } from '@medveil/client';
import { CodedError, type Id, type RandomBytes } from '@medveil/encoding';
import type { Afgh06 } from '@medveil/pre';
import type { GrantedKeys } from './grant-format.js';

/** An accepted claim with what it is about, every entry proved by a certified header. */
export interface VerifiedClaim {
  readonly claimId: Id<'clm'>;
  readonly claim: ClaimEntry;
  readonly record: RecordEntry;
  readonly requirement: RequirementEntry;
}

/** @returns null where the ledger does not know the claim (yet) */
export async function readVerifiedClaim(ledger: LedgerAccess, claimId: Id<'clm'>): Promise<VerifiedClaim | null> {
  const value = await ledger.readState(stateKeys.claim(claimId));
  if (value === undefined) return null;
  const claim = claimTable.decode(value);
  const [record, requirement] = await Promise.all([
    ledger.readState(stateKeys.record(claim.recordId)),
    ledger.readState(stateKeys.requirement(claim.requirementId)),
  ]);
  if (record === undefined || requirement === undefined) throw new CodedError('proxy/inconsistent-ledger', 'a claim without its record or requirement');
  return { claimId, claim, record: recordTable.decode(record), requirement: requirementTable.decode(requirement) };
}

/**
 * Phase 8: checks each re-encryption key against what the ledger says (docs/scheme.md, section 5, "check rk"), re-encrypts the
 * parts that the requirement asks for, and proves it.
 * @throws CodedError `proxy/missing-key`, `proxy/bad-re-key`
 */
export function reEncryptParts(pre: Afgh06, chainId: string, verified: VerifiedClaim, keys: GrantedKeys, random: RandomBytes): BodyOf<'record-delivery'> {
  const { claimId, claim, record, requirement } = verified;
  const parts = requirement.terms.parts.map((part) => {
    const registered = record.parts.find((candidate) => candidate.part === part);
    const granted = keys.find((candidate) => candidate.part === part);
    if (registered === undefined || granted === undefined) throw new CodedError('proxy/missing-key', 'no re-encryption key for a part asked for', { part });
    const { capsule, version } = registered;
    const transformedFor = (transformed: Uint8Array) => preStatementOf({
      chainId, record: record.record, part, version, claimId, ownerKey: record.ownerKey, delegateeKey: claim.delegateeKey, capsule, transformed,
    });
    const { ownerPublicKey, delegateePublicKey, label } = transformedFor(capsule);
    if (!pre.checkReKey(ownerPublicKey, label, delegateePublicKey, granted.reKey)) {
      throw new CodedError('proxy/bad-re-key', 'the re-encryption key is not the owner’s for this part and institution', { part });
    }
    const transformed = pre.reEncrypt(capsule, granted.reKey);
    return { part, transformed, proof: pre.proveReEncryption({ ...transformedFor(transformed), reKey: granted.reKey }, random) };
  });
  return { type: 'record-delivery', claimId, parts };
}
