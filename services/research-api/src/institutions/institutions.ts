import { accountTable, stateKeys } from '@medveil/agreements';
import type { researchApi } from '@medveil/client';
import { fromBase64Url, type Id, makeId, toHex } from '@medveil/encoding';
import { accountId, enrolmentTokenDigest } from '@medveil/identity';
import type { ResearchContext } from '../context.js';
import { ResearchApiError } from '../errors.js';
import type { LedgerLink } from '../ledger/ledger-link.js';
import type { InstitutionRow } from '../tables.js';
import { ENROL } from './enrolment.js';
import { type InstitutionSecrets, keysFromSeed } from './institution-keys.js';
import type { InstitutionStore, Position } from './institution-store.js';

/** The institutions of this agent, each with its own keys. */
export class Institutions {
  constructor(
    private readonly context: ResearchContext,
    private readonly store: InstitutionStore,
    private readonly secrets: InstitutionSecrets,
    private readonly link: LedgerLink,
  ) {}

  /**
   * One institution per enrolment id. The enrolment itself goes on in the background.
   * @throws ResearchApiError `research-api/enrolment-in-use` for another name, `research-api/too-many-institutions`
   */
  async create({ name, enrolment }: researchApi.CreateInstitution): Promise<researchApi.Institution> {
    const known = await this.store.byEnrolmentId(enrolment.enrolmentId);
    if (known !== undefined && known.name !== name) {
      throw new ResearchApiError('research-api/enrolment-in-use', 'this enrolment id stands for another institution');
    }
    const token = fromBase64Url(enrolment.token);
    const institutionId = known?.institutionId ?? (await this.#make(name, enrolment.enrolmentId, token));
    if (known?.status === 'refused') await this.#enrolAgain(known, token);
    this.context.jobs.notify();
    return this.view(await this.store.get(institutionId));
  }

  /** @throws ResearchApiError `research-api/unknown-institution` */
  async require(institutionId: Id<'ins'>): Promise<void> {
    await this.store.get(institutionId);
  }

  async #make(name: string, enrolmentId: string, token: Uint8Array): Promise<Id<'ins'>> {
    const { context, store, secrets } = this;
    const { clock, random, pre, database, settings } = context;
    if ((await store.count()) >= settings.maxInstitutions) {
      throw new ResearchApiError('research-api/too-many-institutions', 'this agent takes on no more institutions', { limit: settings.maxInstitutions });
    }
    const institutionId = makeId('ins', random(16));
    const seed = random(32);
    const { account } = await keysFromSeed(seed, pre);
    await secrets.putSeed(institutionId, seed);
    await secrets.putToken(institutionId, token);
    const row: InstitutionRow = {
      institutionId, name, enrolmentId, account: accountId(account.publicKey), status: 'enrolling', code: null, request: null, member: null, certificate: null,
      certificateUntilMs: null, createdAtMs: clock(),
    };
    const isNew = await database.transaction(async (tx) => {
      if (!(await store.insert(tx, row))) return false;
      await context.jobs.enqueue(tx, ENROL, { key: jobKey(institutionId, token), payload: { institutionId } });
      return true;
    });
    if (!isNew) throw new ResearchApiError('research-api/enrolment-in-use', 'this enrolment id is being taken on');
    return institutionId;
  }

  async #enrolAgain({ institutionId }: InstitutionRow, token: Uint8Array): Promise<void> {
    const { context, store, secrets } = this;
    await secrets.putToken(institutionId, token);
    await context.database.transaction(async (tx) => {
      const enqueued = await context.jobs.enqueue(tx, ENROL, { key: jobKey(institutionId, token), payload: { institutionId } });
      if (enqueued === 'enqueued') await store.update(tx, institutionId, { status: 'enrolling', code: null });
    });
  }

  get(institutionId: Id<'ins'>, waitMs: number, signal: AbortSignal): Promise<researchApi.Institution> {
    const read = async () => this.view(await this.store.get(institutionId));
    return this.context.changes.until(read, ({ status }) => status === 'refused', waitMs, signal);
  }

  async page(after: Position | undefined, limit: number): Promise<{ rows: InstitutionRow[]; views: researchApi.Institution[] }> {
    const rows = await this.store.page(after, limit + 1);
    return { rows, views: await Promise.all(rows.slice(0, limit).map(async (row) => this.view(row))) };
  }

  /** @throws ResearchApiError `research-api/unknown-institution`, `research-api/not-pinned` */
  async pinned(institutionId: Id<'ins'>): Promise<InstitutionRow> {
    const row = await this.store.get(institutionId);
    if (row.status !== 'pinned') throw new ResearchApiError('research-api/not-pinned', 'the consortium has not pinned this institution', { status: row.status });
    return row;
  }

  async view({ institutionId, name, enrolmentId, account, status, code }: InstitutionRow): Promise<researchApi.Institution> {
    const balance = status === 'pinned' ? await this.#balance(account) : 0;
    return { institutionId, name, enrolmentId, account, status, code, pinned: status === 'pinned', balance };
  }

  async #balance(account: Id<'acc'>): Promise<number> {
    const value = await this.link.access.readState(stateKeys.account(account));
    return value === undefined ? 0 : accountTable.decode(value).balance;
  }
}

/** A token is tried once: the same again is the same job. */
const jobKey = (institutionId: Id<'ins'>, token: Uint8Array): string => `${institutionId}/${toHex(enrolmentTokenDigest(token)).slice(0, 16)}`;
