import { z } from 'zod';
import { toHex } from './bytes.js';

/** Prefixes say what an identifier names; the rest is lower-case hexadecimal. */
export const ID_PREFIXES = {
  account: 'acc',
  claim: 'clm',
  consentRule: 'cns',
  exchange: 'exc',
  institution: 'ins',
  job: 'job',
  message: 'msg',
  opening: 'opn',
  patient: 'pat',
  payout: 'pay',
  proposal: 'prp',
  record: 'rec',
  requirement: 'req',
  transaction: 'txn',
  webhook: 'whk',
  voucherRequest: 'vrq',
} as const;

export type IdPrefix = (typeof ID_PREFIXES)[keyof typeof ID_PREFIXES];
export type Id<P extends IdPrefix = IdPrefix> = `${P}_${string}`;

/** @param bytes 16 to 32 bytes: random, or a digest where the identifier must be derived */
export const makeId = <P extends IdPrefix>(prefix: P, bytes: Uint8Array): Id<P> => `${prefix}_${toHex(bytes)}`;

export const idSchema = <P extends IdPrefix>(prefix: P) =>
  z.templateLiteral([z.literal(prefix), '_', z.string().regex(/^[0-9a-f]{32,64}$/)]) as unknown as z.ZodType<Id<P>, Id<P>>;
