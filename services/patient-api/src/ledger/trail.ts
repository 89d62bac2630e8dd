import type { AgreementEvent } from '@medveil/agreements';
import type { VerifiedBlock } from '@medveil/client';
import type { TransactionQueries } from '@medveil/database';
import { encodeCanonical, type Id } from '@medveil/encoding';
import type { Receipt } from '@medveil/ledger';
import { and, asc, eq, inArray } from 'drizzle-orm';
import { HOSPITAL, pseudonyms, trail } from '../tables.js';

/** An event with its place on the ledger. */
export interface PlacedEvent {
  readonly event: AgreementEvent;
  readonly block: Pick<VerifiedBlock, 'height' | 'timeMs'>;
  readonly receipt: Pick<Receipt, 'index' | 'transactionId'>;
  readonly eventIndex: number;
}

/** Keeps an event that concerns a patient's pseudonym, by the account it names or by a claim of that account. */
export async function keepTrail(tx: TransactionQueries, { event, block, receipt, eventIndex }: PlacedEvent): Promise<void> {
  const claimId = 'claimId' in event.data ? event.data.claimId : null;
  for (const { patientId, account } of await concerned(tx, event, claimId)) {
    await tx.insert(trail).values({
      patientId, account, claimId, height: block.height, receiptIndex: receipt.index, eventIndex, transactionId: receipt.transactionId,
      type: event.type, data: encodeCanonical(event.data), atMs: block.timeMs,
    }).onConflictDoNothing();
  }
}

interface Concerned {
  readonly patientId: Id<'pat'>;
  readonly account: Id<'acc'>;
}

async function concerned(tx: TransactionQueries, event: AgreementEvent, claimId: Id<'clm'> | null): Promise<Concerned[]> {
  const named = accountsIn(event);
  if (named.length > 0) {
    const rows = await tx.select({ partyId: pseudonyms.partyId, account: pseudonyms.account }).from(pseudonyms).where(inArray(pseudonyms.account, named));
    return rows.flatMap(({ partyId, account }) => (partyId === HOSPITAL ? [] : [{ patientId: partyId, account }]));
  }
  if (claimId === null) return [];
  return tx
    .select({ patientId: trail.patientId, account: trail.account })
    .from(trail)
    .where(and(eq(trail.claimId, claimId), eq(trail.type, 'claim-accepted')))
    .orderBy(asc(trail.height))
    .limit(1);
}

/** Accounts of patients that an event names. */
function accountsIn({ data }: AgreementEvent): Id<'acc'>[] {
  if ('patient' in data) return [data.patient];
  if ('accounts' in data) return data.accounts;
  return 'account' in data ? [data.account] : [];
}
