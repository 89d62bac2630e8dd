import { defineJob } from '@medveil/database';
import { idSchema } from '@medveil/encoding';
import { z } from 'zod';

/** It is about money that is theirs: months of trying again, at the longest ten minutes apart. */
const persistent = { maxAttempts: 20_000, backoffMs: { first: 500, longest: 10 * 60_000 } };

/** Credits of one account on their way to vouchers. */
export const PURSE = defineJob({ name: 'purse', payload: z.strictObject({ account: idSchema('acc') }), ...persistent });
/** Vouchers on their way to the treasury. */
export const PAYOUT = defineJob({ name: 'payout', payload: z.strictObject({ payoutId: idSchema('pay') }), ...persistent });
