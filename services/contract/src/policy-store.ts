import { type Database, bytea } from '@medveil/database';
import { CodedError, type Id } from '@medveil/encoding';
import { bigint, pgSchema, text } from 'drizzle-orm/pg-core';

const schema = pgSchema('contract');

/** Full policies of released requirements. The ledger holds their hashes; whoever reads one checks it against that. */
const policies = schema.table('policies', {
  requirementId: text('requirement_id').primaryKey(),
  policy: bytea('policy').notNull(),
  storedAtMs: bigint('stored_at_ms', { mode: 'number' }).notNull(),
});

export const MAX_POLICY_BYTES = 64 * 1024;

export class PolicyStore {
  constructor(private readonly database: Database) {}

  /** Keeps the first one; the caller has checked that it hashes to the requirement's h′. */
  async put(requirementId: Id<'req'>, policy: Uint8Array, atMs: number): Promise<void> {
    if (policy.length > MAX_POLICY_BYTES) {
      throw new CodedError('contract/policy-too-large', 'the policy is too large', { bytes: policy.length, max: MAX_POLICY_BYTES });
    }
    await this.database.queries.insert(policies).values({ requirementId, policy, storedAtMs: atMs }).onConflictDoNothing();
  }

  async all(): Promise<{ requirementId: string; policy: Uint8Array }[]> {
    return this.database.queries.select({ requirementId: policies.requirementId, policy: policies.policy }).from(policies).orderBy(policies.requirementId);
  }
}
