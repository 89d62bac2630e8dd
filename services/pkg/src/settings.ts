import { vaultSettings } from '@medveil/host';
import { MAX_T_CERT_BATCH } from '@medveil/identity';
import { commonSettings } from '@medveil/service-kit';
import { z } from 'zod';
import { identityProvidersSchema } from './identity-providers.js';

const DAY_MS = 86_400_000;

export const pkgSettings = z.strictObject({
  ...commonSettings,
  /** the public description of the network (made at setup) */
  networkFile: z.string().min(1),
  /** holds `ca-key`, `t-cert-key`, `account-key`, `message-key` and `token-key`: seeds of 32 bytes */
  vault: vaultSettings,
  /** Ed25519 key whose tokens this service takes for operators' requests, base64url */
  operatorPublicKey: z.string().min(1),
  /** the contract service, by which the ledger is read and written; its answers are verified */
  contractUrl: z.url(),
  enrolmentTokenLifetimeMs: z.int().min(1_000).max(90 * DAY_MS).default(7 * DAY_MS),
  eCertLifetimeMs: z.int().min(60_000).max(1_095 * DAY_MS).default(365 * DAY_MS),
  /** how long the consortium may vote on pinning an institution */
  memberVoteMs: z.int().min(60_000).max(180 * DAY_MS).default(30 * DAY_MS),
  /** OpenID providers by which people enrol themselves; none: by one-time tokens only */
  identityProviders: identityProvidersSchema.default([]),
  maxTCertsPerBatch: z.int().min(1).max(MAX_T_CERT_BATCH).default(64),
  /** for one enrolment, beginning in one epoch */
  maxTCertsPerEpoch: z.int().min(1).max(100_000).default(1_024),
});
export type PkgSettings = z.output<typeof pkgSettings>;
