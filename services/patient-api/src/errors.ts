import { CodedError } from '@medveil/encoding';
import type { ErrorStatuses } from '@medveil/service-kit';

/** Every refusal of this service's own. Messages and details hold no medical value. */
export type PatientApiErrorCode =
  | 'patient-api/not-ready'
  | 'patient-api/not-enrolled'
  | 'patient-api/no-pseudonym'
  | 'patient-api/bad-rule-set'
  | 'patient-api/not-a-bundle-stream'
  | 'patient-api/unknown-patient'
  | 'patient-api/unknown-record'
  | 'patient-api/unknown-exchange'
  | 'patient-api/unknown-requirement'
  | 'patient-api/requirement-not-open'
  | 'patient-api/policy-not-held'
  | 'patient-api/does-not-match'
  | 'patient-api/conflict'
  | 'patient-api/circuit-not-held'
  | 'patient-api/not-revocable'
  | 'patient-api/gave-up'
  | 'patient-api/restoring'
  | 'patient-api/part-too-large'
  | 'patient-api/unknown-voucher'
  | 'patient-api/unknown-payout'
  | 'patient-api/payout-conflict'
  | 'patient-api/amount-not-payable'
  | 'patient-api/patient-known'
  | 'patient-api/bad-backup'
  | 'patient-api/too-many-lines'
  | 'patient-api/line-too-long'
  | 'patient-api/not-ndjson'
  | 'patient-api/too-many-rules'
  | 'patient-api/unknown-rule'
  | 'patient-api/unknown-question'
  | 'patient-api/decided-already'
  | 'patient-api/consent-record-altered'
  | 'patient-api/record-unreadable'
  | 'patient-api/issuers-not-on-ledger'
  | 'patient-api/proxy-not-pinned'
  | 'patient-api/grant-refused'
  | 'patient-api/related-keys';

export class PatientApiError extends CodedError<PatientApiErrorCode> {}

export const ERROR_STATUSES: ErrorStatuses = {
  'patient-api/not-ready': 503,
  'patient-api/not-enrolled': 503,
  'patient-api/no-pseudonym': 503,
  'patient-api/not-a-bundle-stream': 415,
  'patient-api/unknown-patient': 404,
  'patient-api/restoring': 503,
  'patient-api/not-ndjson': 415,
  'patient-api/patient-known': 409,
  'patient-api/bad-backup': 422,
  'patient-api/unknown-record': 404,
  'patient-api/unknown-exchange': 404,
  'patient-api/unknown-requirement': 404,
  'patient-api/requirement-not-open': 409,
  'patient-api/policy-not-held': 503,
  'patient-api/does-not-match': 422,
  'patient-api/conflict': 409,
  'patient-api/circuit-not-held': 409,
  'patient-api/not-revocable': 409,
  'patient-api/part-too-large': 409,
  'patient-api/unknown-voucher': 404,
  'patient-api/unknown-payout': 404,
  'patient-api/payout-conflict': 409,
  'patient-api/amount-not-payable': 409,
  'patient-api/too-many-rules': 409,
  'patient-api/unknown-rule': 404,
  'patient-api/unknown-question': 404,
  'patient-api/decided-already': 409,
  'patient-api/consent-record-altered': 500,
  'consent/*': 422,
  'fhir/too-large': 413,
  'fhir/too-many-entries': 413,
  'fhir/*': 422,
  'eligibility/*': 422,
  // Of this agent's own credential, from the service that it asked.
  'identity/expired': 503,
  'identity/not-yet-valid': 503,
  'pkg/*': 502,
  'client/*': 502,
  'client/unreachable': 503,
  'client/timeout': 503,
};
