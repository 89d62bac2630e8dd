import type { researchApi } from '@medveil/client';
import { type Id, sha256, toBase64Url, toHex } from '@medveil/encoding';
import { anonymityOf, DEFAULT_K } from '@medveil/fhir';
import type { TrailStore } from '@medveil/host';
import { createHash } from 'node:crypto';
import type { ResearchContext } from '../context.js';
import type { DeliveryStore } from '../deliveries/delivery-store.js';
import { RECEIVED } from '../deliveries/receive.js';
import type { SealedObjects } from '../deliveries/sealed-objects.js';
import { ResearchApiError } from '../errors.js';
import { readTerms } from '../requirements/release.js';
import type { RequirementStore } from '../requirements/requirement-store.js';
import { DELIVERY_STATUSES, type DeliveryStatus, type RequirementRow } from '../tables.js';
import { CSV_HEADER, csvRows } from './csv.js';
import { ndjsonLines, resourcesOf } from './part-resources.js';

/** Claims whose reward is held for them. */
const HELD: readonly DeliveryStatus[] = ['accepted', 'delivered', 'verified', 'failed', 'disputed'];
const PROVED = ['claim-accepted', 'delivery-recorded', 'settled'] as const;

/** What a requirement has brought: in numbers, and as files that somebody else can check. */
export class Cohorts {
  constructor(
    private readonly context: ResearchContext,
    private readonly parts: { readonly requirements: RequirementStore; readonly deliveries: DeliveryStore; readonly sealed: SealedObjects; readonly trail: TrailStore },
  ) {}

  /** @throws ResearchApiError `research-api/unknown-requirement` */
  async view(institutionId: Id<'ins'>, jobId: Id<'job'>, k = DEFAULT_K): Promise<researchApi.Cohort> {
    const requirement = await this.#owned(institutionId, jobId);
    const { rewardPerRecord: reward, quantity } = readTerms(requirement);
    const counts = Object.fromEntries(DELIVERY_STATUSES.map((status) => [status, 0])) as Record<DeliveryStatus, number>;
    const likenesses: string[] = [];
    const totals = { delivered: 0, verified: 0, paid: 0, fees: 0, held: 0 };
    for await (const row of this.parts.deliveries.ofRequirement(requirement.requirementId)) {
      counts[row.status] += 1;
      if (row.deliveredAtMs !== null) totals.delivered += 1;
      if (row.verifiedAtMs !== null) totals.verified += 1;
      totals.paid += row.paid ?? 0;
      totals.fees += row.fee ?? 0;
      if (HELD.includes(row.status)) totals.held += reward;
      likenesses.push(...row.parts.flatMap(({ likeness }) => likeness ?? []));
    }
    const places = HELD.reduce((sum, status) => sum + counts[status], counts.settled);
    const { delivered, verified, ...spend } = totals;
    return {
      requirementId: requirement.requirementId,
      title: requirement.title,
      wanted: quantity,
      counts,
      delivered,
      verified,
      spend: { ...spend, reserved: requirement.status === 'open' ? (quantity - places) * reward : 0 },
      anonymity: likenesses.length === 0 ? null : anonymityOf(likenesses, k),
    };
  }

  /** One FHIR resource a line, claim by claim and part by part. */
  async *ndjson(institutionId: Id<'ins'>, jobId: Id<'job'>, asOfMs: number): AsyncIterable<string> {
    for await (const { content } of this.#received(await this.#owned(institutionId, jobId), asOfMs)) {
      for (const line of ndjsonLines(content)) yield `${line}\n`;
    }
  }

  async *csv(institutionId: Id<'ins'>, jobId: Id<'job'>, asOfMs: number): AsyncIterable<string> {
    const requirement = await this.#owned(institutionId, jobId);
    yield `${CSV_HEADER}\n`;
    for await (const { row, part, content } of this.#received(requirement, asOfMs)) {
      for (const resource of resourcesOf(content)) for (const line of csvRows(row.claimId, part.part, resource)) yield `${line}\n`;
    }
  }

  /** What the NDJSON of the same `asOfMs` is checked against: digests, openings, and receipts with proofs from the ledger. */
  async manifest(institutionId: Id<'ins'>, jobId: Id<'job'>, asOfMs: number): Promise<researchApi.CohortManifest> {
    const requirement = await this.#owned(institutionId, jobId);
    const file = createHash('sha256');
    const claims = new Map<Id<'clm'>, researchApi.CohortManifest['claims'][number]>();
    let lines = 0;
    for await (const { row, part, content } of this.#received(requirement, asOfMs)) {
      const written = ndjsonLines(content);
      for (const line of written) file.update(`${line}\n`);
      const claim = claims.get(row.claimId) ?? { claimId: row.claimId, record: toHex(row.record), receipts: await this.#receipts(institutionId, row.claimId), parts: [] };
      const opening = part.openingKey === undefined ? null : await this.parts.sealed.get(RECEIVED, [row.claimId, part.part, 'opening'], part.openingKey);
      claim.parts.push({ part: part.part, sha256: toHex(sha256(content)), firstLine: lines + 1, lines: written.length, opening: opening === null ? null : toBase64Url(opening) });
      claims.set(row.claimId, claim);
      lines += written.length;
    }
    const { requirementId, policy, policyHash, terms } = requirement;
    return {
      version: 1, chainId: this.context.chainId, requirementId, policyHash: toHex(policyHash), policy: toBase64Url(policy), terms: toBase64Url(terms), asOfMs,
      ndjson: { lines, sha256: file.digest('hex') }, claims: [...claims.values()],
    };
  }

  async #receipts(institutionId: Id<'ins'>, claimId: Id<'clm'>): Promise<researchApi.CohortManifest['claims'][number]['receipts']> {
    const entries = await this.parts.trail.ofClaims(institutionId, [claimId], PROVED);
    return entries.map(({ event, height, proof }) => ({ type: event.type, height, proof: toBase64Url(proof) }));
  }

  /** What was verified up to a time, in the order of acceptance; one part is held at a time. */
  async *#received({ requirementId }: RequirementRow, asOfMs: number) {
    for await (const row of this.parts.deliveries.ofRequirement(requirementId)) {
      if (row.verifiedAtMs === null || row.verifiedAtMs > asOfMs) continue;
      for (const part of row.parts) yield { row, part, content: await this.parts.sealed.get(RECEIVED, [row.claimId, part.part], part.objectKey) };
    }
  }

  async #owned(institutionId: Id<'ins'>, jobId: Id<'job'>): Promise<RequirementRow> {
    const row = await this.parts.requirements.get(jobId);
    if (row.institutionId !== institutionId) throw new ResearchApiError('research-api/unknown-requirement', 'there is no such requirement here');
    return row;
  }
}

