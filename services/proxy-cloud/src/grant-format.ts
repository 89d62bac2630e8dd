import { PART_TYPES } from '@medveil/eligibility';
import { bytesSchema, type CborValue, CodedError, decodeCanonical, encodeCanonical, type Id, idSchema, utf8 } from '@medveil/encoding';
import { type HpkeContext, type HpkeKeyPair, hpkeOpen } from '@medveil/identity';
import { z } from 'zod';

const grantSchema = z.strictObject({
  claimId: idSchema('clm'),
  keys: z.array(z.strictObject({ part: z.enum(PART_TYPES), reKey: bytesSchema({ max: 256 }) })).min(1).max(PART_TYPES.length),
});
export type GrantedKeys = z.infer<typeof grantSchema>['keys'];

/** What a sealed grant is bound to: nobody can present it as another account's or for another claim. */
export const grantContext = (claimId: Id<'clm'>, account: Id<'acc'>): HpkeContext => ({
  info: utf8('medveil/grant/1'),
  aad: encodeCanonical({ claimId, account }),
});

/** @throws CodedError `proxy/bad-grant`, IdentityError `identity/cannot-open` */
export async function openGrant(key: HpkeKeyPair, claimId: Id<'clm'>, account: Id<'acc'>, sealed: Uint8Array): Promise<GrantedKeys> {
  const value: CborValue = decodeCanonical(await hpkeOpen(key, grantContext(claimId, account), sealed));
  const parsed = grantSchema.safeParse(value);
  if (!parsed.success || parsed.data.claimId !== claimId) throw new CodedError('proxy/bad-grant', 'the sealed grant does not have its form');
  return parsed.data.keys;
}
