import { bytesSchema, decodeCanonical, encodeCanonical, timeMsSchema } from '@medveil/encoding';
import { z } from 'zod';
import { messagingError } from './errors.js';
import type { DeadLetter } from './port.js';

const deadLetterSchema = z.strictObject({
  topic: z.string().max(128),
  key: z.string().max(256),
  value: bytesSchema({ max: 64 * 1024 * 1024 }),
  group: z.string().max(128),
  attempts: z.int().min(1),
  reason: z.string().max(128),
  failedAtMs: timeMsSchema,
});

export const encodeDeadLetter = (letter: DeadLetter): Uint8Array => encodeCanonical({ ...letter });

/** @throws CodedError `messaging/bad-message` */
export function decodeDeadLetter(bytes: Uint8Array): DeadLetter {
  try {
    return deadLetterSchema.parse(decodeCanonical(bytes));
  } catch (cause) {
    throw messagingError('messaging/bad-message', 'not a dead letter', { bytes: bytes.length }, { cause });
  }
}
