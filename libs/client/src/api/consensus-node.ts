/** HTTP API of a consensus node: status, the ledger's explorer, the operator's vote. */
import { z } from 'zod';
import { base64UrlSchema, hexSchema, timeMsSchema } from '@medveil/encoding';
import { canonicalSchema, transactionIdSchema } from './common.js';

/** GET /v1/status */
export const nodeStatusSchema = z.object({
  replica: z.string(),
  chainId: z.string(),
  view: z.int(),
  primary: z.string(),
  /** first height of the replica set in force */
  epoch: z.int(),
  /** false: this node follows, and serves blocks, but has no seat in that set (yet, or any more) */
  isMember: z.boolean(),
  height: z.int(),
  headHash: hexSchema(32),
  /** root of the state after the head block */
  stateRoot: hexSchema(32),
  headTimeMs: timeMsSchema,
  pendingTransactions: z.int(),
  evidence: z.int(),
  /** it lost its log and follows without a vote until it is safe to vote again */
  recovering: z.boolean(),
  creditsConserved: z.boolean(),
});
export type NodeStatus = z.infer<typeof nodeStatusSchema>;

/**
 * POST /v1/transactions (scope `transactions:submit`): signed transactions of libs/agreements, an account's in the order of their nonces.
 * 202: this node has passed on to the other replicas what it admitted.
 */
export const submitTransactionsSchema = z.strictObject({ transactions: z.array(canonicalSchema).min(1).max(512) });
/**
 * In the same order; `refused` is null, or the code of why the node does not hold the transaction. It may be sent again after
 * `consensus-node/busy` (the node has not looked at it, too many others wait for that) and `consensus-node/pool-full` (too many wait to be ordered).
 */
export const submittedTransactionsSchema = z.object({ items: z.array(z.object({ transactionId: transactionIdSchema, refused: z.string().nullable() })) });
export type SubmittedTransactions = z.infer<typeof submittedTransactionsSchema>;

/**
 * GET /v1/replicas: the set that certifies the next block, in the protocol's order, and the one named for after it where that differs.
 * A light client does not believe this answer but the proof of `ledger/replica-set` (GET /v1/state).
 */
export const replicasSchema = z.object({
  view: z.int(),
  primary: z.string(),
  certifiers: z.array(z.object({ id: z.string(), publicKey: base64UrlSchema(32) })),
  next: z.array(z.object({ id: z.string(), publicKey: base64UrlSchema(32) })),
});
export type Replicas = z.infer<typeof replicasSchema>;

/** POST /v1/votes (scope `consensus:vote`): this member's vote for a proposal, given as canonical bytes. */
export const voteRequestSchema = z.strictObject({ proposal: canonicalSchema });
/** GET /v1/snapshot: what a transfer of the state starts from (libs/ledger, `SnapshotManifest`); null: this node has none yet. */
export const snapshotSchema = z.object({ manifest: base64UrlSchema(32 << 20).nullable() });
/** GET /v1/snapshot/chunks: the part of the state after `height` that begins at a key hash. */
export const chunkQuerySchema = z.strictObject({ height: z.coerce.number().int().min(1), from: hexSchema(32) });
export const chunkSchema = z.object({ chunk: base64UrlSchema(4 << 20) });

/** POST /v1/replica-key/rotation (scope `consensus:vote`): the proposal that replaces this replica's key, for the others' votes. */
export const rotationSchema = z.object({ proposalId: z.string(), proposal: canonicalSchema });

/** GET /v1/proposals: what waits for this member's vote. */
export const proposalsSchema = z.object({
  items: z.array(z.object({ proposalId: z.string(), proposal: canonicalSchema, summary: z.string(), voted: z.boolean() })),
});

/**
 * POST /v1/openings/:id/share (scope `openings:answer`): this replica's share of a pseudonym, for a request that the ledger has ordered and
 * the auditors have approved. `certificate`: the pseudonym's T-Cert. `sealed`: for the auditor who asked (libs/identity, opened share).
 */
export const shareRequestSchema = z.strictObject({ certificate: canonicalSchema });
export const sealedShareSchema = z.object({ sealed: canonicalSchema });
