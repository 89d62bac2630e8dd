import { eventSchema } from '@medveil/agreements';
import type { LedgerAccess, VerifiedBlock } from '@medveil/client';
import { toHex } from '@medveil/encoding';
import type { Bodies } from './bodies.js';
import { readVerifiedClaim } from './delivery.js';
import type { Grants } from './grants.js';

/** What the proxy learns from each verified block: whom a delivery entitles to which bodies, and what was revoked. */
export function blockHandler(ledger: () => LedgerAccess, bodies: Bodies, grants: () => Grants): (block: VerifiedBlock) => Promise<void> {
  return async ({ receipts }) => {
    for (const event of receipts.flatMap((receipt) => receipt.events)) {
      const parsed = eventSchema.safeParse(event);
      // An event of rules newer than this program; it follows on, since what it knows of still holds.
      if (!parsed.success) continue;
      const { type, data } = parsed.data;
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
