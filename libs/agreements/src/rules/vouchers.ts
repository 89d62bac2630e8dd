import { toHex } from '@medveil/encoding';
import { voucherKeyId } from '@medveil/vouchers';
import { addDeadline, removeDeadline } from '../deadlines.js';
import { voucherRequestIdOf } from '../envelope.js';
import { AgreementsFault, ensure } from '../errors.js';
import type { VoucherKey } from '../parameters.js';
import { spentVoucherTable, type VoucherKeyEntry, voucherKeysTable, voucherKeyTable, type VoucherRequestEntry, voucherRequestTable } from '../state.js';
import type { BodyOf } from '../transactions.js';
import type { VoucherRequestId } from '../vocabulary.js';
import type { Call, SenderCall, State } from './call.js';
import { credit, debit } from './credits.js';

/**
 * Blind vouchers (RFC 9474): a pseudonym gives up credits for vouchers that the treasury signs without seeing them; whoever shows
 * one later is credited, and nothing says where it came from. Credits are conserved throughout: they are the request's, then the key's.
 */
function voucherKeyOf(state: State, keyId: Uint8Array): VoucherKeyEntry {
  const key = voucherKeyTable.read(state, toHex(keyId));
  ensure(key !== null, 'agreements/unknown-voucher-key', 'no vouchers are made with this key');
  return key;
}

export function requestVouchers(call: SenderCall, { vouchers }: BodyOf<'request-vouchers'>): void {
  const { state, block, parameters, verifiers, sender } = call;
  let hold = 0;
  for (const { keyId, blinded } of vouchers) {
    const { denomination, issuing, publicKey } = voucherKeyOf(state, keyId);
    ensure(issuing, 'agreements/vouchers-not-issued', 'no more vouchers are made with this key');
    ensure(verifiers.isBlindedMessage(publicKey, blinded), 'agreements/bad-blinded-message', 'a blinded message is below the modulus of its key');
    hold += denomination;
  }
  ensure(Number.isSafeInteger(hold), 'agreements/amount-too-large', 'more credits than can be counted', { amount: hold });
  debit(state, sender.id, hold);
  const requestId = voucherRequestIdOf(sender.id, sender.nonce);
  const deadlineMs = block.timeMs + parameters.issueVouchersWithinMs;
  voucherRequestTable.write(state, { account: sender.id, vouchers, hold, deadlineMs }, requestId);
  addDeadline(state, deadlineMs, { kind: 'voucher-request', requestId });
  call.emit('vouchers-requested', { requestId, account: sender.id, amount: hold, issueByMs: deadlineMs });
}

export function issueVouchers(call: SenderCall, { requestId, signatures }: BodyOf<'issue-vouchers'>): void {
  const { state, verifiers } = call;
  const request = voucherRequestTable.read(state, requestId);
  ensure(request !== null, 'agreements/unknown-voucher-request', 'no vouchers are asked for by this request', { requestId });
  ensure(signatures.length === request.vouchers.length, 'agreements/bad-blind-signature', 'not one signature for each voucher', {
    wanted: request.vouchers.length, given: signatures.length,
  });
  for (const [i, { keyId, blinded }] of request.vouchers.entries()) {
    const key = voucherKeyOf(state, keyId);
    ensure(verifiers.verifyBlindSignature(key.publicKey, blinded, signatures[i]!), 'agreements/bad-blind-signature', 'not the signature of this voucher', { position: i });
    voucherKeyTable.write(state, { ...key, outstanding: key.outstanding + 1 }, toHex(keyId));
  }
  voucherRequestTable.remove(state, requestId);
  removeDeadline(state, request.deadlineMs, { kind: 'voucher-request', requestId });
  call.emit('vouchers-issued', { requestId, account: request.account, signatures });
}

/** The treasury did not answer: nobody loses by having asked. */
export function lapseVoucherRequest(call: Call, requestId: VoucherRequestId): void {
  const { state } = call;
  const request: VoucherRequestEntry | null = voucherRequestTable.read(state, requestId);
  if (request === null) throw new AgreementsFault('agreements/corrupt-state', 'a deadline of a request that is not there', { requestId });
  voucherRequestTable.remove(state, requestId);
  credit(state, request.account, request.hold);
  call.emit('voucher-request-lapsed', { requestId, account: request.account, amount: request.hold });
}

export function spendVouchers(call: SenderCall, { vouchers }: BodyOf<'spend-vouchers'>): void {
  const { state, sender } = call;
  const amount = vouchers.reduce((sum, voucher) => sum + spend(call, voucher), 0);
  credit(state, sender.id, amount);
  call.emit('vouchers-spent', { account: sender.id, serials: vouchers.map(({ serial }) => serial), amount });
}

/** @returns what the voucher is worth */
function spend({ state, block, chain, verifiers }: Call, { keyId, ...voucher }: BodyOf<'spend-vouchers'>['vouchers'][number]): number {
  const key = voucherKeyOf(state, keyId);
  const [id, serial] = [toHex(keyId), toHex(voucher.serial)];
  ensure(spentVoucherTable.read(state, id, serial) === null, 'agreements/voucher-spent', 'a voucher is spent once', { serial });
  ensure(verifiers.verifyVoucher({ chainId: chain.chainId, publicKey: key.publicKey }, voucher), 'agreements/bad-voucher', 'not a voucher of this key', { serial });
  // More than were signed on the ledger: the key was used beside it. Nobody pays for what nobody gave up.
  ensure(key.outstanding > 0, 'agreements/bad-voucher', 'more vouchers are shown than were made', { serial });
  spentVoucherTable.write(state, { atMs: block.timeMs }, id, serial);
  voucherKeyTable.write(state, { ...key, outstanding: key.outstanding - 1 }, id);
  return key.denomination;
}

/**
 * A list in place of the one in force. A key whose vouchers are asked for or out has to stay, with its denomination.
 * @throws Rejection `agreements/bad-proposal`
 */
export function checkVoucherKeys({ state, verifiers }: Pick<Call, 'state' | 'verifiers'>, keys: readonly VoucherKey[]): void {
  const listed = new Map(keys.map((key) => [toHex(voucherKeyId(key.publicKey)), key]));
  ensure(listed.size === keys.length, 'agreements/bad-proposal', 'a voucher key stands twice');
  ensure(keys.every(({ publicKey }) => verifiers.isVoucherKey(publicKey)), 'agreements/bad-proposal', 'not a voucher key');
  const denominations = keys.filter(({ issuing }) => issuing).map(({ denomination }) => denomination);
  ensure(new Set(denominations).size === denominations.length, 'agreements/bad-proposal', 'a denomination is made with one key at a time');
  for (const id of voucherKeysTable.read(state) ?? []) {
    const current = voucherKeyOf(state, id);
    const next = listed.get(toHex(id));
    ensure(next === undefined ? !current.issuing && current.outstanding === 0 : next.denomination === current.denomination, 'agreements/bad-proposal',
      'a voucher key goes once it makes no more vouchers and none is out, and keeps its denomination', { keyId: toHex(id), outstanding: current.outstanding });
  }
}

/** `checkVoucherKeys` has passed. */
export function setVoucherKeys(state: State, keys: readonly VoucherKey[]): void {
  const before = (voucherKeysTable.read(state) ?? []).map((id) => ({ id: toHex(id), outstanding: voucherKeyOf(state, id).outstanding }));
  for (const { id } of before) voucherKeyTable.remove(state, id);
  const ids = keys.map(({ publicKey }) => voucherKeyId(publicKey));
  keys.forEach((key, i) => {
    const id = toHex(ids[i]!);
    voucherKeyTable.write(state, { ...key, outstanding: before.find((each) => each.id === id)?.outstanding ?? 0 }, id);
  });
  voucherKeysTable.write(state, ids);
}
