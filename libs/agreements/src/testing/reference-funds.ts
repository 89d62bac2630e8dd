/** The reference model's vouchers and openings: what was asked for and how it ended, nothing else. */
export interface ModelVoucher {
  /** which of the voucher keys */
  readonly key: number;
  /** its serial and, blinded, what the treasury is shown: in the model one name for both */
  readonly name: string;
}

export interface ModelVoucherRequest {
  readonly account: string;
  readonly vouchers: readonly ModelVoucher[];
  readonly deadlineMs: number;
  status: 'open' | 'issued' | 'lapsed';
}

export interface ModelOpening {
  readonly account: string;
  readonly approveUntilMs: number;
  readonly approvals: Set<string>;
}

export class ReferenceFunds {
  readonly requests: ModelVoucherRequest[] = [];
  readonly spent: { readonly key: number; readonly name: string; readonly account: string }[] = [];
  readonly openings: ModelOpening[] = [];

  /** @param denominations of the voucher keys, in credits */
  constructor(readonly denominations: readonly number[]) {}

  worth = (vouchers: readonly Pick<ModelVoucher, 'key'>[]): number => vouchers.reduce((sum, { key }) => sum + (this.denominations[key] ?? 0), 0);

  /** What vouchers took from an account and gave to it. */
  balance(account: string): number {
    const asked = this.requests.filter((request) => request.account === account && request.status !== 'lapsed');
    return this.worth(this.spent.filter((voucher) => voucher.account === account)) - asked.reduce((sum, { vouchers }) => sum + this.worth(vouchers), 0);
  }

  issued = (): ModelVoucher[] => this.requests.flatMap(({ status, vouchers }) => (status === 'issued' ? vouchers : []));
  isSpent = ({ key, name }: ModelVoucher): boolean => this.spent.some((voucher) => voucher.key === key && voucher.name === name);
  outstanding = (key: number): number => this.issued().filter((voucher) => voucher.key === key).length - this.spent.filter((voucher) => voucher.key === key).length;

  /** The code with which a voucher that has the treasury's signature is refused, or null. */
  refusesSpending(voucher: ModelVoucher): string | null {
    if (this.isSpent(voucher)) return 'agreements/voucher-spent';
    return this.outstanding(voucher.key) > 0 ? null : 'agreements/bad-voucher';
  }

  pass(nowMs: number): void {
    for (const request of this.requests) if (request.status === 'open' && request.deadlineMs <= nowMs) request.status = 'lapsed';
  }
}
