import { eventSchema, membersTable, stateKeys } from '@medveil/agreements';
import type { LedgerAccess, VerifiedBlock } from '@medveil/client';
import { type Id, toHex } from '@medveil/encoding';
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
      if (type === 'delivery-recorded') await entitle(ledger(), bodies, data.claimId, [data.institution]);
      if (type === 'disputed') await entitle(ledger(), bodies, data.claimId, await auditorsOf(ledger()));
      if (type === 'ruled' || (type === 'settled' && data.how === 'unruled')) await endAudit(ledger(), bodies, data.claimId);
    }
  };
}

/** Of a withdrawn grant nobody reads any more: to auditors, too, its bodies are not to be had. */
async function entitle(ledger: LedgerAccess, bodies: Bodies, claimId: Id<'clm'>, accounts: readonly Id<'acc'>[]): Promise<void> {
  const verified = await readVerifiedClaim(ledger, claimId);
  if (verified === null) throw new Error('an event of a claim that is not there');
  if (verified.claim.grantRevokedAtMs !== null) return;
  for (const { part, bodyDigest } of verified.record.parts) {
    if (!verified.requirement.terms.parts.includes(part)) continue;
    for (const account of accounts) await bodies.entitle(toHex(bodyDigest), account, claimId);
  }
}

async function auditorsOf(ledger: LedgerAccess): Promise<readonly Id<'acc'>[]> {
  const value = await ledger.readState(stateKeys.members('auditor'));
  return value === undefined ? [] : membersTable.decode(value);
}

/** A dispute has ended: the auditors need to see no more. */
async function endAudit(ledger: LedgerAccess, bodies: Bodies, claimId: Id<'clm'>): Promise<void> {
  const verified = await readVerifiedClaim(ledger, claimId);
  if (verified !== null) await bodies.withdrawFromOthers(claimId, verified.claim.institution);
}
