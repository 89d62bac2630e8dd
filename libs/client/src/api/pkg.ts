/** HTTP API of the PKG: public parameters, enrolment, pseudonyms, accredited issuers. Phases 1 and 3 of the scheme. */
import { z } from 'zod';
import { base64UrlSchema, hexSchema, timeMsSchema } from '@medveil/encoding';
import { enrolmentIdSchema, roleSchema } from '@medveil/identity';
import { canonicalSchema } from './common.js';

/** X.509, DER. */
const certificateSchema = base64UrlSchema(8_192);
const holdersSchema = z.array(z.object({ id: z.string(), hpkePublicKey: base64UrlSchema(32) }));

/** GET /v1/parameters: everything public that an agent pins at its first start. */
export const parametersSchema = z.object({
  chainId: z.string(),
  genesisHash: hexSchema(32),
  caCertificate: certificateSchema,
  /** Signs T-Certs and the revocation list. */
  pkgPublicKey: base64UrlSchema(32),
  opening: z.object({
    auditorThreshold: z.int(),
    auditors: holdersSchema,
    replicaThreshold: z.int(),
    replicas: holdersSchema,
  }),
  tCertEpochMs: z.int(),
  tCertLifetimeEpochs: z.int(),
  maxTCertsPerBatch: z.int(),
  /** For one enrolment: beginning in the same epoch. */
  maxTCertsPerEpoch: z.int(),
});
export type Parameters = z.infer<typeof parametersSchema>;

/** POST /v1/enrolment-tokens (operator for every role; a hospital, with its E-Cert's access token, for role `patient`). */
export const enrolmentTokenRequestSchema = z.strictObject({ role: roleSchema, enrolmentId: enrolmentIdSchema });
export const enrolmentTokenSchema = z.object({ token: base64UrlSchema(32), enrolmentId: z.string(), role: roleSchema, expiresAtMs: timeMsSchema });
export type EnrolmentToken = z.infer<typeof enrolmentTokenSchema>;

/**
 * POST /v1/enrolment-tokens/identity-providers (no access token: the ID token of a configured OpenID provider is the credential): a one-time
 * token for the person whom it names and the key that its `nonce` names (`enrolmentKeyNonce` of libs/identity), and for no other.
 */
export const recognitionRequestSchema = z.strictObject({
  provider: z.string().min(1).max(24),
  idToken: z.string().min(1).max(16_384),
  publicKey: base64UrlSchema(32),
});
export type RecognitionRequest = z.infer<typeof recognitionRequestSchema>;

/**
 * POST /v1/enrolments (no access token: the one-time token is the credential): the canonical enrolment request of
 * libs/identity, which proves possession of the key, with that token. The same request sent again has the same answer.
 * `member` (institutions, and only they): the canonical Member of libs/agreements that the consortium will be asked to pin
 * on the ledger; its account key is the enrolment key, its seal key the enrolment's HPKE key.
 */
export const enrolmentRequestSchema = z.strictObject({
  token: base64UrlSchema(32),
  request: canonicalSchema,
  member: canonicalSchema.optional(),
});
export type EnrolmentRequest = z.infer<typeof enrolmentRequestSchema>;

/** POST /v1/enrolments/renewals: an enrolment request with authority `renewal`, with the E-Cert that it renews. */
export const renewalRequestSchema = z.strictObject({ request: canonicalSchema, certificate: certificateSchema });
export type RenewalRequest = z.infer<typeof renewalRequestSchema>;

export const enrolmentSchema = z.object({
  enrolmentId: z.string(),
  role: roleSchema,
  certificate: certificateSchema,
  notAfterMs: timeMsSchema,
});
export type Enrolment = z.infer<typeof enrolmentSchema>;

/** POST /v1/t-certs: a batch request of libs/identity, canonical bytes signed by the E-Cert's key. The same request has the same answer. */
export const tCertBatchRequestSchema = z.strictObject({ request: canonicalSchema, certificate: certificateSchema });
export type TCertBatchRequest = z.infer<typeof tCertBatchRequestSchema>;
export const tCertBatchSchema = z.object({
  /**
   * In the order of the request. `witness` is the canonical opening witness of libs/identity: with it the holder checks
   * what the certificate's opening carries (`acceptTCert`).
   */
  certificates: z.array(z.object({ certificate: canonicalSchema, witness: canonicalSchema })),
});
export type TCertBatch = z.infer<typeof tCertBatchSchema>;

/**
 * POST /v1/issuers: accredit the attestation key of a hospital, or of a self-attesting patient (then bound to the subject):
 * `createIssuerRequest` of libs/identity. The same key sent again has the same place.
 */
export const issuerRequestSchema = z.strictObject({ request: canonicalSchema, certificate: certificateSchema });
export type IssuerRequest = z.infer<typeof issuerRequestSchema>;
export const accreditationSchema = z.object({
  place: z.int().min(0),
  /** Whether the ledger has a root with this leaf; if not yet, ask again (the same request), or watch GET /v1/issuers. */
  onLedger: z.boolean(),
});
export type Accreditation = z.infer<typeof accreditationSchema>;

/**
 * GET /v1/issuers: all leaves in the order of their places, so that an agent computes its path without asking for itself;
 * null where an issuer was removed (32 zero bytes in the tree). `root` is that of exactly these leaves, self-attesters
 * included: the circuit tells them apart by s and the policy says whether they count, so one root serves all.
 * Whether the ledger accepts it is for the ledger to say; `onLedger` is what the PKG last saw.
 */
export const issuersSchema = z.object({
  root: hexSchema(32),
  onLedger: z.boolean(),
  leaves: z.array(z.object({ ax: hexSchema(32), ay: hexSchema(32), s: hexSchema(32) }).nullable()),
});
export type Issuers = z.infer<typeof issuersSchema>;

/** POST /v1/revocations (operator): for good; certificates, pseudonyms still valid, and accredited keys of the enrolment. */
export const revocationRequestSchema = z.strictObject({ enrolmentId: enrolmentIdSchema, reason: z.string().min(1).max(500) });
export const revocationSchema = z.object({
  enrolmentId: z.string(),
  revokedAtMs: timeMsSchema,
  /** Whether the ledger refuses the enrolment's pseudonyms already. */
  onLedger: z.boolean(),
});
export type Revocation = z.infer<typeof revocationSchema>;

/** GET /v1/revocations: the revocation list of libs/identity, signed by the PKG. */
export const revocationListSchema = z.object({ sequence: z.int().min(0), list: base64UrlSchema(4_200_000) });
export type RevocationList = z.infer<typeof revocationListSchema>;
