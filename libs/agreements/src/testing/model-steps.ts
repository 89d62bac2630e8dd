/**
 * Steps of the model-based spec around the exchange: vouchers, openings of pseudonyms, statements after the fact, the consortium's votes, and
 * transactions that are sent again.
 */
import { equalBytes } from '@medveil/encoding';
import { VOUCHER_SIGNATURE_BYTES, voucherKeyId } from '@medveil/vouchers';
import { openingIdOf, voucherRequestIdOf } from '../envelope.js';
import { DEFAULT_PARAMETERS, type VoucherKey } from '../parameters.js';
import type { Body, BodyType } from '../transactions.js';
import type { Verifiers } from '../verifiers.js';
import type { ClaimId, OpeningId, VoucherRequestId } from '../vocabulary.js';
import type { ModelClaim, ReferenceModel } from './reference-model.js';
import { ruleVerifiers } from './verifiers.js';
import { type Actor, bytes32, type World } from './world.js';

export interface SentTransaction {
  readonly type: BodyType;
  readonly bytes: Uint8Array;
  readonly sender: Actor;
  readonly hasCertificate: boolean;
  readonly validUntilMs: number;
}

/** What a step has of the play. */
export interface Stage {
  readonly world: World;
  readonly model: ReferenceModel;
  readonly claims: readonly { readonly id: ClaimId; readonly patient: Actor }[];
  readonly voucherRequestIds: VoucherRequestId[];
  readonly openingIds: OpeningId[];
  /** accepted transactions, the latest last */
  readonly accepted: readonly SentTransaction[];
  readonly transactions: number;
  institution(which: number): Actor;
  newPatient(): Actor;
  isStopped(sender: Actor): boolean;
  /** Sends; the outcome has to be the one foreseen. */
  expect(code: string | null, sender: Actor, body: Body): void;
  /** Sends bytes again; they have to be refused so. */
  expectAgain(code: string, bytes: Uint8Array): void;
}

export type Numbers = readonly [number, number, number];
export type StageStep = (stage: Stage, numbers: Numbers) => void;

/** Two keys that make vouchers and one that makes none any more. */
export const VOUCHER_KEYS: readonly VoucherKey[] = [10, 100, 1_000].map((denomination, at) => ({ denomination, publicKey: bytes32(`voucher key ${at}`), issuing: at < 2 }));
const keyIdOf = (key: number): Uint8Array => voucherKeyId(VOUCHER_KEYS[key]!.publicKey);

/** 384 bytes that depend on what is named; the first is zero, which stands for a message below the modulus. */
function padded(name: string): Uint8Array {
  const bytes = new Uint8Array(VOUCHER_SIGNATURE_BYTES);
  bytes.set(bytes32(name), 1);
  return bytes;
}
const blindedOf = (name: string): Uint8Array => padded(`blinded ${name}`);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const blindSignatureOf = (publicKey: Uint8Array, blinded: Uint8Array): Uint8Array => padded(`signed ${hex(publicKey)} ${hex(blinded.subarray(0, 33))}`);
const signatureOf = (publicKey: Uint8Array, serial: Uint8Array): Uint8Array => padded(`voucher ${hex(publicKey)} ${hex(serial)}`);

/** Signatures of transactions and RSA are other specs' subject: vouchers are hashes of what they have to bind. */
export const modelVerifiers: Verifiers = {
  ...ruleVerifiers,
  verifySignature: () => true,
  isVoucherKey: () => true,
  isBlindedMessage: (_, blinded) => blinded[0] === 0,
  verifyBlindSignature: (publicKey, blinded, signature) => equalBytes(signature, blindSignatureOf(publicKey, blinded)),
  verifyVoucher: ({ publicKey }, { serial, signature }) => equalBytes(signature, signatureOf(publicKey, serial)),
};

const requestVouchers: StageStep = (stage, [a, b, c]) => {
  const { world, model, claims } = stage;
  const sender = a % 3 === 0 || claims.length === 0 ? stage.institution(a) : claims[b % claims.length]!.patient;
  const vouchers = Array.from({ length: 1 + (b % 3) }, (_, at) => ({ key: (a + at) % 2, name: `${stage.transactions} ${at}` }));
  const asked = vouchers.map(({ key, name }) => ({ keyId: keyIdOf(key), blinded: blindedOf(name) }));
  const body = (changed: object): Body => ({ type: 'request-vouchers', vouchers: [{ ...asked[0]!, ...changed }, ...asked.slice(1)] });
  if (c % 9 === 0) return stage.expect('agreements/unknown-voucher-key', sender, body({ keyId: bytes32('no key') }));
  if (c % 9 === 1) return stage.expect('agreements/vouchers-not-issued', sender, body({ keyId: keyIdOf(2) }));
  if (c % 9 === 2) return stage.expect('agreements/bad-blinded-message', sender, body({ blinded: new Uint8Array(VOUCHER_SIGNATURE_BYTES).fill(255) }));
  const code = model.funds.worth(vouchers) > model.balance(sender.name) ? 'agreements/insufficient-funds' : null;
  const requestId = voucherRequestIdOf(sender.id, world.nonce(sender));
  stage.expect(code, sender, body({}));
  if (code !== null || stage.isStopped(sender)) return;
  stage.voucherRequestIds.push(requestId);
  model.funds.requests.push({ account: sender.name, vouchers, deadlineMs: world.timeMs + DEFAULT_PARAMETERS.issueVouchersWithinMs, status: 'open' });
};

const issueVouchers: StageStep = (stage, [a, , c]) => {
  const { world, model: { funds } } = stage;
  if (funds.requests.length === 0) return;
  const at = Math.max(0, funds.requests.length - 1 - (a % 3));
  const request = funds.requests[at]!;
  const signatures = request.vouchers.map(({ key, name }) => blindSignatureOf(VOUCHER_KEYS[key]!.publicKey, blindedOf(name)));
  const body: Body = { type: 'issue-vouchers', requestId: stage.voucherRequestIds[at]!, signatures };
  if (c % 5 === 0) return stage.expect('agreements/not-permitted', stage.institution(a), body);
  const code = request.status === 'open' ? null : 'agreements/unknown-voucher-request';
  if (c % 5 === 1) return stage.expect(code ?? 'agreements/bad-blind-signature', world.treasury, { ...body, signatures: signatures.map(() => padded('false')) });
  stage.expect(code, world.treasury, body);
  if (code === null) request.status = 'issued';
};

/** Under a fresh pseudonym or an institution's account: vouchers are anybody's. */
const spendVouchers: StageStep = (stage, [a, b, c]) => {
  const { funds } = stage.model;
  const issued = funds.issued();
  const sender = a % 3 === 0 ? stage.institution(b) : stage.newPatient();
  const isStolenKey = c % 5 === 1;
  const voucher = isStolenKey || issued.length === 0 ? { key: c % 2, name: `made beside the ledger ${stage.transactions}` } : issued[b % issued.length]!;
  const { publicKey } = VOUCHER_KEYS[voucher.key]!;
  const serial = bytes32(`serial ${voucher.name}`);
  const shown = { keyId: keyIdOf(voucher.key), serial, signature: signatureOf(publicKey, serial) };
  if (c % 5 === 0) {
    const code = funds.isSpent(voucher) ? 'agreements/voucher-spent' : 'agreements/bad-voucher';
    return stage.expect(code, sender, { type: 'spend-vouchers', vouchers: [{ ...shown, signature: padded('forged') }] });
  }
  const code = funds.refusesSpending(voucher);
  if (c % 5 === 2 && code === null) return stage.expect('agreements/voucher-spent', sender, { type: 'spend-vouchers', vouchers: [shown, shown] });
  stage.expect(code, sender, { type: 'spend-vouchers', vouchers: [shown] });
  if (code === null) funds.spent.push({ ...voucher, account: sender.name });
};

const requestOpening: StageStep = (stage, [a, b, c]) => {
  const { world, model: { funds, parameters }, claims } = stage;
  if (claims.length === 0) return;
  const auditor = world.auditors[a % 3]!;
  const { id: claimId, patient } = claims[b % claims.length]!;
  const body = { type: 'request-opening', account: patient.id, reason: 'false-data', claimId, evidenceHash: bytes32('evidence') } as const;
  if (c % 5 === 0) return stage.expect('agreements/not-permitted', stage.institution(a), body);
  if (c % 5 === 1) return stage.expect('agreements/not-a-pseudonym', auditor, { ...body, account: world.institute.id, claimId: null });
  if (c % 5 === 2) return stage.expect('agreements/not-permitted', auditor, { ...body, account: stage.newPatient().id });
  stage.openingIds.push(openingIdOf(auditor.id, world.nonce(auditor)));
  stage.expect(null, auditor, body);
  funds.openings.push({ account: patient.name, approveUntilMs: world.timeMs + parameters.ruleWithinMs, approvals: new Set([auditor.name]) });
};

const approveOpening: StageStep = (stage, [a, b, c]) => {
  const { world, model: { funds } } = stage;
  if (funds.openings.length === 0) return;
  const at = Math.max(0, funds.openings.length - 1 - (b % 4));
  const opening = funds.openings[at]!;
  const auditor = world.auditors[a % 3]!;
  if (c % 7 === 0) return stage.expect('agreements/unknown-opening', auditor, { type: 'approve-opening', openingId: `opn_${'0'.repeat(64)}` });
  const code = world.timeMs >= opening.approveUntilMs ? 'agreements/too-late' : opening.approvals.has(auditor.name) ? 'agreements/already-approved' : null;
  stage.expect(code, auditor, { type: 'approve-opening', openingId: stage.openingIds[at]! });
  if (code === null) opening.approvals.add(auditor.name);
};

interface Claimed {
  readonly id: ClaimId;
  readonly model: ModelClaim;
  readonly institution: Actor;
}

/** A step about one of the latest claims. */
const about = (work: (stage: Stage, claimed: Claimed, numbers: Numbers) => void): StageStep => (stage, numbers) => {
  if (stage.claims.length === 0) return;
  const at = Math.max(0, stage.claims.length - 1 - (numbers[0] % 8));
  const model = stage.model.claims[at]!;
  const { institution } = stage.model.requirements[model.requirement]!;
  work(stage, { id: stage.claims[at]!.id, model, institution: stage.institution(institution === 'institute' ? 0 : 1) }, numbers);
};

const stateDeletion = about((stage, { id: claimId, model, institution }, [, b]) => {
  const body = { type: 'record-deletion', claimId, statementHash: bytes32('deleted') } as const;
  if (b % 4 === 0) return stage.expect('agreements/not-permitted', institution === stage.world.institute ? stage.world.university : stage.world.institute, body);
  const code = !model.wasDelivered ? 'agreements/wrong-claim-state' : model.isDeleted ? 'agreements/already-recorded' : null;
  stage.expect(code, institution, body);
  if (code === null) model.isDeleted = true;
});

const giveReceipt = about((stage, { id: claimId, model, institution }, [, b]) => {
  const body = { type: 'record-revocation-receipt', claimId, statementHash: bytes32('destroyed') } as const;
  if (b % 4 === 0) return stage.expect('agreements/not-permitted', institution, body);
  const code = !model.grantRevoked ? 'agreements/not-revoked' : model.hasReceipt ? 'agreements/already-recorded' : null;
  stage.expect(code, stage.world.proxy, body);
  if (code === null) model.hasReceipt = true;
});

/** Whoever caught a transaction sends it again, at once or much later. */
const sendAgain: StageStep = (stage, [a]) => {
  const sent = stage.accepted.at(-1 - (a % 12));
  if (sent === undefined) return;
  const ofSender = stage.isStopped(sent.sender) ? 'agreements/revoked' : 'agreements/wrong-nonce';
  const inTime = sent.hasCertificate ? 'agreements/already-registered' : ofSender;
  stage.expectAgain(stage.world.timeMs > sent.validUntilMs ? 'agreements/expired-transaction' : inTime, sent.bytes);
};

/** A fee for what is released from now on: what was agreed before does not feel it. */
const voteFee: StageStep = (stage, [a, b]) => {
  const { world, model } = stage;
  if (b % 3 !== 0) return;
  const feeBasisPoints = (a % 10) * 100;
  const proposal = {
    action: { kind: 'set-parameters' as const, parameters: { ...DEFAULT_PARAMETERS, ...model.overridden, feeBasisPoints } },
    reference: bytes32(`proposal ${stage.transactions}`).subarray(0, 16), voteUntilMs: world.timeMs + 1,
  };
  stage.expect('agreements/not-permitted', world.pkg, { type: 'vote', proposal });
  for (const voter of world.voters.slice(0, 3)) stage.expect(null, voter, { type: 'vote', proposal });
  model.feeBasisPoints = feeBasisPoints;
};

export const STAGE_STEPS: readonly StageStep[] = [
  requestVouchers, requestVouchers, issueVouchers, issueVouchers, spendVouchers, spendVouchers, requestOpening, approveOpening, approveOpening,
  stateDeletion, giveReceipt, sendAgain, sendAgain, voteFee,
];
