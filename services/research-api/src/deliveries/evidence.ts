/** What a dispute rests on, sealed to the auditors; on the ledger stands its hash alone. */
import { type ClaimEntry, membersTable, memberTable, stateKeys } from '@medveil/agreements';
import { type CborValue, decodeCanonical, digest, encodeCanonical, type Id, utf8 } from '@medveil/encoding';
import { hpkeSeal } from '@medveil/identity';
import { z } from 'zod';
import type { ResearchContext } from '../context.js';
import type { LedgerLink } from '../ledger/ledger-link.js';
import type { DeliveryRow } from '../tables.js';
import type { SealedObjects } from './sealed-objects.js';

const EVIDENCE_DOMAIN = 'medveil/dispute-evidence/1';
/** Namespace of sealed evidence in the object store. */
export const EVIDENCE = 'evidence';

export interface EvidenceParts {
  readonly context: ResearchContext;
  readonly link: LedgerLink;
  readonly sealed: SealedObjects;
}

/**
 * The document names what was checked and what failed. It holds no content and no key: the auditors fetch the ciphertext by
 * its registered digest. `salt` keeps the hash from being guessed. Made once: what was hashed is what is kept.
 * @returns the hash for the ledger, and where the copies for the auditors are kept until they ask
 */
export async function sealEvidence(parts: EvidenceParts, row: DeliveryRow, claim: ClaimEntry): Promise<{ evidenceHash: Uint8Array; evidenceKey: string }> {
  const { context, sealed } = parts;
  const { evidenceKey: kept } = row;
  if (kept !== null) return { evidenceHash: await hashOfKept(sealed, row.claimId, kept), evidenceKey: kept };
  const document = {
    version: 1,
    chainId: context.chainId,
    claimId: row.claimId,
    requirementId: row.requirementId,
    record: row.record,
    delegateeKey: claim.delegateeKey,
    transformed: row.transformed,
    code: row.code,
    checks: row.checks.map(({ check, ok, detail }) => ({ check, ok, detail })),
    salt: context.random(16),
  } satisfies CborValue;
  const copies = await sealToAuditors(parts, row.claimId, encodeCanonical(document));
  const evidenceKey = await sealed.put(EVIDENCE, [row.claimId], encodeCanonical({ document, copies }));
  return { evidenceHash: digest(EVIDENCE_DOMAIN, document), evidenceKey };
}

const keptSchema = z.object({ document: z.custom<CborValue>((value) => value !== undefined) });

async function hashOfKept(sealed: SealedObjects, claimId: Id<'clm'>, key: string): Promise<Uint8Array> {
  const { document } = keptSchema.parse(decodeCanonical(await sealed.get(EVIDENCE, [claimId], key)));
  return digest(EVIDENCE_DOMAIN, document);
}

async function sealToAuditors({ context, link }: EvidenceParts, claimId: Id<'clm'>, document: Uint8Array) {
  const value = await link.access.readState(stateKeys.members('auditor'));
  const auditors = value === undefined ? [] : membersTable.decode(value);
  const copies: { auditor: string; sealed: Uint8Array }[] = [];
  for (const auditor of auditors) {
    const member = await link.access.readState(stateKeys.member(auditor));
    const sealKey = member === undefined ? null : memberTable.decode(member).sealKey;
    if (sealKey === null) continue;
    const sealed = await hpkeSeal(sealKey, { info: utf8(EVIDENCE_DOMAIN), aad: utf8(claimId) }, document, context.random);
    copies.push({ auditor, sealed });
  }
  return copies;
}
