import {
  accountTable, approvedOpening, type BodyOf, eventSchema, membersTable, memberTable, type OpeningEntry, openingTable, stateKeys, type Table,
} from '@medveil/agreements';
import type { auditorApi } from '@medveil/client';
import { type CborValue, fromBase64Url, fromHex, type Id, isCodedError, type RandomBytes, toBase64Url, toHex } from '@medveil/encoding';
import { committeesOf, giveShare, type Network, type OpeningOnLedger } from '@medveil/host';
import { combineShares, type OpenedShare, openedShareFits, unsealOpenedShare } from '@medveil/identity';
import type { AuditorContext } from '../context.js';
import { AuditorError } from '../errors.js';
import type { CertificateStore } from './certificate-store.js';

type Request = BodyOf<'request-opening'>;

/** Ordered and approved on the ledger first; then each holder gives its share, sealed to the auditor who asked, who puts them together. */
export class Openings {
  constructor(
    private readonly context: AuditorContext,
    private readonly network: Network,
    private readonly certificates: CertificateStore,
    private readonly random: RandomBytes,
  ) {}

  /** @throws LedgerRejection */
  async request(request: Omit<Request, 'type' | 'evidenceHash'> & { readonly evidenceHash: string }): Promise<auditorApi.Opening> {
    const { ledger, account } = this.context;
    const receipt = await ledger.execute({ account }, { type: 'request-opening', ...request, evidenceHash: fromHex(request.evidenceHash) });
    const asked = receipt.events.map((event) => eventSchema.parse(event)).find(({ type }) => type === 'opening-requested');
    if (asked?.type !== 'opening-requested') throw new AuditorError('auditor/inconsistent-ledger', 'an accepted request without its event');
    return this.get(asked.data.openingId);
  }

  /** @throws LedgerRejection */
  async approve(openingId: Id<'opn'>): Promise<auditorApi.Opening> {
    await this.context.ledger.execute({ account: this.context.account }, { type: 'approve-opening', openingId });
    return this.get(openingId);
  }

  /** @throws AuditorError `auditor/unknown-opening` */
  async get(openingId: Id<'opn'>): Promise<auditorApi.Opening> {
    const opening = await this.#opening(openingId);
    const { account, reason, claimId, evidenceHash, requestedBy, approvals, approveUntilMs, approvedAtMs } = opening;
    const certificate = await this.certificates.find(account);
    return {
      openingId, account, reason, claimId, evidenceHash: toHex(evidenceHash), requestedBy, approvals, approveUntilMs, approvedAtMs,
      certificate: certificate === null ? null : toBase64Url(certificate),
    };
  }

  /** This auditor's share, for the auditor who asked. @throws CodedError of `giveShare` */
  async share(openingId: Id<'opn'>): Promise<Uint8Array> {
    const { settings, hpke, log } = this.context;
    const onLedger = await this.#onLedger(openingId);
    const holder = { committee: 'auditors', id: settings.auditor, hpke } as const;
    const sealed = await giveShare(this.network, holder, onLedger, await this.#certificate(onLedger.opening), this.random);
    log.info('opening-share-given', { resource: openingId });
    return sealed;
  }

  /**
   * The enrolment id behind the pseudonym. A share that is not for this auditor and request, or is not the one sealed, counts for nothing.
   * @throws AuditorError `auditor/not-the-requester`; IdentityError `identity/too-few-shares`
   */
  async identity(openingId: Id<'opn'>, sealed: readonly Uint8Array[]): Promise<string> {
    const { accountId, hpke, chainId, log } = this.context;
    const { opening, account } = await this.#onLedger(openingId);
    if (opening.requestedBy !== accountId) throw new AuditorError('auditor/not-the-requester', 'the shares are sealed to the auditor who asked');
    const ordered = { chainId, pkgPublicKey: fromBase64Url(this.network.pkgPublicKey), opening, account };
    const approved = approvedOpening(ordered, await this.#certificate(opening));
    const shares: OpenedShare[] = [];
    for (const bytes of sealed) {
      const share = await unsealOpenedShare(bytes, hpke, openingId).catch((error: unknown) => {
        if (isCodedError(error)) return undefined;
        throw error;
      });
      if (share !== undefined && openedShareFits(approved.opening, approved.binding, share)) shares.push(share);
    }
    const identity = await combineShares({ ...approved, committees: committeesOf(this.network), shares });
    log.info('pseudonym-opened', { resource: openingId, count: shares.length });
    return identity;
  }

  #opening(openingId: Id<'opn'>): Promise<OpeningEntry> {
    return this.#entry(openingTable, stateKeys.opening(openingId));
  }

  async #onLedger(openingId: Id<'opn'>): Promise<OpeningOnLedger> {
    const opening = await this.#opening(openingId);
    const auditors = await this.#entry(membersTable, stateKeys.members('auditor'));
    if (!auditors.includes(opening.requestedBy)) throw new AuditorError('auditor/unknown-opening', 'the auditor who asked is not pinned any more');
    const [account, requester] = [await this.#entry(accountTable, stateKeys.account(opening.account)), await this.#entry(memberTable, stateKeys.member(opening.requestedBy))];
    return { openingId, opening, account, requester };
  }

  async #entry<Entry, Name extends readonly string[]>(table: Table<Entry, Name>, key: string): Promise<Entry> {
    const value: CborValue | undefined = await this.context.ledger.readState(key);
    if (value === undefined) throw new AuditorError('auditor/unknown-opening', 'the ledger has no such request');
    return table.decode(value);
  }

  async #certificate({ account }: OpeningEntry): Promise<Uint8Array> {
    const certificate = await this.certificates.find(account);
    if (certificate === null) throw new AuditorError('auditor/unknown-opening', 'this auditor has not followed to the certificate of the pseudonym');
    return certificate;
  }
}
