import { decodeTransaction } from '@medveil/agreements';
import { type CursorStore, type FollowerCursor, LedgerFollower, placedEvents, type VerifiedBlock } from '@medveil/client';
import { defineJob, type Jobs } from '@medveil/database';
import { fromBase64Url, type Id, idSchema, isCodedError, toBase64Url } from '@medveil/encoding';
import { LedgerCursor, type TrailStore } from '@medveil/host';
import { accountId, decodeTCert, passphraseWrapping, type PatientKeys } from '@medveil/identity';
import { transactionIdOf } from '@medveil/ledger';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import type { Connections } from '../ledger/connections.js';
import { parties, patients, pseudonyms, transactions } from '../tables.js';
import { VoucherDiscovery } from '../vouchers/voucher-discovery.js';
import { openPurse } from '../vouchers/voucher-events.js';
import type { VoucherMaker } from '../vouchers/voucher-maker.js';
import type { Keyring } from './keyring.js';
import { type Patients, PREPARE_PATIENT } from './patients.js';

export const RESTORE = defineJob({ name: 'restore-patient', payload: z.strictObject({ patientId: idSchema('pat') }), maxAttempts: 200, backoffMs: { first: 1_000, longest: 60_000 } });

/**
 * So many indexes in a row without a trace on the ledger end the search: batches hold at most 256 pseudonyms, of which few are
 * used, and an agent that was restored before went on this far beyond.
 */
const GAP = 2_048;
/** A restored agent goes on so far beyond the last index with a trace: certified before, a key is never certified again. */
const SKIPPED = 1_024;
/** Record secrets leave no trace: they go on at an index that no earlier restoration can have reached. */
const RECORD_EPOCH_MS = Date.UTC(2020, 0, 1);

interface Found {
  readonly index: number;
  certificate: Uint8Array | null;
  /** what it had accepted, in its order */
  readonly sent: (typeof transactions.$inferInsert)[];
}

/** A patient's pseudonyms on the ledger, found from the seed alone: keys are derived ahead of the last one with a trace. */
class Discovery {
  readonly #candidates = new Map<Id<'acc'>, number>();
  readonly found = new Map<Id<'acc'>, Found>();
  #derived = 0;

  constructor(private readonly keys: PatientKeys) {
    this.#deriveTo(GAP);
  }

  get lastIndex(): number {
    return Math.max(-1, ...[...this.found.values()].map(({ index }) => index));
  }

  read(block: VerifiedBlock): void {
    for (const placed of placedEvents(block)) if (placed?.event.type === 'account-registered') this.#registered(placed.event.data.account);
    for (const { ok, index, height } of block.receipts) {
      const bytes = block.transactions[index];
      if (ok && bytes !== undefined) this.#sent(bytes, height);
    }
  }

  #registered(account: Id<'acc'>): void {
    const index = this.#candidates.get(account);
    if (index === undefined) return;
    this.found.set(account, { index, certificate: null, sent: [] });
    this.#deriveTo(index + 1 + GAP);
  }

  /** The T-Cert comes with an account's first transaction. */
  #sent(bytes: Uint8Array, acceptedHeight: number): void {
    const { sender, certificate, nonce, validUntilMs, body } = decodeTransaction(bytes);
    const account = accountId(sender);
    const found = this.found.get(account);
    if (found === undefined) return;
    found.certificate ??= certificate;
    const round = found.sent.filter(({ kind }) => kind === body.type).length;
    found.sent.push({ account, kind: body.type, round, nonce, transactionId: transactionIdOf(bytes), bytes, validUntilMs, acceptedHeight });
  }

  #deriveTo(count: number): void {
    for (; this.#derived < count; this.#derived += 1) this.#candidates.set(accountId(this.keys.pseudonym(this.#derived).account.publicKey), this.#derived);
  }
}

/** Where a reading of the whole chain stands; forgotten when it is done. */
class FromTheStart implements CursorStore {
  #at: FollowerCursor | null = null;
  load = async (): Promise<FollowerCursor | null> => this.#at;
  save = async (cursor: FollowerCursor): Promise<void> => void (this.#at = cursor);
}

/** Backup and recovery of a patient: everything on the ledger follows from the seed. */
export class Restorations {
  readonly #cursor: LedgerCursor;

  constructor(
    private readonly context: AgentContext,
    private readonly parts: { readonly patients: Patients; readonly keyring: Keyring; readonly connections: Connections; readonly trail: TrailStore; readonly maker: Pick<VoucherMaker, 'keys'>; readonly jobs: Jobs },
  ) {
    this.#cursor = new LedgerCursor(context.database);
    parts.jobs.handle(RESTORE, ({ payload, signal }) => this.#restore(payload.patientId, signal));
  }

  /** The seed, sealed under a passphrase. @throws PatientApiError `patient-api/unknown-patient` */
  async backup(patientId: Id<'pat'>, passphrase: string): Promise<string> {
    await this.parts.patients.get(patientId);
    return toBase64Url(await passphraseWrapping(passphrase, this.context.random).wrap(await this.parts.keyring.seed(patientId)));
  }

  /** @throws PatientApiError `patient-api/bad-backup`, `patient-api/patient-known` */
  async begin(patientId: Id<'pat'>, label: string, backup: { readonly backup: string; readonly passphrase: string } | undefined): Promise<void> {
    const { patients: known, keyring, jobs } = this.parts;
    const seed = backup === undefined ? await this.#seedInVault(patientId) : await this.#unseal(backup);
    if (!(await keyring.restore(patientId, seed))) throw new PatientApiError('patient-api/bad-backup', 'the vault holds another seed of this patient');
    await known.readmit(patientId, label, async (tx) => void (await jobs.enqueue(tx, RESTORE, { key: `${patientId}/${this.context.clock()}`, payload: { patientId } })));
    jobs.notify();
  }

  async #seedInVault(patientId: Id<'pat'>): Promise<Uint8Array> {
    return this.parts.keyring.seed(patientId).catch((cause: unknown) => {
      throw new PatientApiError('patient-api/bad-backup', 'the vault holds no seed of this patient: a backup is needed', {}, { cause });
    });
  }

  async #unseal({ backup, passphrase }: { readonly backup: string; readonly passphrase: string }): Promise<Uint8Array> {
    try {
      return await passphraseWrapping(passphrase, this.context.random).unwrap(fromBase64Url(backup));
    } catch (cause) {
      throw new PatientApiError('patient-api/bad-backup', 'the passphrase does not open the backup', { code: isCodedError(cause) ? cause.code : 'malformed' }, { cause });
    }
  }

  /** Reads the chain from its beginning, as everybody may: nobody is asked for the patient's accounts. Begins anew where it broke off. */
  async #restore(patientId: Id<'pat'>, signal: AbortSignal): Promise<void> {
    const { keyring, connections, trail } = this.parts;
    const { database, network } = this.context;
    const keys = await keyring.of(patientId);
    const discovery = new Discovery(keys);
    const earned = new VoucherDiscovery(this.context.chainId, keys, await this.parts.maker.keys(), (account) => discovery.found.get(account)?.index);
    const follower = new LedgerFollower({
      genesis: fromBase64Url(network.genesis), contract: connections.reader, cursor: new FromTheStart(),
      handle: async (block) => {
        discovery.read(block);
        earned.read(block);
        const whose = new Map([...discovery.found.keys()].map((account) => [account, patientId] as const));
        await database.transaction((tx) => trail.keep(tx, block, async () => whose));
      },
    });
    await follower.start();
    try {
      for (;;) {
        await follower.reached((await this.#cursor.load())?.height ?? 0, signal);
        if (await this.#finish(patientId, discovery, earned, follower.height)) return;
      }
    } finally {
      await follower.stop();
    }
  }

  /** From here on the agent's own following of the ledger keeps the trail: no block falls between the two. @returns false where one would */
  async #finish(patientId: Id<'pat'>, discovery: Discovery, earned: VoucherDiscovery, height: number): Promise<boolean> {
    const { database, clock } = this.context;
    const { jobs } = this.parts;
    const next = discovery.lastIndex + 1 + SKIPPED;
    const isDone = await database.transaction(async (tx) => {
      const followed = await this.#cursor.load(tx, true);
      if (followed !== null && followed.height > height) return false;
      for (const [account, { index, certificate, sent }] of discovery.found) {
        if (certificate === null) continue;
        const { notBeforeMs, notAfterMs } = decodeTCert(certificate);
        await tx.insert(pseudonyms).values({ partyId: patientId, index, account, certificate, notBeforeMs, notAfterMs, usedFor: 'restored' }).onConflictDoNothing();
        if (sent.length > 0) await tx.insert(transactions).values(sent).onConflictDoNothing();
        // Whatever it still holds becomes vouchers, and those that were signed are made.
        await openPurse({ tx, context: this.context, jobs }, { account, patientId, pseudonymIndex: index }, `restored/${clock()}`);
      }
      await earned.write(tx, patientId);
      await tx.update(parties).set({ nextPseudonym: next }).where(eq(parties.partyId, patientId));
      const nextRecord = Math.floor((clock() - RECORD_EPOCH_MS) / 1_000);
      await tx.update(patients).set({ isRestoring: false, nextInstance: nextRecord, nextRecord }).where(eq(patients.patientId, patientId));
      await jobs.enqueue(tx, PREPARE_PATIENT, { key: `${patientId}/restored`, payload: { patientId } });
      return true;
    });
    if (isDone) jobs.notify();
    return isDone;
  }
}
