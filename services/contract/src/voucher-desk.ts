import { type BodyOf, type VoucherRequestEntry, voucherKeyTable, voucherRequestIdSchema, voucherRequestTable } from '@medveil/agreements';
import { toHex } from '@medveil/encoding';
import type { KeyVault } from '@medveil/identity';
import type { Ledger } from '@medveil/ledger';
import { createVoucherSigner, type VoucherSigner } from '@medveil/vouchers';

/** Where the vault keeps the private half of a voucher key, PKCS #8. */
export const voucherKeyName = (keyId: Uint8Array): string => `voucher-key-${toHex(keyId)}`;

/** The treasury's part in blind vouchers: it signs what the ledger holds credits for, and sees nothing of it. */
export class VoucherDesk {
  readonly #signers = new Map<string, VoucherSigner | null>();

  constructor(
    private readonly ledger: Ledger,
    private readonly vault: Pick<KeyVault, 'find'>,
  ) {}

  /** The answer to the first request that waits and whose keys are here; the ledger itself is the list of what is still to do. */
  async nextAnswer(): Promise<BodyOf<'issue-vouchers'> | undefined> {
    const prefix = `${voucherRequestTable.prefix}/`;
    for (const [entryKey, value] of this.ledger.view().entries(prefix)) {
      const signatures = await this.#sign(voucherRequestTable.decode(value));
      if (signatures !== null) return { type: 'issue-vouchers', requestId: voucherRequestIdSchema.parse(entryKey.slice(prefix.length)), signatures };
    }
    return undefined;
  }

  async #sign({ vouchers }: VoucherRequestEntry): Promise<Uint8Array[] | null> {
    const signatures: Uint8Array[] = [];
    for (const { keyId, blinded } of vouchers) {
      const signer = await this.#signerOf(keyId);
      if (signer === null) return null;
      signatures.push(signer.blindSign(blinded));
    }
    return signatures;
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
