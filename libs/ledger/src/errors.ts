import { CodedError } from '@medveil/encoding';

/**
 * Why the ledger refuses something. Two more codes stand in receipts, where the state machine threw:
 * `ledger/execution-failed` and, for results beyond a limit, `ledger/result-too-large`.
 */
export type LedgerErrorCode =
  // decoding
  | 'ledger/malformed'
  | 'ledger/too-large'
  // state
  | 'ledger/bad-key'
  | 'ledger/reserved-key'
  // blocks
  | 'ledger/wrong-chain'
  | 'ledger/wrong-height'
  | 'ledger/wrong-link'
  | 'ledger/wrong-time'
  | 'ledger/wrong-root'
  | 'ledger/wrong-proposer'
  | 'ledger/transaction-repeated'
  | 'ledger/busy'
  // storage
  | 'ledger/wrong-genesis'
  | 'ledger/corrupt-store'
  | 'ledger/not-found'
  | 'ledger/not-proven-yet'
  | 'ledger/height-not-retained'
  // light client
  | 'ledger/bad-certificate'
  | 'ledger/bad-proof'
  | 'ledger/stale-proof'
  | 'ledger/replica-set-unknown'
  // state transfer
  | 'ledger/bad-chunk'
  | 'ledger/bad-snapshot'
  | 'ledger/no-snapshot'
  // export
  | 'ledger/bad-export';

export class LedgerError extends CodedError<LedgerErrorCode> {}
