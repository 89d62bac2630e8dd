import { type RandomBytes, bytesSchema, encodeCanonical, utf8 } from '@medveil/encoding';
import { z } from 'zod';
import { decodeAs } from './decode.js';
import { type HpkeContext, type HpkeKeyPair, hpkeOpen, hpkeSeal } from './hpke.js';
import type { OpenedShare } from './opening.js';
import { COMMITTEE_NAMES, MAX_COMMITTEE_MEMBERS, SHARE_BYTES } from './opening-format.js';

/**
 * The way of an opened share from its holder to the auditor who combines: sealed, and bound to the ordered opening
 * request that it answers. It needs no signature: `combineShares` checks it against the opening's commitment.
 */
const openedShareSchema = z.strictObject({
  committee: z.enum(COMMITTEE_NAMES),
  index: z.int().min(0).max(MAX_COMMITTEE_MEMBERS - 1),
  share: bytesSchema({ length: SHARE_BYTES }),
});

/** @param requestId the ordered opening request's identifier on the ledger */
export const sealOpenedShare = (
  { committee, index, share }: OpenedShare,
  recipientPublicKey: Uint8Array,
  requestId: string,
  random: RandomBytes,
): Promise<Uint8Array> => hpkeSeal(recipientPublicKey, contextOf(requestId), encodeCanonical({ committee, index, share }), random);

/** @throws IdentityError `identity/cannot-open`, `identity/bad-share` */
export async function unsealOpenedShare(sealed: Uint8Array, recipient: HpkeKeyPair, requestId: string): Promise<OpenedShare> {
  const plaintext = await hpkeOpen(recipient, contextOf(requestId), sealed);
  return decodeAs(plaintext, openedShareSchema, 256, 'identity/bad-share', 'opened share');
}

const contextOf = (requestId: string): HpkeContext => ({ info: utf8('medveil/opened-share/1'), aad: utf8(requestId) });
