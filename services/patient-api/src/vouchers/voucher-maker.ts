import type { PatientKeys } from '@medveil/identity';
import { type BlindedVoucher, blindVoucher, finalizeVoucher, type Voucher, type VoucherKind } from '@medveil/vouchers';
import { eq } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import type { Keyring } from '../parties/keyring.js';
import { voucherKeys, type VoucherKeyRow, type VoucherRow } from '../tables.js';

/** Where a voucher comes from: it follows from the patient's seed, this, and the treasury's signature. */
export type VoucherPlace = Pick<VoucherRow, 'patientId' | 'pseudonymIndex' | 'round' | 'position' | 'keyId'>;

/** Of the voucher at this place; an index of a pseudonym is never used twice, nor is a round of its requests. */
export const voucherSecret = (keys: Pick<PatientKeys, 'secret'>, { pseudonymIndex, round, position }: Omit<VoucherPlace, 'patientId' | 'keyId'>): Uint8Array =>
  keys.secret(`voucher/${pseudonymIndex}/${round}`, position);

/** Makes vouchers, as often as they are needed: none is kept. */
export class VoucherMaker {
  constructor(
    private readonly context: Pick<AgentContext, 'database' | 'chainId'>,
    private readonly keyring: Pick<Keyring, 'of'>,
  ) {}

  async keys(): Promise<VoucherKeyRow[]> {
    return this.context.database.queries.select().from(voucherKeys);
  }

  async blind(place: VoucherPlace): Promise<BlindedVoucher> {
    return this.#blind(await this.#kind(place), place);
  }

  /** @throws CodedError `vouchers/bad-signature`; PatientApiError `patient-api/unknown-voucher` where the treasury has not signed it */
  async finish(place: VoucherPlace, blindSignature: Uint8Array | null): Promise<Voucher> {
    if (blindSignature === null) throw new PatientApiError('patient-api/unknown-voucher', 'the treasury has not signed this voucher');
    const kind = await this.#kind(place);
    return finalizeVoucher(kind, await this.#blind(kind, place), blindSignature);
  }

  async #blind(kind: VoucherKind, place: VoucherPlace): Promise<BlindedVoucher> {
    return blindVoucher(kind, voucherSecret(await this.keyring.of(place.patientId), place));
  }

  async #kind({ keyId }: VoucherPlace): Promise<VoucherKind> {
    const [key] = await this.context.database.queries.select().from(voucherKeys).where(eq(voucherKeys.keyId, keyId));
    if (key === undefined) throw new PatientApiError('patient-api/unknown-voucher', 'the ledger has pinned no such voucher key', { keyId });
    return { chainId: this.context.chainId, publicKey: key.publicKey };
  }
}
