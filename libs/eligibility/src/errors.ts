import { CodedError } from '@medveil/encoding';

/** Every code this library throws. `details` never hold a medical value. */
export type EligibilityErrorCode =
  | 'eligibility/bad-field-element'
  | 'eligibility/bad-observation'
  | 'eligibility/bad-record'
  | 'eligibility/too-many-observations'
  | 'eligibility/unknown-unit'
  | 'eligibility/incommensurable-unit'
  | 'eligibility/quantity-out-of-range'
  | 'eligibility/bad-attestation'
  | 'eligibility/bad-issuer'
  | 'eligibility/issuer-tree-full'
  | 'eligibility/bad-policy'
  | 'eligibility/policy-too-large'
  | 'eligibility/window-too-fine'
  | 'eligibility/not-eligible'
  | 'eligibility/no-circuit-fits'
  | 'eligibility/bad-public-inputs'
  | 'eligibility/bad-proof'
  | 'eligibility/bad-verification-key'
  | 'eligibility/development-key-refused'
  | 'eligibility/no-ceremony'
  | 'eligibility/verifier-not-loaded'
  | 'eligibility/bad-opening'
  | 'eligibility/prover-busy'
  | 'eligibility/prover-cancelled'
  | 'eligibility/prover-closed'
  | 'eligibility/prover-failed';

export type EligibilityError = CodedError<EligibilityErrorCode>;

export const eligibilityError = (
  code: EligibilityErrorCode,
  message: string,
  details: Readonly<Record<string, string | number | boolean | null>> = {},
  options?: ErrorOptions,
): EligibilityError => new CodedError(code, message, details, options);

export const isEligibilityError = (error: unknown, code?: EligibilityErrorCode): error is EligibilityError =>
  error instanceof CodedError && error.code.startsWith('eligibility/') && (code === undefined || error.code === code);
