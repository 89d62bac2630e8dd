import { CodedError, isCodedError } from '@medveil/encoding';

export type VoucherErrorCode =
  /** not an RSA key of `VOUCHER_KEY_BITS` with exponent 65537 in SubjectPublicKeyInfo or PKCS #8 */
  | 'vouchers/bad-key'
  /** a serial, blinded message or secret of the wrong length */
  | 'vouchers/bad-input'
  /** the treasury's answer does not become a voucher */
  | 'vouchers/bad-signature';

export const voucherError = (
  code: VoucherErrorCode,
  message: string,
  details: Readonly<Record<string, string | number | boolean | null>> = {},
  options?: ErrorOptions,
): CodedError<VoucherErrorCode> => new CodedError(code, message, details, options);

export const isVoucherError = (error: unknown, code?: VoucherErrorCode): error is CodedError<VoucherErrorCode> =>
  isCodedError(error) && error.code.startsWith('vouchers/') && (code === undefined || error.code === code);
