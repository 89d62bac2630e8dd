import type { CborValue } from '@medveil/encoding';
import { AgreementsFault } from './errors.js';
import { accountTable, claimTable, type Readable, rememberWritten, replicaBondTable, requirementTable, supplyTable, voucherKeyTable, voucherRequestTable, type Writable } from './state.js';

/**
 * The changes of one transaction, or of one block's beginning, before they are made: a rejection drops the draft,
 * so whatever a rule wrote before it refused leaves no trace. `commit` also checks that credits were conserved.
 */
export class Draft implements Readable, Writable {
  private readonly changes = new Map<string, CborValue | undefined>();

  constructor(private readonly base: Readable) {}

  get(key: string): CborValue | undefined {
    return this.changes.has(key) ? this.changes.get(key) : this.base.get(key);
  }

  bytes(key: string): Uint8Array | undefined {
    return this.changes.has(key) ? undefined : this.base.bytes?.(key);
  }

  put(key: string, value: CborValue): void {
    this.changes.set(key, value);
  }

  delete(key: string): void {
    this.changes.set(key, undefined);
  }

  /** @param target what the draft was begun on. @throws AgreementsFault `agreements/credits-not-conserved`, and then nothing was written */
  commit(target: Writable & Pick<Readable, 'bytes'>): void {
    let difference = 0n;
    for (const key of this.changes.keys()) difference += contribution(this, key) - contribution(this.base, key);
    if (difference !== 0n) {
      throw new AgreementsFault('agreements/credits-not-conserved', 'credits were made or lost', { difference: difference.toString() });
    }
    for (const [key, value] of this.changes) {
      if (value === undefined) target.delete(key);
      else {
        target.put(key, value);
        const bytes = target.bytes?.(key);
        if (bytes !== undefined) rememberWritten(value, bytes);
      }
    }
  }
}

/** What an entry holds, minus, for the supply, what should be held: over a whole state these sum up to zero. */
function contribution(state: Readable, key: string): bigint {
  if (key !== supplyTable.key()) return BigInt(creditsAt(state, key));
  const supply = supplyTable.at(state, key);
  return supply === null ? 0n : BigInt(supply.redeemed) - BigInt(supply.minted);
}

/** Credits in one entry of the state: an account's balance, a requirement's escrow, a claim's hold and bond, vouchers asked for or out, a replica's bond. */
export function creditsAt(state: Readable, key: string): number {
  switch (key.slice(0, key.indexOf('/') + 1)) {
    case `${accountTable.prefix}/`:
      return accountTable.at(state, key)?.balance ?? 0;
    case `${requirementTable.prefix}/`:
      return requirementTable.at(state, key)?.escrow ?? 0;
    case `${claimTable.prefix}/`: {
      const claim = claimTable.at(state, key);
      return claim === null ? 0 : claim.hold + (claim.dispute?.bond ?? 0);
    }
    case `${voucherKeyTable.prefix}/`: {
      const entry = voucherKeyTable.at(state, key);
      return entry === null ? 0 : entry.denomination * entry.outstanding;
    }
    case `${voucherRequestTable.prefix}/`:
      return voucherRequestTable.at(state, key)?.hold ?? 0;
    case `${replicaBondTable.prefix}/`:
      return replicaBondTable.at(state, key)?.amount ?? 0;
    default:
      return 0;
  }
}
