/** A voucher key stands for one denomination: whoever signs with it says what the voucher is worth. */
import { constants, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, privateDecrypt } from 'node:crypto';
import { digest, fromBase64Url } from '@medveil/encoding';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import type { RsaPublicNumbers } from './blinding.js';
import { voucherError } from './errors.js';

/** About 128 bits of security. */
export const VOUCHER_KEY_BITS = 3072;
/** Of blinded messages and signatures. */
export const VOUCHER_SIGNATURE_BYTES = VOUCHER_KEY_BITS / 8;

export interface VoucherKeyPair {
  /** SubjectPublicKeyInfo, DER */
  readonly publicKey: Uint8Array;
  /** PKCS #8, DER */
  readonly privateKey: Uint8Array;
}

/** Takes a second or so. Randomness is OpenSSL's: node:crypto takes none for RSA keys. */
export function generateVoucherKey(): VoucherKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: VOUCHER_KEY_BITS,
    publicExponent: 65_537,
    publicKeyEncoding: { format: 'der', type: 'spki' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  });
  return { publicKey: new Uint8Array(publicKey), privateKey: new Uint8Array(privateKey) };
}

/** What the ledger knows the key by: 32 bytes over its DER form. */
export const voucherKeyId = (publicKey: Uint8Array): Uint8Array => digest('medveil/voucher-key/1', publicKey);

/** Whether these bytes are a key that vouchers can be made with, in the one encoding that it has. */
export function isVoucherKey(publicKey: Uint8Array): boolean {
  try {
    const canonical = readPublicKey(publicKey).export({ format: 'der', type: 'spki' });
    return Buffer.from(publicKey).equals(canonical);
  } catch {
    return false;
  }
}

/** @throws CodedError `vouchers/bad-key` */
export const readPublicKey = (publicKey: Uint8Array): KeyObject =>
  checked(() => createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }));

/** @throws CodedError `vouchers/bad-key` */
export function publicNumbers(publicKey: Uint8Array): RsaPublicNumbers {
  const { n = '', e = '' } = readPublicKey(publicKey).export({ format: 'jwk' });
  return { modulus: bytesToNumberBE(fromBase64Url(n)), exponent: bytesToNumberBE(fromBase64Url(e)), bits: VOUCHER_KEY_BITS };
}

/** The treasury's half of a voucher key, ready to sign. */
export interface VoucherSigner {
  /**
   * BlindSign (RFC 9474, section 4.3): the raw RSA operation, by OpenSSL with its own blinding.
   * @throws CodedError `vouchers/bad-input`: the wrong length, or not below the modulus
   */
  blindSign(blinded: Uint8Array): Uint8Array;
}

/** @throws CodedError `vouchers/bad-key` */
export function createVoucherSigner(privateKey: Uint8Array): VoucherSigner {
  const key = checked(() => createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' }));
  return {
    blindSign: (blinded) => {
      if (blinded.length !== VOUCHER_SIGNATURE_BYTES) throw voucherError('vouchers/bad-input', 'not a blinded message', { bytes: blinded.length, wanted: VOUCHER_SIGNATURE_BYTES });
      try {
        return new Uint8Array(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, blinded));
      } catch (cause) {
        throw voucherError('vouchers/bad-input', 'the blinded message is not below the modulus', {}, { cause });
      }
    },
  };
}

function checked(read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (cause) {
    throw voucherError('vouchers/bad-key', 'not a DER-encoded key', {}, { cause });
  }
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== 'rsa' || modulusLength !== VOUCHER_KEY_BITS || publicExponent !== 65_537n) {
    throw voucherError('vouchers/bad-key', `must be RSA with ${VOUCHER_KEY_BITS} bits and exponent 65537`, { type: key.asymmetricKeyType ?? null, bits: modulusLength ?? null });
  }
  return key;
}
