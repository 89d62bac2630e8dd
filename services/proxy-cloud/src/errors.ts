import type { ErrorStatuses } from '@medveil/service-kit';

export const ERROR_STATUSES: ErrorStatuses = {
  'encoding/*': 400,
  'identity/*': 401,
  'object-store/bad-range': 416,
  'object-store/digest-mismatch': 422,
  'object-store/not-found': 404,
  'object-store/size-mismatch': 422,
  'object-store/too-large': 413,
  'object-store/unavailable': 503,
  'proxy/bad-grant': 422,
  'proxy/bad-range': 416,
  'proxy/body-too-large': 413,
  'proxy/length-required': 411,
  'proxy/no-account': 403,
  'proxy/not-a-body': 415,
  'proxy/not-entitled': 404,
  'proxy/quota-exceeded': 507,
  'proxy/too-many-grants': 429,
  'proxy/unknown-grant': 404,
};
