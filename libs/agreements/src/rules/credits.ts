import { ensure } from '../errors.js';
import { accountTable, supplyTable } from '../state.js';
import type { BodyOf } from '../transactions.js';
import type { AccountId } from '../vocabulary.js';
import { accountOf, type SenderCall, type State } from './call.js';

/** Adds to a balance. Whoever calls takes the same amount from somewhere else: the draft's commit checks it. */
export function credit(state: State, id: AccountId, amount: number): void {
  if (amount === 0) return;
  const account = accountOf(state, id);
  accountTable.write(state, { ...account, balance: account.balance + amount }, id);
}

/** @throws Rejection `agreements/insufficient-funds` */
export function debit(state: State, id: AccountId, amount: number): void {
  if (amount === 0) return;
  const account = accountOf(state, id);
  ensure(account.balance >= amount, 'agreements/insufficient-funds', 'the account does not hold that much', { balance: account.balance, amount });
  accountTable.write(state, { ...account, balance: account.balance - amount }, id);
}

export function mint(call: SenderCall, body: BodyOf<'mint'>): void {
  const { state } = call;
  const supply = supplyTable.read(state) ?? { minted: 0, redeemed: 0 };
  // The supply bounds every sum of credits, so no balance, escrow or hold can leave the safe integers.
  ensure(Number.isSafeInteger(supply.minted + body.amount), 'agreements/amount-too-large', 'more credits than can be counted', { minted: supply.minted, amount: body.amount });
  const account = accountTable.read(state, body.account);
  ensure(account !== null, 'agreements/unknown-account', 'credits are minted to a registered account', { account: body.account });
  supplyTable.write(state, { ...supply, minted: supply.minted + body.amount });
  credit(state, body.account, body.amount);
  call.emit('credits-minted', { account: body.account, amount: body.amount, reference: body.reference });
}

export function redeem(call: SenderCall, body: BodyOf<'redeem'>): void {
  const { state, sender } = call;
  debit(state, sender.id, body.amount);
  const supply = supplyTable.read(state) ?? { minted: 0, redeemed: 0 };
  supplyTable.write(state, { ...supply, redeemed: supply.redeemed + body.amount });
  call.emit('credits-redeemed', { account: sender.id, amount: body.amount, reference: body.reference });
}
