import { type VoucherRequestEntry, type VoucherRequestId, voucherKeyTable, voucherRequestIdSchema, voucherRequestTable } from '@medveil/agreements';
import { toHex } from '@medveil/encoding';
import { voucherKeyName } from '@medveil/host';
import type { KeyVault } from '@medveil/identity';
import type { Ledger } from '@medveil/ledger';
import { createVoucherSigner, type VoucherSigner } from '@medveil/vouchers';

export interface OpenRequest {
  readonly requestId: VoucherRequestId;
  /** One signature for each blinded voucher, in their order: a millisecond or more each. */
  sign(): Uint8Array[];
}

/** The treasury's part in blind vouchers: it signs what the ledger holds credits for, and sees nothing of it. */
export class VoucherDesk {
  readonly #signers = new Map<string, VoucherSigner | null>();

  constructor(
    private readonly ledger: Ledger,
    private readonly vault: Pick<KeyVault, 'find'>,
  ) {}

  /** The first request that waits and whose keys are here; the ledger itself is the list of what is still to do. */
  async nextRequest(): Promise<OpenRequest | undefined> {
    const prefix = `${voucherRequestTable.prefix}/`;
    for (const [entryKey, value] of this.ledger.view().entries(prefix)) {
      const sign = await this.#signing(voucherRequestTable.decode(value));
      if (sign !== null) return { requestId: voucherRequestIdSchema.parse(entryKey.slice(prefix.length)), sign };
    }
    return undefined;
  }

  async #signing({ vouchers }: VoucherRequestEntry): Promise<OpenRequest['sign'] | null> {
    const work: (() => Uint8Array)[] = [];
    for (const { keyId, blinded } of vouchers) {
      const signer = await this.#signerOf(keyId);
      if (signer === null) return null;
      work.push(() => signer.blindSign(blinded));
    }
    return () => work.map((sign) => sign());
  }

  /** Null where another member keeps this key. Looked for once in this process: a new key comes with a restart. */
  async #signerOf(keyId: Uint8Array): Promise<VoucherSigner | null> {
    const id = toHex(keyId);
    const known = this.#signers.get(id);
    if (known !== undefined) return known;
    const privateKey = voucherKeyTable.read(this.ledger.view(), id) === null ? null : await this.vault.find(voucherKeyName(keyId));
    const signer = privateKey === null ? null : createVoucherSigner(privateKey);
    this.#signers.set(id, signer);
    return signer;
  }
}
