import { bytesSchema } from '@medveil/encoding';
import { z } from 'zod';
import { defineMessage } from './definition.js';
import { TOPICS } from './topics.js';

/** Of an encoded transaction (libs/ledger) with room for its framing. */
const MAX_TRANSACTION_BYTES = 132 * 1024;
const MAX_BLOCK_BYTES = 900 * 1024;

/** A transaction for the replicas to order; from the contract's front. */
export const TRANSACTION_SUBMITTED = defineMessage({
  type: 'transaction-submitted',
  version: 1,
  topic: TOPICS.transactions,
  schema: z.strictObject({ transaction: bytesSchema({ max: MAX_TRANSACTION_BYTES }) }),
});

/** One message of the consensus protocol from the replica that sends it; `to` names another, null: all others. Keyed by sender. */
export const CONSENSUS_MESSAGE = defineMessage({
  type: 'consensus-message',
  version: 1,
  topic: TOPICS.consensus,
  schema: z.strictObject({ to: z.string().min(1).max(128).nullable(), bytes: bytesSchema({ max: 960 * 1024 }) }),
});

/** A committed block, from its proposer. What does not fit or does not come is fetched from a node. */
export const BLOCK_COMMITTED = defineMessage({
  type: 'block-committed',
  version: 1,
  topic: TOPICS.blocks,
  schema: z.strictObject({ height: z.int().min(1), block: bytesSchema({ max: MAX_BLOCK_BYTES }), certificate: bytesSchema({ max: 64 * 1024 }) }),
});

/** The PKG has enrolled a party whose keys the consortium may pin: a canonical proposal of libs/agreements. */
export const MEMBER_ENROLLED = defineMessage({
  type: 'member-enrolled',
  version: 1,
  topic: TOPICS.certificates,
  schema: z.strictObject({ enrolmentId: z.string().max(63), proposal: bytesSchema({ max: 16 * 1024 }) }),
});

/** An enrolment is no longer valid; its accounts are revoked on the ledger. */
export const ENROLMENT_REVOKED = defineMessage({
  type: 'enrolment-revoked',
  version: 1,
  topic: TOPICS.certificates,
  schema: z.strictObject({ enrolmentId: z.string().max(63), serial: z.string().max(40), revokedAtMs: z.int().min(0) }),
});

/** Which service may send what: the allowed types of a sender directory. */
export const SENDER_TYPES = {
  pkg: [MEMBER_ENROLLED.type, ENROLMENT_REVOKED.type],
  contract: [TRANSACTION_SUBMITTED.type],
  replica: [CONSENSUS_MESSAGE.type, BLOCK_COMMITTED.type],
} as const;
