import { type ClaimEntry, readClaim } from '@medveil/agreements';
import { bytea, type Database, millis } from '@medveil/database';
import { decodeSealedEvidence, evidenceHash } from '@medveil/delivery';
import { type Clock, CodedError, equalBytes, type Id } from '@medveil/encoding';
import type { Ledger } from '@medveil/ledger';
import { eq, inArray } from 'drizzle-orm';
import { pgSchema, text } from 'drizzle-orm/pg-core';

const table = pgSchema('contract').table('evidence', {
  claimId: text('claim_id').$type<Id<'clm'>>().primaryKey(),
  evidence: bytea('evidence').notNull(),
  storedAtMs: millis('stored_at_ms').notNull(),
});

/**
 * Evidence of open disputes, sealed to the auditors. The ledger holds its hash, so whoever has it may bring it, and nobody anything
 * else. With the dispute it ends: what opens a part of a patient's is kept no longer than it is needed.
 */
export class EvidenceStore {
  constructor(
    private readonly database: Database,
    private readonly ledger: Ledger,
    private readonly clock: Clock,
  ) {}

  /** @throws CodedError `contract/not-disputed`, `contract/evidence-mismatch`, `delivery/bad-evidence` */
  async put(claimId: Id<'clm'>, evidence: Uint8Array): Promise<void> {
    const dispute = this.#openDispute(claimId);
    if (dispute === undefined) throw new CodedError('contract/not-disputed', 'the claim is not in dispute');
    if (!equalBytes(evidenceHash(decodeSealedEvidence(evidence)), dispute.evidenceHash)) {
      throw new CodedError('contract/evidence-mismatch', 'the evidence does not hash to what the dispute names');
    }
    await this.database.queries.insert(table).values({ claimId, evidence, storedAtMs: this.clock() }).onConflictDoNothing();
  }

  /** @throws CodedError `contract/not-found` */
  async get(claimId: Id<'clm'>): Promise<Uint8Array> {
    const [row] = this.#openDispute(claimId) === undefined ? [] : await this.database.queries.select().from(table).where(eq(table.claimId, claimId));
    if (row === undefined) throw new CodedError('contract/not-found', 'there is no evidence for this claim');
    return row.evidence;
  }

  /** Forgets what no open dispute rests on. */
  async prune(): Promise<void> {
    const kept = await this.database.queries.select({ claimId: table.claimId }).from(table);
    const ended = kept.flatMap(({ claimId }) => (this.#openDispute(claimId) === undefined ? [claimId] : []));
    if (ended.length > 0) await this.database.queries.delete(table).where(inArray(table.claimId, ended));
  }

  #openDispute(claimId: Id<'clm'>): NonNullable<ClaimEntry['dispute']> | undefined {
    const claim = readClaim(this.ledger.view(), claimId);
    return claim?.status === 'disputed' ? (claim.dispute ?? undefined) : undefined;
  }
}
