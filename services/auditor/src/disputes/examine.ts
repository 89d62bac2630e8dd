/** Fetches what a dispute rests on, and decides. Nothing of what was seen is kept but the finding. */
import { claimTable, memberTable, recordTable, requirementTable, stateKeys } from '@medveil/agreements';
import { ApiError, isAway } from '@medveil/client';
import { defineJob, type JobHandler } from '@medveil/database';
import {
  type Bodies, type DisputedClaim, decodeSealedEvidence, DeliveryError, type Evidence, evidenceHash, openEvidence, partsConcerned, rule, type SealedEvidence,
} from '@medveil/delivery';
import type { PartType } from '@medveil/eligibility';
import { equalBytes, fromBase64Url, type Id, idSchema, isCodedError, toHex } from '@medveil/encoding';
import { z } from 'zod';
import type { AuditorContext } from '../context.js';
import { AuditorError, type AuditorErrorCode } from '../errors.js';
import type { DisputeRow } from '../tables.js';
import { VOTE } from './vote.js';

const payloadSchema = z.strictObject({ claimId: idSchema('clm') });
type Payload = z.infer<typeof payloadSchema>;

/** What is waited for uses up no attempt. */
export const EXAMINE = defineJob({ name: 'examine-dispute', payload: payloadSchema, maxAttempts: 50 });

/** There may be more of it later, so nothing is decided yet. */
class NotYet extends AuditorError {}
/** This auditor is not the one to say. */
class Abstention extends AuditorError {}

export function examineJob(context: AuditorContext): JobHandler<Payload> {
  return async ({ payload: { claimId } }) => {
    const row = await context.disputes.get(claimId);
    if (row.status !== 'open') return undefined;
    try {
      await examine(context, row);
      return undefined;
    } catch (error) {
      if (error instanceof NotYet) {
        await note(context, row, 'open', error.code);
        return { againAtMs: nextLookMs(context, row) };
      }
      if (isAway(error)) return { againAtMs: context.clock() + context.settings.retryMs };
      if (!(error instanceof Abstention)) throw error;
      context.log.warn('auditor-abstains', { claimId, code: error.code });
      await note(context, row, 'abstains', error.code);
      return undefined;
    }
  };
}

const note = (context: AuditorContext, { claimId }: DisputeRow, status: 'open' | 'abstains', code: AuditorErrorCode) =>
  context.disputes.move(context.database.queries, claimId, ['open'], { status, code, updatedAtMs: context.clock() });

/** Ever more rarely, but once more when patience ends. */
function nextLookMs({ settings, clock }: AuditorContext, row: DisputeRow): number {
  const nowMs = clock();
  const waitMs = Math.min(Math.max(settings.retryMs, (nowMs - row.openedAtMs) / 2), settings.retryMaxMs);
  const endMs = patientUntilMs(settings.patience, row);
  return nowMs < endMs ? Math.min(nowMs + waitMs, Math.max(endMs, nowMs + settings.retryMs)) : nowMs + waitMs;
}

const patientUntilMs = (patience: number, { openedAtMs, ruleByMs }: DisputeRow): number => openedAtMs + patience * (ruleByMs - openedAtMs);

async function examine(context: AuditorContext, row: DisputeRow): Promise<void> {
  const { claimId } = row;
  const dispute = await readDispute(context, claimId);
  if (dispute === undefined) return;
  const isPatient = context.clock() < patientUntilMs(context.settings.patience, row);
  const evidence = await fetchEvidence(context, dispute, isPatient);
  const bodies = await fetchBodies(context, dispute, evidence, isPatient);
  const { outcome, reason, part, checks } = await rule(context.pre, dispute, evidence, bodies);
  context.log.info('dispute-examined', { claimId, outcome, code: reason });
  await context.database.transaction(async (tx) => {
    const found = await context.disputes.move(tx, claimId, ['open'], { status: 'found', outcome, reason, part, checks, code: null, updatedAtMs: context.clock() });
    if (found && context.settings.rulesAutomatically) await context.jobs.enqueue(tx, VOTE, { key: claimId, payload: { claimId } });
  });
  context.jobs.notify();
}

/** @returns undefined where the dispute is over */
async function readDispute({ ledger, chainId }: AuditorContext, claimId: Id<'clm'>): Promise<DisputedClaim | undefined> {
  const value = await ledger.readState(stateKeys.claim(claimId));
  if (value === undefined) throw new AuditorError('auditor/inconsistent-ledger', 'a disputed claim that is not there');
  const claim = claimTable.decode(value);
  if (claim.status !== 'disputed') return undefined;
  const [record, requirement] = [await ledger.readState(stateKeys.record(claim.recordId)), await ledger.readState(stateKeys.requirement(claim.requirementId))];
  if (record === undefined || requirement === undefined) throw new AuditorError('auditor/inconsistent-ledger', 'a claim without its record or requirement');
  return { chainId, claimId, claim, record: recordTable.decode(record), requirement: requirementTable.decode(requirement) };
}

/** @returns null where it counts as withheld: it did not come, or does not open to what was hashed */
async function fetchEvidence(context: AuditorContext, dispute: DisputedClaim, isPatient: boolean): Promise<Evidence | null> {
  const { claimId, claim } = dispute;
  const sealed = await keptEvidence(context, claimId, claim.dispute?.evidenceHash ?? new Uint8Array());
  if (sealed === undefined) {
    if (isPatient) throw new NotYet('auditor/waits-for-evidence', 'the evidence has not come');
    return null;
  }
  const account = context.accountId;
  if (sealed.keys.every(({ auditor }) => auditor !== account)) await requirePinnedThen(context, dispute);
  try {
    return await openEvidence(sealed, claimId, { account, hpke: context.hpke });
  } catch (error) {
    if (error instanceof DeliveryError) return null;
    throw error;
  }
}

/**
 * What a front has, if it is what the ledger names: else the front is wrong, which is not the institution's fault. @returns undefined where all
 * of them say that they have none. @throws where one that may have it is away, and no other has it
 */
async function keptEvidence({ evidenceFronts, log }: AuditorContext, claimId: Id<'clm'>, hash: Uint8Array): Promise<SealedEvidence | undefined> {
  let away: unknown;
  for (const front of evidenceFronts) {
    try {
      const sealed = decodeSealedEvidence(fromBase64Url((await front.evidence(claimId)).evidence));
      if (equalBytes(evidenceHash(sealed), hash)) return sealed;
      log.warn('evidence-differs', { claimId });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404) && !(error instanceof DeliveryError)) away = error;
    }
  }
  if (away !== undefined) throw away;
  return undefined;
}

/** An auditor who came after the delivery may be unknown to the institution: it was not kept from seeing anything. */
async function requirePinnedThen({ ledger, accountId }: AuditorContext, { claim }: DisputedClaim): Promise<void> {
  const value = await ledger.readState(stateKeys.member(accountId));
  const pinnedAtMs = value === undefined ? Number.POSITIVE_INFINITY : memberTable.decode(value).pinnedAtMs;
  if (pinnedAtMs > (claim.delivery?.atMs ?? 0)) throw new Abstention('auditor/not-pinned-then', 'the evidence was not sealed to this auditor, who was pinned later');
}

async function fetchBodies(context: AuditorContext, dispute: DisputedClaim, evidence: Evidence | null, isPatient: boolean): Promise<Bodies> {
  const bodies = new Map<PartType, Uint8Array>();
  for (const part of partsConcerned(dispute, evidence)) {
    const registered = dispute.record.parts.find((candidate) => candidate.part === part);
    if (registered === undefined) continue;
    const { bodyDigest, bodyBytes } = registered;
    if (bodyBytes > context.settings.maxBodyBytes) throw new Abstention('auditor/body-too-large', 'a body larger than this auditor fetches', { part, bodyBytes });
    try {
      bodies.set(part, await context.proxy.body(toHex(bodyDigest), bodyBytes));
    } catch (error) {
      if (!isCodedError(error)) throw error;
      if (isPatient) throw new NotYet('auditor/waits-for-body', 'a body is not to be had', { part });
    }
  }
  return bodies;
}
