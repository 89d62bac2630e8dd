import { REJECTION_CODES } from '@medveil/agreements';
import { CodedError } from '@medveil/encoding';
import type { ErrorStatuses } from '@medveil/service-kit';

/** Every refusal of this service's own; `auditor/waits-for-…` say what an open dispute waits for. */
export type AuditorErrorCode =
  | 'auditor/unknown-dispute'
  | 'auditor/nothing-found-yet'
  | 'auditor/found-otherwise'
  | 'auditor/unknown-opening'
  | 'auditor/not-the-requester'
  | 'auditor/inconsistent-ledger'
  | 'auditor/no-certificate'
  | 'auditor/not-pinned-then'
  | 'auditor/body-too-large'
  | 'auditor/waits-for-evidence'
  | 'auditor/waits-for-body';

export class AuditorError extends CodedError<AuditorErrorCode> {}

export const ERROR_STATUSES: ErrorStatuses = {
  ...Object.fromEntries(REJECTION_CODES.map((code) => [code, 422])),
  'agreements/opening-not-approved': 409,
  'agreements/not-this-pseudonym': 422,
  'client/*': 503,
  'encoding/*': 400,
  'auditor/unknown-dispute': 404,
  'auditor/unknown-opening': 404,
  'auditor/not-the-requester': 403,
  'host/no-share-holder': 409,
  'identity/*': 422,
  'auditor/nothing-found-yet': 409,
  'auditor/found-otherwise': 409,
};
