import { AsyncLocalStorage } from 'node:async_hooks';
import { databaseError } from './errors.js';

/** A transaction of an engine and what runs in it. */
export interface TransactionScope {
  readonly engine: object;
  over: boolean;
}

const current = new AsyncLocalStorage<TransactionScope>();

export const runInTransactionScope = async <T>(scope: TransactionScope, fn: () => Promise<T>): Promise<T> => current.run(scope, fn);

/**
 * Refuses what would wait for the connection that the caller's own transaction holds.
 * @throws CodedError `database/query-outside-transaction`
 */
export function assertOutsideTransaction(engine: object): void {
  const scope = current.getStore();
  if (scope === undefined || scope.engine !== engine || scope.over) return;
  throw databaseError(
    'database/query-outside-transaction',
    'inside a transaction use its own query builder: another query would wait for the transaction itself',
  );
}

/** True where the caller runs inside a transaction of any engine, where nothing but SQL may be awaited. */
export const insideTransaction = (): boolean => current.getStore()?.over === false;
