import type { Body } from '@medveil/agreements';
import type { CborValue } from '@medveil/encoding';

/** The ledger as this service needs it. */
export interface LedgerPort {
  /** The value under a key of `stateKeys`, verified, not older than the last `execute`; undefined where there is none. */
  readState(key: string): Promise<CborValue | undefined>;
  /**
   * A transaction from the PKG's account. Resolves when it is accepted for good.
   * @throws LedgerRejection of @medveil/client, or whatever says that it is not known to be accepted
   */
  execute(body: Body, signal: AbortSignal): Promise<void>;
}

/** An opened connection. */
export interface LedgerConnection extends LedgerPort {
  close(): Promise<void>;
}
