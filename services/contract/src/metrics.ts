import { eventSchema, REJECTION_CODES } from '@medveil/agreements';
import type { Clock } from '@medveil/encoding';
import type { Receipt } from '@medveil/ledger';
import type { ServiceMetrics } from '@medveil/service-kit';
import type { ReadModel } from './read-model.js';
import type { Submissions } from './submissions.js';

/** What the service tells of each block that it has executed. */
export interface ContractObserver {
  applied(receipts: readonly Receipt[]): void;
  /** A transaction that was handed in here stands in a block. */
  committed(waitedMs: number): void;
}

/** The credits are counted over the whole state: not at every scrape. */
const COUNT_EVERY_MS = 30_000;

const EVENT_TYPES = eventSchema.options.map(({ shape }) => ({ event: shape.type.value }));

/** From the start of this process on: blocks of before are not counted again. */
export function contractObserver(metrics: ServiceMetrics): ContractObserver {
  const transactions = metrics.counter(
    { name: 'medveil_ledger_transactions_total', help: 'Transactions of the blocks that were executed.', labels: ['outcome'] }, [{ outcome: 'accepted' }, { outcome: 'rejected' }],
  );
  const rejections = metrics.counter({ name: 'medveil_ledger_rejections_total', help: 'Transactions that a block rejects, by the contract’s code.', labels: ['code'] }, REJECTION_CODES.map((code) => ({ code })));
  const events = metrics.counter({ name: 'medveil_ledger_events_total', help: 'Events of the contract, by type.', labels: ['event'] }, EVENT_TYPES);
  const commits = metrics.duration({
    name: 'medveil_transaction_commit_duration_seconds', help: 'Time from taking a transaction in to having executed its block.',
  });
  return {
    applied: (receipts) => {
      for (const receipt of receipts) {
        // Timeouts of the contract have receipts without a transaction.
        if (receipt.transactionId !== null) transactions.add({ outcome: receipt.ok ? 'accepted' : 'rejected' });
        if (receipt.code !== null) rejections.add({ code: receipt.code });
        for (const { type } of receipt.events) events.add({ event: type });
      }
    },
    committed: (waitedMs) => commits.observeMs({}, waitedMs),
  };
}

export function measureContract(metrics: ServiceMetrics, { submissions, model }: { readonly submissions: Submissions; readonly model: ReadModel }, clock: Clock): void {
  metrics.gaugeFrom({ name: 'medveil_transactions_pending', help: 'Transactions that were taken in and stand in no block yet.' }, () => submissions.pending);
  let counted: { readonly atMs: number; readonly totals: ReturnType<ReadModel['totals']> } | undefined;
  const totals = () => {
    const nowMs = clock();
    if (counted === undefined || nowMs - counted.atMs >= COUNT_EVERY_MS || nowMs < counted.atMs) counted = { atMs: nowMs, totals: model.totals() };
    return counted.totals;
  };
  metrics.gaugesFrom({
    name: 'medveil_ledger_credits', help: 'Credits: minted and redeemed since the genesis block, and those on accounts, held in escrow and bonds, and in vouchers.', labels: ['kind'],
  }, async () => {
    const { minted, redeemed, balances, held, vouchers } = await totals();
    return { minted, redeemed, balances, held, vouchers };
  });
  metrics.gaugeFrom({ name: 'medveil_ledger_credits_conserved', help: '1 where accounts, escrow and vouchers hold what was minted and not redeemed; 0: the ledger is broken.' }, async () =>
    ((await totals()).conserved ? 1 : 0));
}
