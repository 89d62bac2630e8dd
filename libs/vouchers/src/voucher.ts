/**
 * Blind vouchers: RSABSSA-SHA384-PSS-Deterministic of RFC 9474. The treasury signs a message that it cannot see, so a voucher that comes
 * back later cannot be told from the others of its denomination. The message holds a serial of 32 random bytes, which is the entropy
 * that the deterministic variant asks for.
 *
 * Serial, salt and blinding factor follow from a secret of the holder's: with it, and with what the ledger shows, a voucher is made
 * again whenever it is needed, and nothing else has to be kept.
 */
import { constants, hkdfSync, publicEncrypt, verify, type webcrypto } from 'node:crypto';
import { RSABSSA } from '@cloudflare/blindrsa-ts';
import { digest, encodeCanonical } from '@medveil/encoding';
import { blind, factorFrom } from './blinding.js';
import { voucherError } from './errors.js';
import { publicNumbers, readPublicKey, voucherKeyId, VOUCHER_SIGNATURE_BYTES } from './keys.js';

const SUITE = RSABSSA.SHA384.PSS.Deterministic();
const SALT_BYTES = 48;
export const VOUCHER_SECRET_BYTES = 32;
const SERIAL_BYTES = 32;
/** Beyond the modulus, so that the factor is as good as uniform. */
const FACTOR_BYTES = VOUCHER_SIGNATURE_BYTES + 16;

/** Which vouchers: a key is a denomination, and counts on one chain. */
export interface VoucherKind {
  readonly chainId: string;
  /** SubjectPublicKeyInfo, DER: as the ledger pins it */
  readonly publicKey: Uint8Array;
}

/** What a holder has, and what is spent when it is shown. */
export interface Voucher {
  /** 32 bytes, the holder's own; a serial is spent once */
  readonly serial: Uint8Array;
  /** 384 bytes */
  readonly signature: Uint8Array;
}

/** What turns the treasury's answer into a voucher. */
export interface BlindedVoucher {
  readonly serial: Uint8Array;
  /** to the treasury: 384 bytes that say nothing about the serial */
  readonly blinded: Uint8Array;
  /** 384 bytes, secret: with it the voucher can be told from others */
  readonly unblinding: Uint8Array;
}

const messageOf = ({ chainId, publicKey }: VoucherKind, serial: Uint8Array): Uint8Array =>
  digest('medveil/voucher/1', { chainId, keyId: voucherKeyId(publicKey), serial });

/**
 * Blind (RFC 9474, section 4.2). The same secret gives the same voucher of a kind: one for each voucher.
 * @param secret 32 random bytes; whoever loses them before the treasury has answered loses the voucher's worth
 * @throws CodedError `vouchers/bad-key`, `vouchers/bad-input`
 */
export function blindVoucher(kind: VoucherKind, secret: Uint8Array): BlindedVoucher {
  if (secret.length !== VOUCHER_SECRET_BYTES) throw voucherError('vouchers/bad-input', 'the secret of a voucher has 32 bytes', { bytes: secret.length });
  const key = publicNumbers(kind.publicKey);
  const info = encodeCanonical(['medveil/voucher/blinding/1', kind.chainId, voucherKeyId(kind.publicKey)]);
  const drawn = new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), info, SERIAL_BYTES + SALT_BYTES + FACTOR_BYTES));
  const serial = drawn.slice(0, SERIAL_BYTES);
  const salt = drawn.subarray(SERIAL_BYTES, SERIAL_BYTES + SALT_BYTES);
  const factor = factorFrom(drawn.subarray(SERIAL_BYTES + SALT_BYTES), key);
  return { serial, ...blind(key, messageOf(kind, serial), salt, factor) };
}

/**
 * Finalize (RFC 9474, section 4.4): takes the blinding away and checks what is left.
 * @throws CodedError `vouchers/bad-key`, `vouchers/bad-signature`: the treasury signed something else
 */
export async function finalizeVoucher(kind: VoucherKind, { serial, unblinding }: BlindedVoucher, blindSignature: Uint8Array): Promise<Voucher> {
  const key = await importKey(kind.publicKey);
  try {
    return { serial, signature: await SUITE.finalize(key, messageOf(kind, serial), blindSignature, unblinding) };
  } catch (cause) {
    throw voucherError('vouchers/bad-signature', "the treasury's signature does not become a voucher", {}, { cause });
  }
}

/** RSASSA-PSS with SHA-384 and a salt of 48 bytes. False for whatever is malformed; deterministic. */
export function verifyVoucher(kind: VoucherKind, { serial, signature }: Voucher): boolean {
  if (serial.length !== SERIAL_BYTES || signature.length !== VOUCHER_SIGNATURE_BYTES) return false;
  try {
    const key = readPublicKey(kind.publicKey);
    return verify('sha384', messageOf(kind, serial), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES }, signature);
  } catch {
    return false;
  }
}

/** Whether a signature under this key can exist: as long as the modulus, and below it. */
export function isBlindedMessage(publicKey: Uint8Array, blinded: Uint8Array): boolean {
  if (blinded.length !== VOUCHER_SIGNATURE_BYTES) return false;
  try {
    publicEncrypt({ key: readPublicKey(publicKey), padding: constants.RSA_NO_PADDING }, blinded);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether the treasury has signed this blinded message: signature^e = blinded, which anybody can see without knowing what is inside.
 * False for whatever is malformed; deterministic.
 */
export function verifyBlindSignature(publicKey: Uint8Array, blinded: Uint8Array, blindSignature: Uint8Array): boolean {
  if (blinded.length !== VOUCHER_SIGNATURE_BYTES || blindSignature.length !== VOUCHER_SIGNATURE_BYTES) return false;
  try {
    return publicEncrypt({ key: readPublicKey(publicKey), padding: constants.RSA_NO_PADDING }, blindSignature).equals(blinded);
  } catch {
    return false;
  }
}

const importKey = async (publicKey: Uint8Array): Promise<webcrypto.CryptoKey> => {
  const der = readPublicKey(publicKey).export({ format: 'der', type: 'spki' });
  return crypto.subtle.importKey('spki', der, { name: 'RSA-PSS', hash: 'SHA-384' }, true, ['verify']);
};
