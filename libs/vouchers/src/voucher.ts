/**
 * Blind vouchers: RSABSSA-SHA384-PSS-Deterministic of RFC 9474. The treasury signs a message that it cannot see, so a voucher that comes
 * back later cannot be told from the others of its denomination. The message holds a serial of 32 random bytes, which is the entropy
 * that the deterministic variant asks for.
 */
import { constants, publicEncrypt, verify, type webcrypto } from 'node:crypto';
import { RSABSSA } from '@cloudflare/blindrsa-ts';
import { digest } from '@medveil/encoding';
import { voucherError } from './errors.js';
import { readPublicKey, voucherKeyId, VOUCHER_SIGNATURE_BYTES } from './keys.js';

const SUITE = RSABSSA.SHA384.PSS.Deterministic();
const SALT_BYTES = 48;
export const VOUCHER_SERIAL_BYTES = 32;

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

/** What turns the treasury's answer into a voucher. Whoever loses it loses the voucher's worth. */
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
 * Blind (RFC 9474, section 4.2). The library draws the blinding factor and the salt itself, from the platform's generator.
 * @param serial 32 random bytes
 * @throws CodedError `vouchers/bad-key`, `vouchers/bad-input`
 */
export async function blindVoucher(kind: VoucherKind, serial: Uint8Array): Promise<BlindedVoucher> {
  if (serial.length !== VOUCHER_SERIAL_BYTES) throw voucherError('vouchers/bad-input', 'a serial has 32 bytes', { bytes: serial.length });
  const { blindedMsg, inv } = await SUITE.blind(await importKey(kind.publicKey), SUITE.prepare(messageOf(kind, serial)));
  return { serial, blinded: blindedMsg, unblinding: inv };
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
  if (serial.length !== VOUCHER_SERIAL_BYTES || signature.length !== VOUCHER_SIGNATURE_BYTES) return false;
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
