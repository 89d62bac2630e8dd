/** HTTP API of the proxy: ciphertext bodies in, sealed re-encryption keys in, bodies out to whom the ledger entitles. */
import { z } from 'zod';
import { base64UrlSchema, hexSchema, timeMsSchema } from '@medveil/encoding';
import { accountIdSchema, canonicalSchema, claimIdSchema, transactionIdSchema } from './common.js';

/** GET /v1/parameters */
export const proxyParametersSchema = z.object({
  account: accountIdSchema,
  hpkePublicKey: base64UrlSchema(32),
  maxBodyBytes: z.int(),
});
export type ProxyParameters = z.infer<typeof proxyParametersSchema>;

/** PUT /v1/bodies/:sha256 (application/octet-stream): 201 created, 200 already there. */
export const storedBodySchema = z.object({ sha256: hexSchema(32), sizeBytes: z.int(), created: z.boolean() });

/**
 * POST /v1/grants: the re-encryption keys of one accepted claim, sealed to the proxy's key.
 * The sealed plaintext is canonical {claimId, keys: [{part, reKey}]}; the associated data binds the claim and the sender.
 */
export const grantRequestSchema = z.strictObject({ claimId: claimIdSchema, sealed: canonicalSchema });
export const grantSchema = z.object({
  claimId: claimIdSchema,
  status: z.enum(['received', 'delivered', 'refused', 'revoked']),
  reason: z.string().nullable(),
  deliveryTransactionId: transactionIdSchema.nullable(),
  updatedAtMs: timeMsSchema,
});
export type Grant = z.infer<typeof grantSchema>;
