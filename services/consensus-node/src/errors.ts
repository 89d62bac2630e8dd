import type { ErrorStatuses } from '@medveil/service-kit';

export const ERROR_STATUSES: ErrorStatuses = {
  'consensus-node/bad-proposal': 422,
  'consensus-node/busy': 503,
  'consensus-node/no-member': 409,
  'consensus-node/no-share': 409,
  'consensus-node/pool-full': 503,
  'consensus-node/replica-stopped': 503,
  'consensus-node/unknown-opening': 404,
  'agreements/opening-not-approved': 409,
  'agreements/not-this-pseudonym': 422,
  'host/no-share-holder': 409,
  'identity/*': 422,
  'encoding/*': 400,
  'ledger/not-found': 404,
  'ledger/not-proven-yet': 409,
  'ledger/height-not-retained': 410,
  'ledger/bad-key': 400,
};
