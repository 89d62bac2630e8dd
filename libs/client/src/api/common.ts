import { z } from 'zod';
import { base64UrlSchema, idSchema, timeMsSchema } from '@medveil/encoding';

/** RFC 9457, with the stable `code` of the error that was thrown. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** Canonical CBOR of at most 1 MiB, as base64url. */
export const canonicalSchema = base64UrlSchema(1 << 20);

export const accountIdSchema = idSchema('acc');
export const requirementIdSchema = idSchema('req');
export const claimIdSchema = idSchema('clm');
export const transactionIdSchema = idSchema('txn');
export const patientIdSchema = idSchema('pat');
export const institutionIdSchema = idSchema('ins');
export const exchangeIdSchema = idSchema('exc');

/** Query of every list: `cursor` is the opaque value of the page before. */
export const pageQuerySchema = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export interface PageQuery {
  readonly cursor?: string;
  readonly limit?: number;
}

export const pageSchema = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** OAuth 2.0 client credentials with a signed assertion (RFC 7523; SMART Backend Services). */
export const tokenRequestSchema = z.strictObject({
  grant_type: z.literal('client_credentials'),
  client_assertion_type: z.literal('urn:ietf:params:oauth:client-assertion-type:jwt-bearer'),
  client_assertion: z.string().max(16_384),
  scope: z.string().max(1_000).optional(),
});
export type TokenRequest = z.infer<typeof tokenRequestSchema>;

export const tokenResponseSchema = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
  scope: z.string(),
});
export type TokenResponse = z.infer<typeof tokenResponseSchema>;

export { timeMsSchema };
