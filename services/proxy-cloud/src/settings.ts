import { vaultSettings } from '@medveil/host';
import { commonSettings } from '@medveil/service-kit';
import { z } from 'zod';

export const proxyCloudSettings = z.strictObject({
  ...commonSettings,
  networkFile: z.string().min(1),
  /** holds `account-key` (the proxy's ledger account), `hpke-seed`, `message-key` and `token-key` */
  vault: vaultSettings,
  /** Ed25519 key whose tokens this service takes, base64url */
  operatorPublicKey: z.string().min(1),
  contractUrl: z.url(),
  /** of one ciphertext body */
  maxBodyBytes: z.int().min(1024).max(1_099_511_627_776).default(1_073_741_824),
  /** of all bodies that one account has brought */
  maxAccountBytes: z.int().min(1024).max(1_099_511_627_776).default(17_179_869_184),
  /** re-encryptions at once */
  concurrency: z.int().min(1).max(64).default(2),
});
export type ProxyCloudSettings = z.output<typeof proxyCloudSettings>;
