import { eventSchema } from '@medveil/agreements';
import type { CursorStore, LedgerAccess, VerifiedBlock } from '@medveil/client';
import type { Database } from '@medveil/database';
import { toHex } from '@medveil/encoding';
import { eq } from 'drizzle-orm';
import type { Bodies } from './bodies.js';
import { readVerifiedClaim } from './delivery.js';
import type { Grants } from './grants.js';
import { ledgerCursor } from './tables.js';

const ROW = 1;

/** Where this service is in the chain, kept in its database. */
export function cursorStore(database: Database): CursorStore {
  return {
    async load() {
      const [row] = await database.queries.select().from(ledgerCursor).where(eq(ledgerCursor.id, ROW));
      return row === undefined ? null : { height: row.height, hash: row.hash };
    },
    async save({ height, hash }) {
      await database.queries.insert(ledgerCursor).values({ id: ROW, height, hash }).onConflictDoUpdate({ target: ledgerCursor.id, set: { height, hash } });
    },
  };
}

/** What the proxy learns from each verified block: whom a delivery entitles to which bodies, and what was revoked. */
export function blockHandler(ledger: () => LedgerAccess, bodies: Bodies, grants: () => Grants): (block: VerifiedBlock) => Promise<void> {
  return async ({ receipts }) => {
    for (const event of receipts.flatMap((receipt) => receipt.events)) {
      const { type, data } = eventSchema.parse(event);
      if (type === 'grant-revoked') {
        await bodies.withdraw(data.claimId);
        await grants().revoked(data);
      }
      if (type !== 'delivery-recorded') continue;
      const verified = await readVerifiedClaim(ledger(), data.claimId);
      if (verified === null) throw new Error('a recorded delivery without its claim');
      if (verified.claim.grantRevokedAtMs !== null) continue;
      for (const { part, bodyDigest } of verified.record.parts) {
        if (verified.requirement.terms.parts.includes(part)) await bodies.entitle(toHex(bodyDigest), data.institution, data.claimId);
      }
    }
  };
}
