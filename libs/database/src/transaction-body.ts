import { databaseError } from './errors.js';
import type { Queries, TransactionQueries } from './port.js';
import { runInTransactionScope, type TransactionScope } from './transaction-scope.js';

export const DEFAULT_TRANSACTION_TIMEOUT_MS = 10_000;

/**
 * Runs the inside of a transaction, within its time; its query builder is dead afterwards.
 * @param build makes the query builder of the transaction's connection
 * @throws CodedError `database/transaction-timeout`; the transaction must be rolled back where this throws
 */
export async function runTransactionBody<T>(
  engine: object,
  build: (guard: () => Promise<void>) => Queries,
  fn: (tx: TransactionQueries) => Promise<T>,
  timeoutMs: number = DEFAULT_TRANSACTION_TIMEOUT_MS,
): Promise<T> {
  const scope: TransactionScope = { engine, over: false };
  const queries = build(async () => {
    if (scope.over) throw databaseError('database/transaction-over', 'the transaction this query builder belongs to is over');
  });
  const tx: TransactionQueries = Object.assign(queries, { inTransaction: true as const });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      scope.over = true;
      reject(databaseError('database/transaction-timeout', 'the transaction took too long and was rolled back', { timeoutMs }));
    }, timeoutMs);
  });
  try {
    return await Promise.race([runInTransactionScope(scope, async () => fn(tx)), late]);
  } finally {
    clearTimeout(timer);
    scope.over = true;
  }
}
