import { REJECTION_CODES } from '@medveil/agreements';
import { CodedError } from '@medveil/encoding';
import type { ErrorStatuses } from '@medveil/service-kit';

/** Every refusal of this service's own. Messages and details name the field and the limit, never a secret or a medical value. */
export type ResearchApiErrorCode =
  | 'research-api/bad-requirement'
  | 'research-api/unsatisfiable-policy'
  | 'research-api/no-circuit-fits'
  | 'research-api/unknown-institution'
  | 'research-api/unknown-requirement'
  | 'research-api/unknown-delivery'
  | 'research-api/part-not-received'
  | 'research-api/too-many-institutions'
  | 'research-api/enrolment-in-use'
  | 'research-api/not-pinned'
  | 'research-api/not-open'
  | 'research-api/bad-certificate'
  | 'research-api/not-connected'
  | 'research-api/gave-up'
  | 'research-api/webhook-target-refused'
  | 'research-api/webhook-not-delivered'
  | 'research-api/too-many-webhooks'
  | 'research-api/unknown-webhook';

export class ResearchApiError extends CodedError<ResearchApiErrorCode> {}

export const ERROR_STATUSES: ErrorStatuses = {
  ...Object.fromEntries(REJECTION_CODES.map((code) => [code, 422])),
  'client/*': 503,
  'eligibility/*': 422,
  'encoding/*': 400,
  // Of this agent's own credential, from the service that it asked.
  'identity/expired': 503,
  'identity/not-yet-valid': 503,
  'research-api/bad-requirement': 422,
  'research-api/unsatisfiable-policy': 422,
  'research-api/no-circuit-fits': 422,
  'research-api/unknown-institution': 404,
  'research-api/unknown-requirement': 404,
  'research-api/unknown-delivery': 404,
  'research-api/part-not-received': 404,
  'research-api/too-many-institutions': 409,
  'research-api/enrolment-in-use': 409,
  'research-api/not-pinned': 409,
  'research-api/not-open': 409,
  'research-api/not-connected': 503,
  'research-api/webhook-target-refused': 422,
  'research-api/too-many-webhooks': 409,
  'research-api/unknown-webhook': 404,
};
