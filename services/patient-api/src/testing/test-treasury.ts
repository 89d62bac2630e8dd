import { type VoucherKey, voucherRequestTable } from '@medveil/agreements';
import { createVoucherSigner, generateVoucherKey } from '@medveil/vouchers';
import type { TestWorld } from './test-world.js';

/** The treasury, which signs vouchers of ten credits when it is told to. */
export class TestTreasury {
  readonly #pair = generateVoucherKey();
  readonly voucherKey: VoucherKey = { denomination: 10, publicKey: this.#pair.publicKey, issuing: true };

  constructor(private readonly world: Pick<TestWorld, 'ledger' | 'keys'>) {}

  /** Signs whatever waits on the ledger. */
  async answer(): Promise<void> {
    const { ledger, keys } = this.world;
    const signer = createVoucherSigner(this.#pair.privateKey);
    for (const event of ledger.events.filter(({ type }) => type === 'vouchers-requested')) {
      if (event.type !== 'vouchers-requested') continue;
      const { requestId } = event.data;
      const request = voucherRequestTable.read(ledger.ledger.view(), requestId);
      if (request === null) continue;
      await ledger.execute(keys.treasury, { type: 'issue-vouchers', requestId, signatures: request.vouchers.map(({ blinded }) => signer.blindSign(blinded)) });
    }
  }
}
