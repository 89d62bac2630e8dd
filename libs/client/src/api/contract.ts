/** HTTP API of the contract's front: submit transactions, read certified blocks, proofs and the read model. */
import { z } from 'zod';
import { amountSchema, base64UrlSchema, hexSchema, timeMsSchema } from '@medveil/encoding';
import { accountIdSchema, canonicalSchema, claimIdSchema, pageSchema, requirementIdSchema, transactionIdSchema } from './common.js';

/** GET /v1/genesis: the canonical genesis document; an agent compares its hash with the one it was given. */
export const genesisSchema = z.object({ genesis: canonicalSchema, genesisHash: hexSchema(32) });

/** POST /v1/transactions: a signed transaction of libs/agreements. 202: handed to the replicas. */
export const submitTransactionSchema = z.strictObject({ transaction: canonicalSchema });
export const submittedSchema = z.object({ transactionId: transactionIdSchema });

/**
 * GET /v1/transactions/:id?waitMs=: where a transaction stands. `receiptProof` is there once the block after it is
 * certified, since the root of a block's receipts stands in the next block.
 */
export const transactionStatusSchema = z.object({
  transactionId: transactionIdSchema,
  status: z.enum(['unknown', 'pending', 'committed']),
  height: z.int().nullable(),
  transaction: canonicalSchema.nullable(),
  receiptProof: canonicalSchema.nullable(),
});
export type TransactionStatus = z.infer<typeof transactionStatusSchema>;

/** GET /v1/blocks?from=&limit=&reach=&waitMs=: certified blocks, oldest first, once the chain has reached height `reach` or the wait is over. */
export const blocksQuerySchema = z.strictObject({
  from: z.coerce.number().int().min(1),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  reach: z.coerce.number().int().min(0).default(0),
  waitMs: z.coerce.number().int().min(0).max(30_000).default(0),
});
export const certifiedBlockSchema = z.object({
  height: z.int(),
  /** canonical block (libs/ledger) */
  block: base64UrlSchema(16 << 20),
  /** canonical commit certificate (libs/pbft) */
  certificate: canonicalSchema,
  /** canonical list of the encoded receipts; its root stands in the next header */
  receipts: base64UrlSchema(16 << 20),
});
export const certifiedBlocksSchema = z.object({ items: z.array(certifiedBlockSchema).max(100), height: z.int() });
export type CertifiedBlocks = z.infer<typeof certifiedBlocksSchema>;

/**
 * GET /v1/replica-set-changes?after=: headers that name another replica set, with the set (libs/ledger ReplicaSetChange,
 * canonical), oldest first: what a light client must have followed before it can check a header of a later set.
 */
export const replicaSetChangesQuerySchema = z.strictObject({ after: z.coerce.number().int().min(0).default(0) });
export const replicaSetChangesSchema = z.object({ items: z.array(canonicalSchema).max(100) });

/** GET /v1/state?key=: a state entry or its absence, with its proof (libs/ledger StateProof, canonical). */
export const stateQuerySchema = z.strictObject({ key: z.string().min(1).max(500) });
export const stateProofSchema = z.object({ proof: canonicalSchema });

/** GET /v1/requirements: the read model. What it says is derived from the ledger and can be checked there. */
export const requirementSchema = z.object({
  requirementId: requirementIdSchema,
  institution: accountIdSchema,
  keywords: z.array(z.string()),
  policyHash: hexSchema(32),
  parts: z.array(z.string()),
  /** terms as signed: libs/agreements */
  format: z.object({ profile: z.string().nullable(), resourceTypes: z.array(z.string()) }),
  licence: z.object({
    kind: z.enum(['exclusive', 'non-exclusive']),
    purposes: z.array(z.string()),
    purposeNote: z.string(),
    untilMs: timeMsSchema,
    noOnwardSharing: z.boolean(),
    territory: z.array(z.string()),
    deleteByMs: timeMsSchema.nullable(),
  }),
  reward: amountSchema,
  quantity: z.int(),
  taken: z.int(),
  settled: z.int(),
  expiresAtMs: timeMsSchema,
  status: z.enum(['open', 'closed', 'expired']),
  /** the circuit instance whose verification key the ledger pins */
  circuit: z.string(),
  acceptsSelfAttested: z.boolean(),
});
export type Requirement = z.infer<typeof requirementSchema>;
export const requirementsPageSchema = pageSchema(requirementSchema);

/** PUT /v1/policies/:requirementId: the full policy behind h′, kept by the contract for every agent. Refused unless it hashes to h′. */
export const putPolicySchema = z.strictObject({ policy: canonicalSchema });
/** GET /v1/policies: all open policies at once; asking for one would tell what one suffers from. */
export const policiesSchema = z.object({
  items: z.array(z.object({ requirementId: requirementIdSchema, policy: canonicalSchema })),
});
export type Policies = z.infer<typeof policiesSchema>;

/**
 * PUT /v1/evidence/:claimId: what a dispute rests on, sealed to the auditors (libs/delivery, SealedEvidence, canonical). Refused unless
 * it hashes to what the dispute names. GET (scope `evidence:read`): the same, for the auditors.
 */
export const evidenceSchema = z.strictObject({ evidence: base64UrlSchema(256 * 1024) });

export const claimSchema = z.object({
  claimId: claimIdSchema,
  requirementId: requirementIdSchema,
  record: hexSchema(32),
  patient: accountIdSchema,
  status: z.enum(['accepted', 'delivered', 'disputed', 'settled', 'lapsed', 'withdrawn', 'refunded']),
  acceptedAtMs: timeMsSchema,
});
export type Claim = z.infer<typeof claimSchema>;
export const claimsPageSchema = pageSchema(claimSchema);

export const accountSchema = z.object({ account: accountIdSchema, balance: amountSchema, nonce: z.int() });

/** GET /v1/totals: the conservation of credits, as every replica checks it. */
export const totalsSchema = z.object({
  minted: amountSchema,
  redeemed: amountSchema,
  balances: amountSchema,
  held: amountSchema,
  /** asked for, or out */
  vouchers: amountSchema,
  conserved: z.boolean(),
});

/** POST /v1/treasury/deposits (scope `treasury:mint`): credits an account against a deposit made outside. */
export const depositRequestSchema = z.strictObject({ account: accountIdSchema, amount: amountSchema.min(1), reference: z.string().min(1).max(200) });
/** `status`: waiting, recorded, or the code of the ledger's refusal. GET /v1/treasury/deposits/:reference */
export const depositSchema = z.object({ reference: z.string(), status: z.string() });

/** GET /v1/circuits: instances with their pinned verification keys. */
export const circuitsSchema = z.object({
  items: z.array(z.object({ instance: z.string(), verificationKeyHash: hexSchema(32), verificationKey: z.string(), development: z.boolean() })),
});
