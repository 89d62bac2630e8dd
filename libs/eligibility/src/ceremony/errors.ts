import { CodedError } from '@medveil/encoding';

/** Every way in which a ceremony can be wrong, and what stops a step of it. `details` name the step by `index` and its maker by `name`. */
export type CeremonyErrorCode =
  | 'ceremony/bad-input'
  | 'ceremony/exists'
  | 'ceremony/bad-transcript'
  | 'ceremony/missing-contribution'
  | 'ceremony/reordered'
  | 'ceremony/wrong-hash'
  | 'ceremony/broken-chain'
  | 'ceremony/bad-point'
  | 'ceremony/proof-not-bound'
  | 'ceremony/no-knowledge'
  | 'ceremony/wrong-delta'
  | 'ceremony/bad-attestation'
  | 'ceremony/unknown-member'
  | 'ceremony/no-contribution'
  | 'ceremony/wrong-beacon'
  | 'ceremony/no-beacon'
  | 'ceremony/wrong-checksum'
  | 'ceremony/unsuitable-powers'
  | 'ceremony/other-circuit'
  | 'ceremony/other-contributions'
  | 'ceremony/tampered-key';

export type CeremonyError = CodedError<CeremonyErrorCode>;

export const ceremonyError = (
  code: CeremonyErrorCode,
  message: string,
  details: Readonly<Record<string, string | number | boolean | null>> = {},
  options?: ErrorOptions,
): CeremonyError => new CodedError(code, message, details, options);

export const isCeremonyError = (error: unknown, code?: CeremonyErrorCode): error is CeremonyError =>
  error instanceof CodedError && error.code.startsWith('ceremony/') && (code === undefined || error.code === code);
