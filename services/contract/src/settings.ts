import { vaultSettings } from '@medveil/host';
import { commonSettings } from '@medveil/service-kit';
import { z } from 'zod';

export const contractSettings = z.strictObject({
  ...commonSettings,
  /** the follower's copy of the ledger */
  dataFolder: z.string().min(1),
  networkFile: z.string().min(1),
  /** holds `message-key`, `token-key` and, where this member keeps the treasury, `treasury-key` and voucher keys */
  vault: vaultSettings,
  /** Ed25519 key whose tokens this service takes, base64url */
  operatorPublicKey: z.string().min(1),
  /** consensus nodes from which missing blocks are fetched */
  nodeUrls: z.array(z.url()).min(1),
  /** how long without news until a node is asked for blocks */
  gapPollMs: z.int().min(50).max(60_000).default(500),
  /** transactions handed in and not yet in a block: about as many as a replica's pool holds (its `maxPoolTransactions`); of more, authors are told `contract/busy` */
  maxPendingTransactions: z.int().min(1).max(1_000_000).default(5_000),
});
export type ContractSettings = z.output<typeof contractSettings>;
