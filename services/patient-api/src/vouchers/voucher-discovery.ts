import { type AgreementEvent, decodeTransaction, voucherRequestIdOf } from '@medveil/agreements';
import { placedEvents, type VerifiedBlock } from '@medveil/client';
import type { TransactionQueries } from '@medveil/database';
import { type Id, toHex } from '@medveil/encoding';
import { accountId, type PatientKeys } from '@medveil/identity';
import { blindVoucher } from '@medveil/vouchers';
import { type VoucherKeyRow, type VoucherRow, vouchers } from '../tables.js';
import { voucherSecret } from './voucher-maker.js';

/** A voucher as it is written down, but for whose it is. */
type Found = Omit<VoucherRow, 'patientId' | 'payoutId'>;

/**
 * A patient's vouchers, found again from their seed and the ledger alone: what was asked for and how it was answered stands there, and
 * which of them were spent shows by their serials, which only the seed gives.
 */
export class VoucherDiscovery {
  readonly #found: Found[] = [];
  readonly #bySerial = new Map<string, Found>();
  readonly #rounds = new Map<Id<'acc'>, number>();
  readonly #keys: ReadonlyMap<string, VoucherKeyRow>;

  constructor(
    private readonly chainId: string,
    private readonly keys: PatientKeys,
    voucherKeys: readonly VoucherKeyRow[],
    private readonly indexOf: (account: Id<'acc'>) => number | undefined,
  ) {
    this.#keys = new Map(voucherKeys.map((key) => [key.keyId, key]));
  }

  /** Blocks in their order, each after the accounts in it are known. */
  read(block: VerifiedBlock): void {
    for (const { ok, index } of block.receipts) {
      const bytes = block.transactions[index];
      if (ok && bytes !== undefined) this.#requested(bytes);
    }
    for (const placed of placedEvents(block)) if (placed !== null) this.#apply(placed.event);
  }

  async write(tx: TransactionQueries, patientId: Id<'pat'>): Promise<void> {
    for (const voucher of this.#found) await tx.insert(vouchers).values({ ...voucher, patientId, payoutId: null }).onConflictDoNothing();
  }

  #requested(bytes: Uint8Array): void {
    const { sender, nonce, body } = decodeTransaction(bytes);
    if (body.type !== 'request-vouchers') return;
    const account = accountId(sender);
    const pseudonymIndex = this.indexOf(account);
    if (pseudonymIndex === undefined) return;
    const round = this.#rounds.get(account) ?? 0;
    this.#rounds.set(account, round + 1);
    const requestId = voucherRequestIdOf(account, nonce);
    for (const [position, wanted] of body.vouchers.entries()) {
      const key = this.#keys.get(toHex(wanted.keyId));
      if (key === undefined) continue;
      const { keyId, denomination } = key;
      this.#found.push({ account, round, position, pseudonymIndex, keyId, denomination, requestId, status: 'asked', blindSignature: null });
    }
  }

  #apply(event: AgreementEvent): void {
    if (event.type === 'vouchers-issued') {
      for (const voucher of this.#of(event.data.requestId)) this.#signed(voucher, event.data.signatures[voucher.position] ?? null);
    } else if (event.type === 'voucher-request-lapsed') {
      for (const voucher of this.#of(event.data.requestId)) voucher.status = 'returned';
    } else if (event.type === 'vouchers-spent') {
      for (const serial of event.data.serials) {
        const voucher = this.#bySerial.get(toHex(serial));
        if (voucher !== undefined) voucher.status = 'spent';
      }
    }
  }

  #of(requestId: Id<'vrq'>): Found[] {
    return this.#found.filter((voucher) => voucher.requestId === requestId && voucher.status === 'asked');
  }

  #signed(voucher: Found, blindSignature: Uint8Array | null): void {
    voucher.status = 'signed';
    voucher.blindSignature = blindSignature;
    const publicKey = this.#keys.get(voucher.keyId)?.publicKey;
    if (publicKey === undefined) return;
    const { serial } = blindVoucher({ chainId: this.chainId, publicKey }, voucherSecret(this.keys, voucher));
    this.#bySerial.set(toHex(serial), voucher);
  }
}
