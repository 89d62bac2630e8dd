import { defineJob } from '@medveil/database';
import { idSchema } from '@medveil/encoding';
import { z } from 'zod';

const payload = z.strictObject({ exchangeId: idSchema('exc') });
/** About three hours of trying again, at the longest a minute apart. */
export const MAX_ATTEMPTS = 200;
const backoffMs = { first: 500, longest: 60_000 };

/** One exchange from its preparation to its delivery. */
export const EXCHANGE = defineJob({ name: 'exchange', payload, maxAttempts: MAX_ATTEMPTS, backoffMs });
/** The withdrawal of one exchange's grant. */
export const REVOCATION = defineJob({ name: 'revocation', payload, maxAttempts: MAX_ATTEMPTS, backoffMs });
