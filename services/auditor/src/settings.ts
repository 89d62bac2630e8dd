import { vaultSettings } from '@medveil/host';
import { commonSettings } from '@medveil/service-kit';
import { z } from 'zod';

export const auditorSettings = z.strictObject({
  ...commonSettings,
  /** this auditor's enrolment id; its E-Cert stands in the network's description, its account is pinned on the ledger */
  auditor: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/),
  networkFile: z.string().min(1),
  /** holds `account-key` and `hpke-seed` */
  vault: vaultSettings,
  /** Ed25519 key whose tokens this service takes, base64url */
  operatorPublicKey: z.string().min(1),
  contractUrl: z.url(),
  proxyUrl: z.url(),
  /** fronts of other members, where evidence is looked for as well: one that drops it cannot make an institution lose */
  evidenceUrls: z.array(z.url()).max(16).default([]),
  /** vote as found without a human's word */
  rulesAutomatically: z.boolean().default(false),
  /** how much of the time for a ruling is given to evidence and bodies that do not come, before they count as withheld or not to be had */
  patience: z.number().min(0).max(0.9).default(0.25),
  /** first and longest wait before they are asked for again; doubling */
  retryMs: z.int().min(10).max(3_600_000).default(5_000),
  retryMaxMs: z.int().min(10).max(86_400_000).default(3_600_000),
  /** largest encrypted body that is fetched: of a larger one this auditor says nothing */
  maxBodyBytes: z.int().min(1_024).max(1_024 * 1024 * 1024).default(128 * 1024 * 1024),
});
export type AuditorSettings = z.output<typeof auditorSettings>;
