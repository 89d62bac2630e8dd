import { type AgreementEvent, type EventData, type Readable, type VoucherKey, voucherKeysTable, voucherKeyTable } from '@medveil/agreements';
import type { Jobs, Queries, TransactionQueries } from '@medveil/database';
import { type Id, toHex } from '@medveil/encoding';
import { voucherKeyId } from '@medveil/vouchers';
import { and, eq, ne } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { HOSPITAL, pseudonyms, purses, voucherKeys, vouchers } from '../tables.js';
import { drawDelayMs } from './delay.js';
import { PURSE } from './job.js';

type Context = Pick<AgentContext, 'clock' | 'random' | 'settings'>;

/** What an event needs besides itself. */
export interface VoucherEventContext {
  readonly tx: TransactionQueries;
  readonly context: Context;
  readonly jobs: Pick<Jobs, 'enqueue'>;
}

/** What the ledger says of vouchers and of payments to this agent's patients. @returns whether there is something to do now */
export async function applyVoucherEvent(at: VoucherEventContext, event: AgreementEvent): Promise<boolean> {
  if (event.type === 'settled') return paid(at, event.data);
  if (event.type === 'vouchers-issued') return issued(at, event.data);
  if (event.type === 'voucher-request-lapsed') return lapsed(at, event.data);
  if (event.type === 'voucher-keys-set') await replaceVoucherKeys(at.tx, event.data.voucherKeys);
  return false;
}

/** Keys pinned from the start. */
export async function keepGenesisVoucherKeys(on: Queries, state: Readable): Promise<void> {
  for (const id of voucherKeysTable.read(state) ?? []) {
    const entry = voucherKeyTable.read(state, toHex(id));
    if (entry === null) continue;
    const { denomination, publicKey, issuing } = entry;
    await on.insert(voucherKeys).values({ keyId: toHex(id), denomination, publicKey, issuing }).onConflictDoNothing();
  }
}

async function replaceVoucherKeys(tx: TransactionQueries, keys: readonly VoucherKey[]): Promise<void> {
  await tx.update(voucherKeys).set({ issuing: false });
  for (const { denomination, publicKey, issuing } of keys) {
    const row = { keyId: toHex(voucherKeyId(publicKey)), denomination, publicKey, issuing };
    await tx.insert(voucherKeys).values(row).onConflictDoUpdate({ target: voucherKeys.keyId, set: row });
  }
}

async function paid(at: VoucherEventContext, { patient: account, claimId }: EventData<'settled'>): Promise<boolean> {
  const [own] = await at.tx.select().from(pseudonyms).where(and(eq(pseudonyms.account, account), ne(pseudonyms.partyId, HOSPITAL)));
  if (own === undefined || own.partyId === HOSPITAL) return false;
  await openPurse(at, { account, patientId: own.partyId, pseudonymIndex: own.index }, claimId);
  return true;
}

/**
 * An account whose credits are to become vouchers; the treasury is not asked before a time that is drawn.
 * @param occasion what put credits there: each is followed up once
 */
export async function openPurse({ tx, context, jobs }: VoucherEventContext, whose: { account: Id<'acc'>; patientId: Id<'pat'>; pseudonymIndex: number }, occasion: string): Promise<void> {
  const { clock, random, settings } = context;
  const dueAtMs = clock() + drawDelayMs(random, settings.voucherDelayMs);
  const later = { dueAtMs, updatedAtMs: clock() };
  await tx.insert(purses).values({ ...whose, ...later }).onConflictDoUpdate({ target: purses.account, set: later });
  await jobs.enqueue(tx, PURSE, { key: `${whose.account}/${occasion}`, payload: { account: whose.account } });
}

async function issued({ tx, jobs }: VoucherEventContext, { requestId, account, signatures }: EventData<'vouchers-issued'>): Promise<boolean> {
  const asked = await tx.select().from(vouchers).where(and(eq(vouchers.requestId, requestId), eq(vouchers.status, 'asked')));
  for (const { round, position } of asked) {
    const here = and(eq(vouchers.account, account), eq(vouchers.round, round), eq(vouchers.position, position));
    await tx.update(vouchers).set({ status: 'signed', blindSignature: signatures[position] ?? null }).where(here);
  }
  if (asked.length === 0) return false;
  await jobs.enqueue(tx, PURSE, { key: `${account}/${requestId}`, payload: { account } });
  return true;
}

/** The credits are back: asked for again, at another time. */
async function lapsed(at: VoucherEventContext, { requestId, account }: EventData<'voucher-request-lapsed'>): Promise<boolean> {
  const which = and(eq(vouchers.requestId, requestId), eq(vouchers.status, 'asked'));
  const returned = await at.tx.update(vouchers).set({ status: 'returned' }).where(which).returning({ position: vouchers.position });
  if (returned.length === 0) return false;
  const [purse] = await at.tx.select().from(purses).where(eq(purses.account, account));
  if (purse === undefined) return false;
  await openPurse(at, { account, patientId: purse.patientId, pseudonymIndex: purse.pseudonymIndex }, requestId);
  return true;
}
