import { REJECTION_CODES } from '@medveil/agreements';
import type { ErrorStatuses } from '@medveil/service-kit';

export const ERROR_STATUSES: ErrorStatuses = {
  ...Object.fromEntries(REJECTION_CODES.map((code) => [code, 422])),
  'contract/busy': 503,
  'contract/deposit-conflict': 409,
  'contract/evidence-mismatch': 422,
  'contract/ledger-stopped': 503,
  'contract/not-found': 404,
  'contract/not-disputed': 409,
  'contract/policy-mismatch': 422,
  'contract/policy-too-large': 413,
  'contract/too-large': 413,
  'contract/unknown-account': 409,
  'delivery/bad-evidence': 422,
  'eligibility/*': 422,
  'encoding/*': 400,
  'identity/*': 401,
  'ledger/bad-key': 400,
  'ledger/height-not-retained': 410,
  'ledger/not-found': 404,
  'ledger/not-proven-yet': 409,
};
