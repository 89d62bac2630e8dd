import { accountId } from '@medveil/identity';
import { toHex } from '@medveil/encoding';
import { senderOf, type Transaction } from '../envelope.js';
import { ensure } from '../errors.js';
import { type AccountEntry, accountTable, revokedSerialTable, usedSerialTable } from '../state.js';
import type { BodyType } from '../transactions.js';
import { type AccountId, CERTIFIED_ROLES, type LedgerRole, roleSchema } from '../vocabulary.js';
import type { Call, SenderCall } from './call.js';

const DATA_OWNERS: readonly LedgerRole[] = ['patient', 'hospital'];
const ANYBODY: readonly LedgerRole[] = roleSchema.options;

/** Who may send what. Finer conditions (whose claim, whose requirement) are the rules'. */
export const PERMITTED: Readonly<Record<BodyType, readonly LedgerRole[]>> = {
  mint: ['treasury'],
  redeem: ANYBODY,
  'request-vouchers': ANYBODY,
  'issue-vouchers': ['treasury'],
  'spend-vouchers': ANYBODY,
  vote: ['consortium'],
  'update-issuers': ['pkg'],
  revoke: ['pkg'],
  'release-requirement': ['institution'],
  'close-requirement': ['institution'],
  'register-record': DATA_OWNERS,
  'submit-claim': DATA_OWNERS,
  'record-delivery': ['proxy', ...DATA_OWNERS],
  'confirm-delivery': ['institution'],
  'open-dispute': ['institution'],
  'rule-dispute': ['auditor'],
  'request-opening': ['auditor'],
  'approve-opening': ['auditor'],
  'revoke-grant': DATA_OWNERS,
  'record-revocation-receipt': ['proxy'],
  'record-deletion': ['institution'],
  'report-evidence': ['consortium'],
  'post-bond': ['consortium'],
  'withdraw-bond': ['consortium'],
};

/**
 * What needs a certificate still valid: entering into something new. An expired pseudonym can still deliver, withdraw
 * and redeem what it was paid, else its holder would lose what is owed when a claim outlives a T-Cert.
 */
const NEEDS_VALID_CERTIFICATE: ReadonlySet<BodyType> = new Set(['register-record', 'submit-claim']);

/** Everything that does not need the state's history: chain, time, signature. The first check of every transaction. */
export function checkEnvelope(call: Call, transaction: Transaction, isSigned: () => boolean): void {
  const { block, chain, parameters } = call;
  ensure(transaction.chainId === chain.chainId, 'agreements/wrong-chain', 'the transaction is for another chain');
  ensure(transaction.validUntilMs >= block.timeMs, 'agreements/expired-transaction', 'the transaction is no longer valid', {
    validUntilMs: transaction.validUntilMs, timeMs: block.timeMs,
  });
  ensure(transaction.validUntilMs - block.timeMs <= parameters.transactionLifetimeMs, 'agreements/valid-too-long', 'the transaction would be valid for too long', {
    validUntilMs: transaction.validUntilMs, timeMs: block.timeMs, maxMs: parameters.transactionLifetimeMs,
  });
  ensure(isSigned(), 'agreements/bad-signature', "the signature is not the sender's");
}

/** Finds or registers the sender, and uses up the nonce. */
export function admitSender(call: Call, transaction: Transaction): SenderCall {
  const { state, block } = call;
  const id = senderOf(transaction);
  const known = accountTable.read(state, id);
  const account = known === null ? certify(call, transaction, id) : recognise(known, transaction);
  ensure(account.revokedAtMs === null, 'agreements/revoked', 'the account is revoked', { account: id });
  ensure(transaction.nonce === account.nonce, 'agreements/wrong-nonce', 'not the next nonce of this account', { given: transaction.nonce, expected: account.nonce });
  const { type } = transaction.body;
  ensure(PERMITTED[type].includes(account.role), 'agreements/not-permitted', `a ${account.role} may not send ${type}`, { role: account.role, type });
  if (NEEDS_VALID_CERTIFICATE.has(type) && account.certificate !== null) {
    ensure(block.timeMs < account.certificate.notAfterMs, 'agreements/certificate-expired', 'the certificate of this account has expired', {
      notAfterMs: account.certificate.notAfterMs, timeMs: block.timeMs,
    });
  }
  accountTable.write(state, { ...account, nonce: account.nonce + 1 }, id);
  return { ...call, sender: { id, role: account.role, publicKey: transaction.sender, nonce: transaction.nonce } };
}

function recognise(account: AccountEntry, transaction: Transaction): AccountEntry {
  ensure(transaction.certificate === null, 'agreements/already-registered', 'a certificate comes with the first transaction only');
  return account;
}

function certify(call: Call, transaction: Transaction, id: AccountId): AccountEntry {
  const { state, block, chain, verifiers } = call;
  ensure(transaction.certificate !== null, 'agreements/unknown-account', 'the account is not registered and brings no certificate', { account: id });
  const certified = verifiers.verifyTCert(transaction.certificate, chain.pkgPublicKey, chain.chainId, block.timeMs);
  ensure(certified !== null, 'agreements/bad-certificate', 'not a T-Cert of this chain that is valid now');
  ensure(accountId(certified.accountKey) === id, 'agreements/bad-certificate', "the certificate is for another account's key");
  const role = roleSchema.safeParse(certified.role);
  ensure(role.success && CERTIFIED_ROLES.includes(role.data), 'agreements/role-must-be-pinned', `a ${certified.role} is pinned by the consortium, not certified`, { role: certified.role });
  const serial = toHex(certified.serial);
  ensure(revokedSerialTable.read(state, serial) === null, 'agreements/revoked', 'the certificate is revoked');
  ensure(usedSerialTable.read(state, serial) === null, 'agreements/bad-certificate', 'the serial number belongs to another account');
  usedSerialTable.write(state, { account: id }, serial);
  call.emit('account-registered', { account: id, role: role.data, notAfterMs: certified.notAfterMs });
  return {
    publicKey: transaction.sender, role: role.data, nonce: 0, balance: 0, registeredAtMs: block.timeMs, revokedAtMs: null,
    certificate: { serial: certified.serial, ownerKey: certified.ownerKey, notAfterMs: certified.notAfterMs },
  };
}
