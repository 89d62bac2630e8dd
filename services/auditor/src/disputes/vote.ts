import { claimTable, stateKeys } from '@medveil/agreements';
import { isAway, LedgerRejection } from '@medveil/client';
import { defineJob, type JobHandler, PermanentJobError } from '@medveil/database';
import { idSchema } from '@medveil/encoding';
import { z } from 'zod';
import type { AuditorContext } from '../context.js';

const payloadSchema = z.strictObject({ claimId: idSchema('clm') });
type Payload = z.infer<typeof payloadSchema>;

export const VOTE = defineJob({ name: 'rule-dispute', payload: payloadSchema, maxAttempts: 50 });

/** Says on the ledger what was found, once: asked again after a crash, it looks whether it has said so. */
export function voteJob(context: AuditorContext): JobHandler<Payload> {
  const { disputes, ledger, account, accountId } = context;
  return async ({ payload: { claimId }, signal }) => {
    const { status, outcome } = await disputes.get(claimId);
    if (status !== 'found' || outcome === null) return undefined;
    const claim = claimTable.decode((await ledger.readState(stateKeys.claim(claimId))) ?? null);
    if (claim.status !== 'disputed' || claim.dispute?.votes.some(({ auditor }) => auditor === accountId) === true) return undefined;
    try {
      await ledger.execute({ account }, { type: 'rule-dispute', claimId, outcome }, signal);
    } catch (error) {
      if (!signal.aborted && isAway(error)) return { againAtMs: context.clock() + context.settings.retryMs };
      if (!(error instanceof LedgerRejection)) throw error;
      // Meanwhile others have decided, or the time is over; the ledger tells in its events.
      if (!['agreements/already-ruled', 'agreements/wrong-claim-state', 'agreements/too-late'].includes(error.code)) throw new PermanentJobError(error.code);
    }
    return undefined;
  };
}
