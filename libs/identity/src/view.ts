import { bytesSchema, encodeCanonical, type Id, idSchema, type RandomBytes, utf8 } from '@medveil/encoding';
import { z } from 'zod';
import { decodeAs } from './decode.js';
import { guarded } from './errors.js';
import { openBytes, sealBytes } from './vault-wrapping.js';

/**
 * Which accounts on the ledger are one person's, sealed under the view key that follows from their seed. With view key and
 * view everything that touched their records is found on the ledger, and nothing can be signed: what links pseudonyms stays
 * with the holder, and a copy of the view tells nobody else anything but its length.
 */
export interface View {
  readonly chainId: string;
  readonly accounts: readonly Id<'acc'>[];
}

const VIEW_AAD = utf8('medveil/view/1');
const MAX_ACCOUNTS = 100_000;
const MAX_VIEW_BYTES = 16 * 1024 * 1024;
const viewSchema = z.strictObject({ chainId: z.string().min(1).max(64), accounts: z.array(idSchema('acc')).max(MAX_ACCOUNTS) });
const sealedSchema = z.strictObject({ version: z.literal(1), sealed: bytesSchema({ max: MAX_VIEW_BYTES }) });

/** @param viewKey 32 bytes, of `derivePatientKeys` */
export function sealView(viewKey: Uint8Array, { chainId, accounts }: View, random: RandomBytes): Uint8Array {
  const plain = encodeCanonical({ chainId, accounts: [...accounts] });
  return encodeCanonical({ version: 1, sealed: sealBytes(viewKey, VIEW_AAD, plain, random) });
}

/** @throws IdentityError `identity/cannot-open` for another key or altered bytes */
export function openView(viewKey: Uint8Array, bytes: Uint8Array): View {
  const { sealed } = decodeAs(bytes, sealedSchema, MAX_VIEW_BYTES, 'identity/cannot-open', 'view');
  const plain = guarded('identity/cannot-open', 'the key does not open this view', () => openBytes(viewKey, VIEW_AAD, sealed));
  return decodeAs(plain, viewSchema, MAX_VIEW_BYTES, 'identity/cannot-open', 'view');
}
