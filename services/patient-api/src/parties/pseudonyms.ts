import { KeyedQueue, type PkgClient } from '@medveil/client';
import type { TransactionQueries } from '@medveil/database';
import { fromBase64Url, type Id, toBase64Url, toHex } from '@medveil/encoding';
import {
  acceptTCert, accountId, type Committee, createTCertRequest, decodeOpeningWitness, epochAt, type OpeningCommittees, type PseudonymKeys, type SigningKeyPair, validityOfEpoch,
} from '@medveil/identity';
import type { OwnerKey } from '@medveil/pre';
import { and, asc, count, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import { HOSPITAL, parties, type PartyId, pseudonyms, tCertRequests } from '../tables.js';
import type { EnrolledParty, Enrolments } from './enrolments.js';
import type { Keyring } from './keyring.js';

/** Nothing is begun with a pseudonym that ends within this time, or within a quarter of its life. */
const LEAST_LIFE_MS = 60 * 60_000;

/** A pseudonym that was drawn, with its keys. */
export interface Pseudonym {
  readonly partyId: PartyId;
  readonly index: number;
  readonly account: Id<'acc'>;
  readonly key: SigningKeyPair;
  readonly ownerKey: OwnerKey;
  /** T-Cert */
  readonly certificate: Uint8Array;
  readonly notAfterMs: number;
}

/**
 * T-Certs in batches, each drawn once: an instance of a record has a pseudonym of its own. Keys derive from the party's seed
 * by index, and an index is never used twice.
 */
export class Pseudonyms {
  readonly #queue = new KeyedQueue();

  constructor(
    private readonly context: AgentContext,
    private readonly keyring: Keyring,
    private readonly enrolments: Enrolments,
  ) {}

  /** How many can be drawn now. */
  async unused(partyId: PartyId): Promise<number> {
    const [row] = await this.context.database.queries.select({ number: count() }).from(pseudonyms).where(this.#usable(partyId));
    return row?.number ?? 0;
  }

  /** Asks the PKG for a batch where fewer than `atLeast` can be drawn. Idempotent; requests survive a restart. */
  async ensure(partyId: PartyId, atLeast: number, batch = this.context.settings.pseudonymBatch): Promise<void> {
    await this.#queue.run(partyId, async () => {
      const party = await this.enrolments.ensure(partyId);
      const pkg = await this.enrolments.client(party);
      await this.#finishRequests(party, pkg);
      if ((await this.unused(partyId)) >= atLeast) return;
      await this.#newRequest(party, Math.max(batch, atLeast));
      await this.#finishRequests(party, pkg);
    });
  }

  /**
   * Takes an unused pseudonym for good.
   * @param purpose what it is used for: an exchange's id
   * @throws PatientApiError `patient-api/no-pseudonym`
   */
  async draw(tx: TransactionQueries, partyId: PartyId, purpose: string): Promise<typeof pseudonyms.$inferSelect> {
    const [row] = await tx.select().from(pseudonyms).where(this.#usable(partyId)).orderBy(asc(pseudonyms.index)).limit(1).for('update');
    if (row === undefined) throw new PatientApiError('patient-api/no-pseudonym', 'no unused pseudonym is left; the next batch is asked for, try again');
    await tx.update(pseudonyms).set({ usedFor: purpose }).where(and(eq(pseudonyms.partyId, partyId), eq(pseudonyms.index, row.index)));
    return row;
  }

  /** A drawn pseudonym with its keys. @throws PatientApiError `patient-api/no-pseudonym` */
  async load(partyId: PartyId, index: number): Promise<Pseudonym> {
    const [row] = await this.context.database.queries
      .select()
      .from(pseudonyms)
      .where(and(eq(pseudonyms.partyId, partyId), eq(pseudonyms.index, index)));
    if (row === undefined) throw new PatientApiError('patient-api/no-pseudonym', 'the pseudonym is not known');
    return this.#withKeys(row);
  }

  async #withKeys({ partyId, index, account, certificate, notAfterMs }: typeof pseudonyms.$inferSelect): Promise<Pseudonym> {
    const { account: key, ownerSeed } = await this.#keys(partyId, index);
    return { partyId, index, account, key, ownerKey: this.context.pre.ownerKeyFromSeed(ownerSeed), certificate, notAfterMs };
  }

  async #keys(partyId: PartyId, index: number): Promise<PseudonymKeys> {
    return (await this.keyring.of(partyId)).pseudonym(index);
  }

  /** Which of these accounts are pseudonyms of patients, and whose. */
  async patientsOf(tx: TransactionQueries, accounts: readonly Id<'acc'>[]): Promise<Map<Id<'acc'>, Id<'pat'>>> {
    const rows = await tx.select({ partyId: pseudonyms.partyId, account: pseudonyms.account }).from(pseudonyms).where(inArray(pseudonyms.account, [...accounts]));
    return new Map(rows.flatMap(({ partyId, account }) => (partyId === HOSPITAL ? [] : [[account, partyId] as const])));
  }

  /** All accounts that a party was ever certified, in the order of their indexes. */
  async accountsOf(partyId: PartyId): Promise<Id<'acc'>[]> {
    const rows = await this.context.database.queries.select({ account: pseudonyms.account }).from(pseudonyms).where(eq(pseudonyms.partyId, partyId)).orderBy(asc(pseudonyms.index));
    return rows.map(({ account }) => account);
  }

  /** The one that was drawn for a purpose before and still lasts, or a new one. */
  async standing(partyId: PartyId, purpose: string): Promise<Pseudonym> {
    const { database } = this.context;
    const held = await database.queries
      .select()
      .from(pseudonyms)
      .where(and(eq(pseudonyms.partyId, partyId), eq(pseudonyms.usedFor, purpose), gt(pseudonyms.notAfterMs, this.#leastNotAfterMs())))
      .orderBy(asc(pseudonyms.index))
      .limit(1);
    if (held[0] !== undefined) return this.#withKeys(held[0]);
    await this.ensure(partyId, 1, 1);
    return this.#withKeys(await database.transaction((tx) => this.draw(tx, partyId, purpose)));
  }

  #leastNotAfterMs(): number {
    const { epochMs, lifetimeEpochs } = this.context.network.epochs;
    return this.context.clock() + Math.min(LEAST_LIFE_MS, (epochMs * lifetimeEpochs) / 4);
  }

  /** Of the present epoch only: who still drew from the stock of the last one would be told apart by it from those who came later. */
  #usable(partyId: PartyId) {
    const { clock, network: { epochs } } = this.context;
    const { notBeforeMs } = validityOfEpoch(epochAt(clock(), epochs), epochs);
    return and(
      eq(pseudonyms.partyId, partyId), isNull(pseudonyms.usedFor), eq(pseudonyms.notBeforeMs, notBeforeMs), gt(pseudonyms.notAfterMs, this.#leastNotAfterMs()),
    );
  }

  async #newRequest(party: EnrolledParty, size: number): Promise<void> {
    const { database, network, clock, random, chainId, pre } = this.context;
    const { partyId, enrolmentId, role } = party;
    const [advanced] = await database.queries
      .update(parties)
      .set({ nextPseudonym: sql`${parties.nextPseudonym} + ${size}` })
      .where(eq(parties.partyId, partyId))
      .returning({ next: parties.nextPseudonym });
    const firstIndex = (advanced?.next ?? size) - size;
    const keys = await this.keyring.of(partyId);
    const entries = Array.from({ length: size }, (_, offset) => {
      const { account, ownerSeed } = keys.pseudonym(firstIndex + offset);
      const ownerKey = pre.ownerKeyFromSeed(ownerSeed);
      return { account, preKey: { publicKey: ownerKey.publicKey, prove: (context: Uint8Array) => pre.proveOwnerKey(ownerKey, context, random) } };
    });
    const requestId = random(16);
    const epoch = epochAt(clock(), network.epochs);
    const request = createTCertRequest({ chainId, enrolmentId, role, requestId, epoch, pseudonyms: entries }, keys.enrolment);
    await database.queries.insert(tCertRequests).values({ requestId: toHex(requestId), partyId, epoch, firstIndex, count: size, request });
  }

  async #finishRequests(party: EnrolledParty, pkg: PkgClient): Promise<void> {
    const { database, network, clock } = this.context;
    const open = await database.queries.select().from(tCertRequests).where(eq(tCertRequests.partyId, party.partyId)).orderBy(asc(tCertRequests.firstIndex));
    for (const row of open) {
      // Certificates begin in the present epoch or the next: an older request is of no use, and its keys are left unused.
      if (row.epoch >= epochAt(clock(), network.epochs)) await this.#finish(party, pkg, row);
      else await database.queries.delete(tCertRequests).where(eq(tCertRequests.requestId, row.requestId));
    }
  }

  async #finish(party: EnrolledParty, pkg: PkgClient, row: typeof tCertRequests.$inferSelect): Promise<void> {
    const { database } = this.context;
    const { certificates } = await pkg.requestTCerts({ request: toBase64Url(row.request), certificate: toBase64Url(party.certificate) });
    if (certificates.length !== row.count) throw new PatientApiError('patient-api/no-pseudonym', 'the PKG answered with another number of T-Certs than asked for');
    const accepted: (typeof pseudonyms.$inferInsert)[] = [];
    for (const [offset, issued] of certificates.entries()) {
      accepted.push(await this.#accept(party, row.firstIndex + offset, fromBase64Url(issued.certificate), fromBase64Url(issued.witness)));
    }
    await database.transaction(async (tx) => {
      await tx.insert(pseudonyms).values(accepted).onConflictDoNothing();
      await tx.delete(tCertRequests).where(eq(tCertRequests.requestId, row.requestId));
    });
  }

  /** The holder's check: the right keys, and an opening that carries this enrolment and can be opened by those it should be. */
  async #accept(party: EnrolledParty, index: number, certificate: Uint8Array, witness: Uint8Array): Promise<typeof pseudonyms.$inferInsert> {
    const { network, chainId, clock, pre } = this.context;
    const { partyId, enrolmentId, role } = party;
    const { account, ownerSeed } = await this.#keys(partyId, index);
    const cert = await acceptTCert({ certificate, witness: decodeOpeningWitness(witness) }, {
      pkgPublicKey: fromBase64Url(network.pkgPublicKey),
      chainId,
      atMs: clock(),
      enrolmentId,
      role,
      accountKey: account.publicKey,
      preKey: pre.ownerKeyFromSeed(ownerSeed).publicKey,
      committees: committeesOf(network),
    });
    const { notBeforeMs, notAfterMs } = cert;
    return { partyId, index, account: accountId(account.publicKey), certificate, notBeforeMs, notAfterMs };
  }
}

const committeesOf = ({ opening }: AgentContext['network']): OpeningCommittees => ({
  auditors: committeeOf(opening.auditors),
  replicas: committeeOf(opening.replicas),
});

const committeeOf = ({ threshold, members }: AgentContext['network']['opening']['auditors']): Committee => ({
  threshold,
  members: members.map(({ id, hpkePublicKey }) => ({ id, publicKey: fromBase64Url(hpkePublicKey) })),
});
