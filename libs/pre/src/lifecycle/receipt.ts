/**
 * The receipt of a revocation: the proxy's signed statement that it has destroyed the re-encryption keys of a grant.
 * That it has done so cannot be proved (docs/scheme.md, section 5); the receipt makes it answerable for the statement.
 */
import { type CborValue, decodeCanonical, digest, encodeCanonical } from '@medveil/encoding';
import { PreError } from '../errors.js';

export interface RevocationReceipt {
  /** 32 bytes: `grantDigest` of what was revoked. */
  readonly grant: Uint8Array;
  /** 32 bytes: the proxy's account key, with which the receipt is signed. */
  readonly proxy: Uint8Array;
  /** UTC ms */
  readonly revokedAtMs: number;
}

const FORMAT = 'medveil/revocation-receipt/1';
const STATEMENT = 'the re-encryption keys of this grant have been destroyed';
const SIGNATURE_BYTES = 64;

const fields = ({ grant, proxy, revokedAtMs }: RevocationReceipt): CborValue[] => [FORMAT, STATEMENT, grant, proxy, revokedAtMs];
const signedBytes = (receipt: RevocationReceipt): Uint8Array => digest(FORMAT, fields(receipt));

/**
 * @param sign the proxy's Ed25519 signature over 32 bytes, 64 bytes long
 * @returns canonical DAG-CBOR
 * @throws PreError `pre/bad-receipt`
 */
export function makeReceipt(receipt: RevocationReceipt, sign: (message: Uint8Array) => Uint8Array): Uint8Array {
  checkForm(receipt);
  const signature = sign(signedBytes(receipt));
  if (signature.length !== SIGNATURE_BYTES) throw badReceipt('signature');
  return encodeCanonical([...fields(receipt), signature]);
}

/** Form only. @throws PreError `pre/bad-receipt` */
export function decodeReceipt(bytes: Uint8Array): RevocationReceipt & { readonly signature: Uint8Array } {
  let value: CborValue;
  try {
    value = decodeCanonical(bytes);
  } catch (cause) {
    throw new PreError('pre/bad-receipt', 'a receipt that is not canonical DAG-CBOR', {}, { cause });
  }
  if (!Array.isArray(value) || value.length !== 6 || value[0] !== FORMAT || value[1] !== STATEMENT) throw badReceipt('format');
  const [, , grant, proxy, revokedAtMs, signature] = value as [string, string, Uint8Array, Uint8Array, number, Uint8Array];
  if (!(signature instanceof Uint8Array) || signature.length !== SIGNATURE_BYTES) throw badReceipt('signature');
  checkForm({ grant, proxy, revokedAtMs });
  return { grant, proxy, revokedAtMs, signature };
}

/**
 * @param verify whether the signature over the message is by the key
 * @returns false for anything malformed
 */
export function verifyReceipt(bytes: Uint8Array, verify: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean): boolean {
  try {
    const receipt = decodeReceipt(bytes);
    return verify(receipt.proxy, signedBytes(receipt), receipt.signature);
  } catch (error) {
    if (error instanceof PreError) return false;
    throw error;
  }
}

function checkForm({ grant, proxy, revokedAtMs }: RevocationReceipt): void {
  if (!(grant instanceof Uint8Array) || grant.length !== 32) throw badReceipt('grant');
  if (!(proxy instanceof Uint8Array) || proxy.length !== 32) throw badReceipt('proxy');
  if (!Number.isSafeInteger(revokedAtMs) || revokedAtMs < 0) throw badReceipt('revokedAtMs');
}

const badReceipt = (field: string): PreError => new PreError('pre/bad-receipt', `a receipt with a bad ${field}`, { field });
