import { CodedError } from '@medveil/encoding';
import type { ErrorStatuses } from '@medveil/service-kit';

/** Every refusal of this service's own. Messages and details name the field and the limit, never a secret. */
export type PkgErrorCode =
  | 'pkg/wrong-secret'
  | 'pkg/unknown-token'
  | 'pkg/token-used'
  | 'pkg/token-expired'
  | 'pkg/token-mismatch'
  | 'pkg/bad-provider'
  | 'pkg/unknown-provider'
  | 'pkg/bad-id-token'
  | 'pkg/provider-unavailable'
  | 'pkg/not-yours'
  | 'pkg/role-not-enrolled'
  | 'pkg/stale-request'
  | 'pkg/bad-subject'
  | 'pkg/subject-changed'
  | 'pkg/role-changed'
  | 'pkg/key-in-use'
  | 'pkg/key-changed'
  | 'pkg/unknown-enrolment'
  | 'pkg/enrolment-revoked'
  | 'pkg/superseded-certificate'
  | 'pkg/bad-member'
  | 'pkg/request-id-reused'
  | 'pkg/batch-too-large'
  | 'pkg/too-many-pseudonyms'
  | 'pkg/too-many-issuers'
  | 'pkg/issuer-removed'
  | 'pkg/conflict';

export class PkgError extends CodedError<PkgErrorCode> {}

const UNAUTHENTICATED = [
  'identity/bad-credential', 'identity/replayed', 'identity/expired', 'identity/not-yet-valid', 'identity/revoked', 'identity/foreign-authority', 'identity/bad-certificate',
];

export const ERROR_STATUSES: ErrorStatuses = {
  ...Object.fromEntries(UNAUTHENTICATED.map((code) => [code, 401])),
  'encoding/*': 400,
  'identity/*': 422,
  'eligibility/bad-issuer': 422,
  'eligibility/bad-field-element': 422,
  'eligibility/issuer-tree-full': 503,
  'pkg/unknown-token': 403,
  'pkg/token-used': 409,
  'pkg/token-expired': 403,
  'pkg/token-mismatch': 403,
  'pkg/unknown-provider': 403,
  'pkg/bad-id-token': 401,
  'pkg/provider-unavailable': 503,
  'pkg/not-yours': 403,
  'pkg/role-not-enrolled': 422,
  'pkg/stale-request': 422,
  'pkg/bad-subject': 422,
  'pkg/subject-changed': 409,
  'pkg/role-changed': 409,
  'pkg/key-in-use': 409,
  'pkg/key-changed': 409,
  'pkg/unknown-enrolment': 404,
  'pkg/enrolment-revoked': 403,
  'pkg/superseded-certificate': 409,
  'pkg/bad-member': 422,
  'pkg/request-id-reused': 409,
  'pkg/batch-too-large': 413,
  'pkg/too-many-pseudonyms': 429,
  'pkg/too-many-issuers': 429,
  'pkg/issuer-removed': 409,
  'pkg/conflict': 409,
};
