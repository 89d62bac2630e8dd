/** HTTP API of earnings in the patient's agent: blind vouchers and payouts (docs/vouchers.md). */
import { amountSchema, hexSchema, idSchema, timeMsSchema } from '@medveil/encoding';
import { z } from 'zod';
import { accountIdSchema, pageSchema, patientIdSchema } from './common.js';

export const payoutIdSchema = idSchema('pay');

/** `returned`: the treasury did not answer in time, the credits went back and are asked for again. */
export const voucherStatusSchema = z.enum(['asked', 'signed', 'made', 'spent', 'returned']);
export type VoucherStatus = z.infer<typeof voucherStatusSchema>;

/** GET /v1/patients/:id/funds: what was paid, and what has become of it. */
export const fundsSchema = z.object({
  patientId: patientIdSchema,
  /** vouchers that a payout can be made of now */
  available: amountSchema,
  /** pseudonyms that were paid */
  purses: z.array(z.object({
    account: accountIdSchema,
    /** credits of the account that are no vouchers */
    balance: amountSchema,
    /** `waiting` until `dueAtMs`, `asked`: the treasury was, `done`, or `stopped` with a code */
    state: z.enum(['waiting', 'asked', 'done', 'stopped']),
    dueAtMs: timeMsSchema,
    code: z.string().nullable(),
    nextStep: z.string().nullable(),
  })),
  vouchers: z.array(z.object({
    denomination: amountSchema,
    /** asked for, and not there yet */
    asked: z.int(),
    /** to be spent */
    available: z.int(),
    /** set aside for payouts under way */
    reserved: z.int(),
    spent: z.int(),
  })),
});
export type Funds = z.infer<typeof fundsSchema>;

/**
 * POST /v1/patients/:id/payouts: vouchers are spent and their credits redeemed under a pseudonym that nothing else is done with.
 * A reference is used once: the same request again is the same payout. 409 `patient-api/amount-not-payable` where the vouchers held do
 * not add up to the amount.
 */
export const startPayoutSchema = z.strictObject({
  /** default: everything available */
  amount: amountSchema.min(1).optional(),
  /** hash of the pay-out instructions that the treasury is given: it will stand on the ledger */
  reference: hexSchema(32),
});
export const payoutStatusSchema = z.enum(['waiting', 'spending', 'redeeming', 'redeemed', 'failed']);
export type PayoutStatus = z.infer<typeof payoutStatusSchema>;
export const payoutSchema = z.object({
  payoutId: payoutIdSchema,
  patientId: patientIdSchema,
  amount: amountSchema,
  reference: hexSchema(32),
  status: payoutStatusSchema,
  /** where it is `failed`: the code of the refusal */
  code: z.string().nullable(),
  nextStep: z.string().nullable(),
  /** the pseudonym that is paid out, once it was drawn: what the treasury finds on the ledger */
  account: accountIdSchema.nullable(),
  vouchers: z.int(),
  /** nothing is spent before */
  dueAtMs: timeMsSchema,
  createdAtMs: timeMsSchema,
  updatedAtMs: timeMsSchema,
});
export type Payout = z.infer<typeof payoutSchema>;
export const payoutsPageSchema = pageSchema(payoutSchema);
