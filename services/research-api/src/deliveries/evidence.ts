/** What a dispute rests on, sealed to the auditors; on the ledger stands its hash alone. */
import { type ClaimEntry, membersTable, memberTable, preStatementOf, recordTable, stateKeys } from '@medveil/agreements';
import { isEarlyRefusal } from '@medveil/client';
import { defineJob, type JobHandler } from '@medveil/database';
import {
  type Auditor, decodeSealedEvidence, disputedParts, encodeSealedEvidence, type Evidence, evidenceHash, type SealedEvidence, sealEvidence,
} from '@medveil/delivery';
import { idSchema, toBase64Url } from '@medveil/encoding';
import { z } from 'zod';
import type { ResearchContext } from '../context.js';
import type { InstitutionSecrets } from '../institutions/institution-keys.js';
import type { LedgerLink } from '../ledger/ledger-link.js';
import { isAway } from '../ledger/refusals.js';
import { readTerms } from '../requirements/release.js';
import type { DeliveryRow, RequirementRow } from '../tables.js';
import type { DeliveryStore } from './delivery-store.js';
import type { SealedObjects } from './sealed-objects.js';
import { readTransformed } from './transformed.js';

/** Namespace of sealed evidence in the object store. */
export const EVIDENCE = 'evidence';

export interface EvidenceParts {
  readonly context: ResearchContext;
  readonly secrets: InstitutionSecrets;
  readonly link: LedgerLink;
  readonly sealed: SealedObjects;
}

/**
 * Made once, and kept until the auditors' store has it: what was hashed is what they get.
 * @returns the hash for the ledger, and where the evidence is kept
 */
export async function prepareEvidence(parts: EvidenceParts, row: DeliveryRow, claim: ClaimEntry, requirement: RequirementRow): Promise<{ evidenceHash: Uint8Array; evidenceKey: string }> {
  const { context, link, sealed } = parts;
  if (row.evidenceKey !== null) return { evidenceHash: evidenceHash(await kept(sealed, row, row.evidenceKey)), evidenceKey: row.evidenceKey };
  const evidence = await sealEvidence(await evidenceOf(parts, row, claim, requirement), await pinnedAuditors(link), context.random);
  const evidenceKey = await sealed.put(EVIDENCE, [row.claimId], encodeSealedEvidence(evidence));
  return { evidenceHash: evidenceHash(evidence), evidenceKey };
}

const kept = async (sealed: SealedObjects, { claimId }: DeliveryRow, key: string): Promise<SealedEvidence> =>
  decodeSealedEvidence(await sealed.get(EVIDENCE, [claimId], key));

/** K of the parts that the failed check is about, and no others: what the auditors see has to be as little as decides. */
async function evidenceOf({ context, secrets, link }: EvidenceParts, row: DeliveryRow, claim: ClaimEntry, requirement: RequirementRow): Promise<Evidence> {
  const { pre, chainId, random } = context;
  const { claimId } = row;
  const { delegatee } = await secrets.keys(row.institutionId);
  const { record, ownerKey, parts } = recordTable.decode((await link.access.readState(stateKeys.record(claim.recordId))) ?? null);
  const transformed = readTransformed(row.transformed);
  const disputed = disputedParts(row.checks, readTerms(requirement).parts);
  const disclosed = parts.flatMap(({ part, version, capsule }) => {
    const delivered = transformed.find((candidate) => candidate.part === part);
    if (delivered === undefined || !disputed.includes(part)) return [];
    const statement = preStatementOf({ chainId, record, part, version, claimId, ownerKey, delegateeKey: claim.delegateeKey, capsule, transformed: delivered.transformed });
    return [{ part, key: pre.discloseCapsuleKey(delegatee, statement, random) }];
  });
  const checks = row.checks.map(({ check, ok, detail }) => ({ check, ok, detail }));
  return { version: 1, chainId, claimId, policy: requirement.policy, transformed: [...transformed], disclosed, code: row.code ?? '', checks, salt: random(16) };
}

async function pinnedAuditors(link: LedgerLink): Promise<Auditor[]> {
  const value = await link.access.readState(stateKeys.members('auditor'));
  const auditors: Auditor[] = [];
  for (const account of value === undefined ? [] : membersTable.decode(value)) {
    const member = await link.access.readState(stateKeys.member(account));
    const sealKey = member === undefined ? null : memberTable.decode(member).sealKey;
    if (sealKey !== null) auditors.push({ account, sealKey });
  }
  return auditors;
}

const payloadSchema = z.strictObject({ claimId: idSchema('clm') });
type Payload = z.infer<typeof payloadSchema>;

/** Begun by the ledger's word that the claim is disputed. Evidence that does not reach the auditors loses the dispute: it is tried for days. */
export const PUBLISH_EVIDENCE = defineJob({ name: 'publish-evidence', payload: payloadSchema, maxAttempts: 200, backoffMs: { first: 500, longest: 30 * 60_000 } });

const AWAY_RETRY_MS = 2_000;

export function publishEvidenceJob({ context, link, sealed }: EvidenceParts, deliveries: DeliveryStore): JobHandler<Payload> {
  return async ({ payload: { claimId }, signal }) => {
    const row = await deliveries.get(claimId);
    if (row.status !== 'disputed' || row.evidenceKey === null) return undefined;
    const evidence = toBase64Url(encodeSealedEvidence(await kept(sealed, row, row.evidenceKey)));
    // None keeps the others waiting; each is asked until it has it, or the dispute is over.
    const answers = await Promise.allSettled(link.evidenceFronts.map((front) => front.putEvidence(claimId, evidence)));
    const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    context.log.info('evidence-published', { claimId, count: answers.length - failures.length });
    const final = failures.find((error) => !isAway(error) || isEarlyRefusal(error));
    if (final !== undefined) throw final;
    return failures.length > 0 && !signal.aborted ? { againAtMs: context.clock() + AWAY_RETRY_MS } : undefined;
  };
}
