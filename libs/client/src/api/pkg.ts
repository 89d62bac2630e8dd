/** HTTP API of the PKG: public parameters, enrolment, pseudonyms, accredited issuers. Phases 1 and 3 of the scheme. */
import { z } from 'zod';
import { base64UrlSchema, hexSchema, timeMsSchema } from '@medveil/encoding';
import { canonicalSchema } from './common.js';

export const roleSchema = z.enum(['patient', 'hospital', 'institution', 'proxy', 'auditor', 'treasury', 'replica', 'service']);
export type Role = z.infer<typeof roleSchema>;

/** GET /v1/parameters: everything public that an agent pins at its first start. */
export const parametersSchema = z.object({
  chainId: z.string(),
  genesisHash: hexSchema(32),
  caCertificate: base64UrlSchema(8_192),
  pkgPublicKey: base64UrlSchema(32),
  opening: z.object({
    auditorThreshold: z.int(),
    auditors: z.array(z.object({ id: z.string(), hpkePublicKey: base64UrlSchema(32) })),
    replicaThreshold: z.int(),
    replicas: z.array(z.object({ id: z.string(), hpkePublicKey: base64UrlSchema(32) })),
  }),
  tCertEpochMs: z.int(),
  maxTCertsPerBatch: z.int(),
});
export type Parameters = z.infer<typeof parametersSchema>;

/** POST /v1/enrolment-tokens (operator, or a hospital for role `patient`). */
export const enrolmentTokenRequestSchema = z.strictObject({ role: roleSchema, enrolmentId: z.string().max(63) });
export const enrolmentTokenSchema = z.object({ token: base64UrlSchema(32), enrolmentId: z.string(), role: roleSchema, expiresAtMs: timeMsSchema });
export type EnrolmentToken = z.infer<typeof enrolmentTokenSchema>;

/**
 * POST /v1/enrolments: the canonical enrolment request of libs/identity (it proves possession of the key) with its one-time token.
 * `member` (institutions): the canonical Member of libs/agreements that the consortium will be asked to pin on the ledger.
 */
export const enrolmentRequestSchema = z.strictObject({
  token: base64UrlSchema(32),
  request: canonicalSchema,
  member: canonicalSchema.optional(),
});
export type EnrolmentRequest = z.infer<typeof enrolmentRequestSchema>;

export const enrolmentSchema = z.object({
  enrolmentId: z.string(),
  role: roleSchema,
  /** X.509, DER */
  certificate: base64UrlSchema(8_192),
  notAfterMs: timeMsSchema,
});
export type Enrolment = z.infer<typeof enrolmentSchema>;

/** POST /v1/t-certs: a batch request of libs/identity, canonical bytes signed by the E-Cert's key. */
export const tCertBatchRequestSchema = z.strictObject({ request: canonicalSchema, certificate: base64UrlSchema(8_192) });
export const tCertBatchSchema = z.object({
  /** `openingSeed` lets the holder re-derive the opening ciphertext and so check what the T-Cert carries. */
  certificates: z.array(z.object({ certificate: canonicalSchema, opening: canonicalSchema, openingSeed: base64UrlSchema(32) })),
});
export type TCertBatch = z.infer<typeof tCertBatchSchema>;

/** POST /v1/issuers: accredit the attestation key of a hospital, or of a self-attesting patient (then bound to the subject). */
export const issuerRequestSchema = z.strictObject({
  request: canonicalSchema,
  certificate: base64UrlSchema(8_192),
});
/** GET /v1/issuers: all leaves, so that an agent computes its path without asking for itself. `accredited` has those with s = 0 alone. */
export const issuersSchema = z.object({
  roots: z.object({ accredited: hexSchema(32), withSelfAttesters: hexSchema(32) }),
  leaves: z.array(z.object({ ax: hexSchema(32), ay: hexSchema(32), s: hexSchema(32) })),
});
export type Issuers = z.infer<typeof issuersSchema>;

/** POST /v1/revocations (operator). */
export const revocationRequestSchema = z.strictObject({ enrolmentId: z.string().max(200), reason: z.string().min(1).max(500) });
