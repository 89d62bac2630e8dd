import { setImmediate } from 'node:timers/promises';
import {
  areConserved, type ClaimEntry, claimTable, CreditAudit, listRequirements, readAccount, readClaim, readRequirement, recordTable, type RequirementEntry,
} from '@medveil/agreements';
import type { contractApi, PageQuery } from '@medveil/client';
import { CodedError, type Id, toHex } from '@medveil/encoding';
import type { Ledger, StateReader } from '@medveil/ledger';
import type { z } from 'zod';

const DEFAULT_LIMIT = 50;

type Totals = z.infer<typeof contractApi.totalsSchema>;

/** The ledger's state in the words of the public API. Nothing but the last count of credits is kept: it is derived at each question. */
export class ReadModel {
  readonly #credits: CreditAudit;

  constructor(private readonly ledger: Ledger) {
    this.#credits = new CreditAudit(ledger, () => setImmediate());
  }

  requirements({ cursor, limit = DEFAULT_LIMIT }: PageQuery) {
    const page = { limit: limit + 1, ...(cursor === undefined ? {} : { after: cursor as Id<'req'> }) };
    const found = [...listRequirements(this.#view(), page)];
    return pageOf(found, limit, ([id]) => id, ([id, entry]) => toRequirement(id, entry));
  }

  requirement(id: Id<'req'>): contractApi.Requirement {
    return toRequirement(id, known(readRequirement(this.#view(), id), 'requirement'));
  }

  /** Every open requirement's identifier: whose policies agents hold. */
  openRequirements(): Set<string> {
    const open = new Set<string>();
    for (const [id, { status }] of listRequirements(this.#view(), { limit: Number.MAX_SAFE_INTEGER })) if (status === 'open') open.add(id);
    return open;
  }

  policyHash(id: Id<'req'>): Uint8Array {
    return known(readRequirement(this.#view(), id), 'requirement').terms.policyHash;
  }

  claims({ cursor, limit = DEFAULT_LIMIT, requirementId }: PageQuery & { readonly requirementId?: string }) {
    const view = this.#view();
    const found: [string, ClaimEntry][] = [];
    const after = cursor === undefined ? {} : { after: claimTable.key(cursor) };
    for (const [key, value] of view.entries(`${claimTable.prefix}/`, after)) {
      const entry = claimTable.decode(value);
      if (requirementId !== undefined && entry.requirementId !== requirementId) continue;
      found.push([key.slice(claimTable.prefix.length + 1), entry]);
      if (found.length > limit) break;
    }
    return pageOf(found, limit, ([id]) => id, ([id, entry]) => toClaim(view, id as Id<'clm'>, entry));
  }

  claim(id: Id<'clm'>): contractApi.Claim {
    const view = this.#view();
    return toClaim(view, id, known(readClaim(view, id), 'claim'));
  }

  account(id: Id<'acc'>) {
    const { balance, nonce } = known(readAccount(this.#view(), id), 'account');
    return { account: id, balance, nonce };
  }

  /** The whole state is walked over for them, a slice at a time. */
  async totals(): Promise<Totals> {
    const totals = await this.#credits.totals();
    const { minted, redeemed, balances, held, vouchers } = totals;
    return { minted, redeemed, balances: Number(balances), held: Number(held), vouchers: Number(vouchers), conserved: areConserved(totals) };
  }

  #view(): StateReader {
    return this.ledger.view();
  }
}

/** @throws CodedError `contract/not-found` */
function known<T>(entry: T | null, what: string): T {
  if (entry === null) throw new CodedError('contract/not-found', `the ledger knows no such ${what}`, { what });
  return entry;
}

function pageOf<Entry, Item>(found: readonly Entry[], limit: number, idOf: (entry: Entry) => string, toItem: (entry: Entry) => Item) {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items: items.map(toItem), nextCursor: found.length > limit && last !== undefined ? idOf(last) : null };
}

function toRequirement(requirementId: Id<'req'>, { terms, institution, taken, settled, status }: RequirementEntry): contractApi.Requirement {
  return {
    requirementId,
    institution,
    keywords: [...terms.keywords],
    policyHash: toHex(terms.policyHash),
    parts: [...terms.parts],
    format: terms.format,
    licence: terms.licence,
    reward: terms.rewardPerRecord,
    quantity: terms.quantity,
    taken,
    settled,
    expiresAtMs: terms.expiresAtMs,
    status,
    circuit: terms.instance,
    acceptsSelfAttested: terms.acceptsSelfAttested,
  };
}

function toClaim(view: StateReader, claimId: Id<'clm'>, entry: ClaimEntry): contractApi.Claim {
  const record = known(recordTable.read(view, entry.recordId), 'record');
  return {
    claimId,
    requirementId: entry.requirementId,
    record: toHex(record.record),
    patient: entry.patient,
    status: entry.status,
    acceptedAtMs: entry.acceptedAtMs,
  };
}
