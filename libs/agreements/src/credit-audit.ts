import type { Ledger } from '@medveil/ledger';
import { countCreditsInSlices, type CreditTotals } from './conservation.js';

/**
 * Counts the credits of the whole state, a slice at a time, so that other work goes on meanwhile however large the state is: once
 * for each block that somebody asks about, one count at a time.
 */
export class CreditAudit {
  #counted: { readonly height: number; readonly totals: CreditTotals } | undefined;
  #counting: Promise<void> | undefined;

  /** @param pause resolves when it is this count's turn again */
  constructor(
    private readonly ledger: Pick<Ledger, 'head' | 'view'>,
    private readonly pause: () => Promise<unknown>,
  ) {}

  /** After the last block, or one that came while it was counted. @throws AgreementsFault `agreements/not-initialised` */
  async totals(): Promise<CreditTotals> {
    const { height } = this.ledger.head.header;
    for (;;) {
      if (this.#counted !== undefined && this.#counted.height >= height) return this.#counted.totals;
      this.#counting ??= this.#count().finally(() => { this.#counting = undefined; });
      await this.#counting;
    }
  }

  async #count(): Promise<void> {
    const { height } = this.ledger.head.header;
    this.#counted = { height, totals: await countCreditsInSlices(this.ledger.view(), this.pause) };
  }
}
