/** Phases 9 and 10: fetch, decrypt, check against the ledger, then confirm, or dispute. */
import { createHmac } from 'node:crypto';
import { type Body, claimTable, recordTable, stateKeys, transformedDigest } from '@medveil/agreements';
import { HttpClient, LedgerRejection, ProxyClient } from '@medveil/client';
import { defineJob, type JobHandler, type JobKind } from '@medveil/database';
import { asDelegatee, checkBody, CheckLog, checkReceived, type DeliveryFaultCode, faultOf, openPart, type PartToOpen, type ReceivedContainer } from '@medveil/delivery';
import { decodePolicy, type PartType } from '@medveil/eligibility';
import { equalBytes, type Id, idSchema, isCodedError, sha256, toHex } from '@medveil/encoding';
import { quasiIdentifierClass, quasiIdentifiersOf } from '@medveil/fhir';
import { ensureSecret } from '@medveil/host';
import { z } from 'zod';
import type { ResearchContext } from '../context.js';
import { ResearchApiError } from '../errors.js';
import type { InstitutionSecrets } from '../institutions/institution-keys.js';
import type { InstitutionStore } from '../institutions/institution-store.js';
import type { Credentials, LedgerLink } from '../ledger/ledger-link.js';
import { isAway, refusalOf } from '../ledger/refusals.js';
import { readTerms } from '../requirements/release.js';
import type { RequirementStore } from '../requirements/requirement-store.js';
import type { ResearchApiSettings } from '../settings.js';
import type { DeliveryRow, ReceivedPart, RequirementRow } from '../tables.js';
import type { DeliveryStore } from './delivery-store.js';
import { prepareEvidence } from './evidence.js';
import type { SealedObjects } from './sealed-objects.js';
import { readTransformed } from './transformed.js';

const payloadSchema = z.strictObject({ claimId: idSchema('clm') });
type Payload = z.infer<typeof payloadSchema>;

export const RECEIVE = defineJob({ name: 'receive-delivery', payload: payloadSchema });

/** The handler itself says when a body counts as not to be had; more attempts are for what nobody expects. */
const maxAttemptsOf = ({ bodyAttempts }: ResearchApiSettings): number => bodyAttempts + 10;

/** With the waits of the settings. */
export const receiveKind = (settings: ResearchApiSettings): JobKind<Payload> =>
  defineJob({ ...RECEIVE, maxAttempts: maxAttemptsOf(settings), backoffMs: { first: settings.bodyRetryMs, longest: settings.bodyRetryMaxMs } });

/** Namespace of decrypted parts in the object store. */
export const RECEIVED = 'received';

const AWAY_RETRY_MS = 2_000;
/** A body that is there but is not the one that was registered: asked for again in case the way was at fault. */
const DIFFERENT_BODY_ATTEMPTS = 3;
const BODY_TIMEOUT_MS = 10 * 60_000;
/** Of terms that set no limit: nothing that the patient would be at fault for. */
const TOO_LARGE = 'delivery/body-too-large';
/** The rest of the time to settle is for the dispute. */
const LATEST_SHARE = 0.75;

export interface ReceiveParts {
  readonly context: ResearchContext;
  readonly institutions: InstitutionStore;
  readonly requirements: RequirementStore;
  readonly deliveries: DeliveryStore;
  readonly secrets: InstitutionSecrets;
  readonly credentials: Credentials;
  readonly link: LedgerLink;
  readonly sealed: SealedObjects;
}

export function receiveJob(parts: ReceiveParts): JobHandler<Payload> {
  const { context, deliveries } = parts;
  return async ({ payload: { claimId }, attempt, signal }) => {
    try {
      const row = await deliveries.get(claimId);
      if (row.status === 'delivered') await receive(parts, row, attempt);
      await conclude(parts, await deliveries.get(claimId), signal);
      return undefined;
    } catch (error) {
      if (!signal.aborted && isAway(error)) return { againAtMs: context.clock() + AWAY_RETRY_MS };
      if (!signal.aborted && attempt >= maxAttemptsOf(context.settings)) await giveUp(parts, claimId, error);
      throw error;
    }
  };
}

/** The job dies: the delivery shows of what, since silence will pay for it. */
async function giveUp({ context, deliveries }: ReceiveParts, claimId: Id<'clm'>, error: unknown): Promise<void> {
  const code = isCodedError(error) ? error.code : 'research-api/gave-up';
  const updatedAtMs = context.clock();
  await deliveries.move(context.database.queries, claimId, ['delivered'], { code, updatedAtMs });
  await deliveries.move(context.database.queries, claimId, ['verified', 'failed'], { disputeCode: code, updatedAtMs });
  context.log.error('delivery-given-up', error, { claimId });
  context.changes.happened();
}

/** Fetches and checks all parts, and writes down how that went. @throws DeliveryError where a body may be had yet */
async function receive(parts: ReceiveParts, row: DeliveryRow, attempt: number): Promise<void> {
  const { context, deliveries } = parts;
  const { claimId } = row;
  const checks = new CheckLog();
  const write = (change: Partial<DeliveryRow>) =>
    deliveries.move(context.database.queries, claimId, ['delivered'], { ...change, checks: checks.checks, updatedAtMs: context.clock() });
  try {
    const received = await receiveAll(parts, row, checks);
    await write({ status: 'verified', parts: received, verifiedAtMs: context.clock() });
    context.log.info('delivery-verified', { claimId, count: received.length });
  } catch (error) {
    const code = faultOf(error);
    if (code === undefined) throw error;
    if (mayComeYet(context, row, code, attempt)) {
      context.log.info('body-not-to-be-had', { claimId, code, attempt });
      throw error;
    }
    await write({ status: 'failed', code });
    context.log.warn('delivery-failed', { claimId, code });
  }
  context.changes.happened();
}

function mayComeYet({ settings, clock }: ResearchContext, { deliveredAtMs, settleByMs }: DeliveryRow, code: DeliveryFaultCode, attempt: number): boolean {
  const sinceMs = deliveredAtMs ?? 0;
  const latestMs = sinceMs + LATEST_SHARE * ((settleByMs ?? 0) - sinceMs);
  const limit = code === 'delivery/body-unavailable' ? settings.bodyAttempts : code === 'delivery/body-differs' ? Math.min(DIFFERENT_BODY_ATTEMPTS, settings.bodyAttempts) : 0;
  return attempt < limit && clock() < latestMs;
}

async function receiveAll(parts: ReceiveParts, row: DeliveryRow, checks: CheckLog): Promise<ReceivedPart[]> {
  const { context, secrets, sealed } = parts;
  const requirement = await requirementOf(parts, row);
  const granted = readTerms(requirement).parts;
  const toOpen = await partsToOpen(parts, row, granted, checks);
  const proxy = await proxyOf(parts, row);
  const { delegatee } = await secrets.keys(row.institutionId);
  const containers: ReceivedContainer[] = [];
  for (const part of toOpen) {
    const ciphertext = await fetchBody(readTerms(requirement).maxBodyBytes ?? context.settings.maxBodyBytes, proxy, part, checks);
    checkBody(part, ciphertext, checks);
    containers.push(await openPart(asDelegatee(context.pre, delegatee), part, ciphertext, checks));
  }
  const observations = checkReceived({ record: row.record, policy: decodePolicy(requirement.policy), granted, containers }, checks);
  return Promise.all(containers.map(async ({ part, content, opening }): Promise<ReceivedPart> => ({
    part,
    bytes: content.length,
    sha256: toHex(sha256(content)),
    observations: observations.get(part) ?? 0,
    objectKey: await sealed.put(RECEIVED, [row.claimId, part], content),
    openingKey: await sealed.put(RECEIVED, [row.claimId, part, 'opening'], opening),
    likeness: part === 'demographics' ? await likenessOf(context, content) : null,
  })));
}

/** Under a key of this agent's own, so that its database does not tell a birth date. */
async function likenessOf({ vault, random }: ResearchContext, demographics: Uint8Array): Promise<string> {
  const key = await ensureSecret(vault, 'likeness', random);
  return createHmac('sha256', key).update(quasiIdentifierClass(quasiIdentifiersOf(demographics))).digest('hex');
}

async function requirementOf({ requirements }: ReceiveParts, { requirementId }: DeliveryRow): Promise<RequirementRow> {
  const requirement = await requirements.byRequirementId(requirementId);
  if (requirement === undefined) throw new ResearchApiError('research-api/unknown-requirement', 'the claim is for a requirement that this agent did not release');
  return requirement;
}

/** What the ledger says, proved: the record's parts as registered, and the capsules of the delivery that apply() accepted. */
async function partsToOpen({ context, link }: ReceiveParts, row: DeliveryRow, granted: readonly PartType[], checks: CheckLog): Promise<PartToOpen[]> {
  const claim = claimTable.decode((await link.access.readState(stateKeys.claim(row.claimId))) ?? null);
  const record = recordTable.decode((await link.access.readState(stateKeys.record(row.recordId))) ?? null);
  const transformed = readTransformed(row.transformed);
  const accepted = claim.delivery !== null && equalBytes(claim.delivery.transformedDigest, transformedDigest(transformed)) && equalBytes(record.record, row.record);
  checks.require(accepted, 'delivery/wrong-parts', 're-encryption', 'proofs accepted by the ledger');
  const found = granted.flatMap((part) => {
    const registered = record.parts.find((candidate) => candidate.part === part);
    const capsule = transformed.find((candidate) => candidate.part === part);
    if (registered === undefined || capsule === undefined) return [];
    const { version, bodyDigest, bodyBytes } = registered;
    return [{ chainId: context.chainId, record: row.record, part, version, ownerKey: record.ownerKey, bodyDigest, bodyBytes, transformed: capsule.transformed }];
  });
  checks.require(found.length === granted.length, 'delivery/wrong-parts', 'parts asked for', `${found.length} of ${granted.length}`);
  return found;
}

async function proxyOf({ context, institutions, credentials }: ReceiveParts, { institutionId }: DeliveryRow): Promise<ProxyClient> {
  const { proxyUrl } = context.settings;
  const token = credentials.source(await institutions.get(institutionId), 'proxy-cloud', proxyUrl);
  return new ProxyClient(new HttpClient({ baseUrl: proxyUrl, token, timeoutMs: BODY_TIMEOUT_MS, retries: 0 }));
}

async function fetchBody(maxBodyBytes: number, proxy: ProxyClient, part: PartToOpen, checks: CheckLog): Promise<Uint8Array> {
  if (part.bodyBytes > maxBodyBytes) checks.require(false, TOO_LARGE, `body ${part.part}`, `${part.bodyBytes} bytes of at most ${maxBodyBytes}`);
  try {
    return await proxy.body(toHex(part.bodyDigest), part.bodyBytes);
  } catch (error) {
    checks.require(false, 'delivery/body-unavailable', `body ${part.part}`, isCodedError(error) ? error.code : 'connection lost');
    throw error;
  }
}

/** What follows from the check, if the ledger still waits for it. */
async function conclude(parts: ReceiveParts, row: DeliveryRow, signal: AbortSignal): Promise<void> {
  const { context, link } = parts;
  const disputes = row.status === 'failed' && row.code !== TOO_LARGE && context.settings.disputeAutomatically && row.disputeCode === null;
  if (row.status !== 'verified' && !disputes) return;
  const claim = claimTable.decode((await link.access.readState(stateKeys.claim(row.claimId))) ?? null);
  if (claim.status !== 'delivered') return;
  if (row.status === 'verified') return execute(parts, row, { type: 'confirm-delivery', claimId: row.claimId }, signal);
  const { evidenceHash, evidenceKey } = await prepareEvidence(parts, row, claim, await requirementOf(parts, row));
  await parts.deliveries.move(context.database.queries, row.claimId, ['failed'], { evidenceKey });
  return execute(parts, row, { type: 'open-dispute', claimId: row.claimId, evidenceHash }, signal);
}

/** The follower sees the outcome; a refusal of the ledger's stands with the delivery. The front's word alone is asked for again. */
async function execute({ context, secrets, link, deliveries }: ReceiveParts, row: DeliveryRow, body: Body, signal: AbortSignal): Promise<void> {
  try {
    await link.access.execute({ account: await secrets.account(row.institutionId) }, body, signal);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined || !(error instanceof LedgerRejection)) throw error;
    context.log.warn('delivery-not-concluded', { claimId: row.claimId, transactionType: body.type, code: refusal.code });
    await deliveries.move(context.database.queries, row.claimId, ['verified', 'failed'], { disputeCode: refusal.code, updatedAtMs: context.clock() });
  }
  context.changes.happened();
}
