export { isVoucherError, type VoucherErrorCode } from './errors.js';
export { createVoucherSigner, generateVoucherKey, isVoucherKey, VOUCHER_KEY_BITS, VOUCHER_SIGNATURE_BYTES, voucherKeyId, type VoucherKeyPair, type VoucherSigner } from './keys.js';
export {
  type BlindedVoucher, blindVoucher, finalizeVoucher, isBlindedMessage, verifyBlindSignature, verifyVoucher, type Voucher, VOUCHER_SECRET_BYTES, type VoucherKind,
} from './voucher.js';
