import { CodedError } from '@medveil/encoding';

/**
 * Why a transaction is refused. Every code is part of the contract: it stands in the receipt, which the
 * next block's header proves, so a service may branch on it.
 */
export const REJECTION_CODES = [
  // the envelope
  'agreements/malformed',
  'agreements/too-large',
  'agreements/wrong-chain',
  'agreements/expired-transaction',
  'agreements/valid-too-long',
  'agreements/bad-signature',
  'agreements/wrong-nonce',
  // the sender
  'agreements/unknown-account',
  'agreements/bad-certificate',
  'agreements/already-registered',
  'agreements/role-must-be-pinned',
  'agreements/certificate-expired',
  'agreements/revoked',
  'agreements/not-permitted',
  // credits
  'agreements/insufficient-funds',
  'agreements/amount-too-large',
  // vouchers
  'agreements/unknown-voucher-key',
  'agreements/vouchers-not-issued',
  'agreements/bad-blinded-message',
  'agreements/unknown-voucher-request',
  'agreements/bad-blind-signature',
  'agreements/bad-voucher',
  'agreements/voucher-spent',
  // governance
  'agreements/bad-proposal',
  'agreements/proposal-expired',
  'agreements/already-voted',
  'agreements/proposal-decided',
  'agreements/key-in-use',
  'agreements/bad-delegatee-key',
  'agreements/unknown-member',
  // replicas
  'agreements/bad-evidence',
  'agreements/bond-in-force',
  // accredited issuers and revocation
  'agreements/unchanged-issuers',
  'agreements/not-revocable',
  // requirements
  'agreements/duplicate-requirement',
  'agreements/unknown-requirement',
  'agreements/requirement-closed',
  'agreements/requirement-expired',
  'agreements/bad-terms',
  'agreements/unknown-verification-key',
  'agreements/bad-sample-proof',
  'agreements/exclusive-without-domain',
  // records
  'agreements/duplicate-record',
  'agreements/unknown-record',
  'agreements/not-the-record-owner',
  'agreements/missing-part',
  'agreements/body-too-large',
  // claims
  'agreements/unknown-issuer-root',
  'agreements/bad-eligibility-proof',
  'agreements/policy-mismatch',
  'agreements/result-mismatch',
  'agreements/related-keys',
  'agreements/nullifier-spent',
  'agreements/exclusive-licence-in-force',
  'agreements/licence-in-force',
  'agreements/domain-full',
  'agreements/quantity-reached',
  // delivery and what follows
  'agreements/unknown-claim',
  'agreements/wrong-claim-state',
  'agreements/too-late',
  'agreements/wrong-parts',
  'agreements/bad-reencryption-proof',
  'agreements/already-ruled',
  // openings
  'agreements/not-a-pseudonym',
  'agreements/unknown-opening',
  'agreements/already-approved',
  // withdrawal, deletion
  'agreements/already-revoked',
  'agreements/not-revoked',
  'agreements/already-recorded',
] as const;

export type RejectionCode = (typeof REJECTION_CODES)[number];

/** Faults of the caller or of the machine itself; a replica that meets one stops, it does not vote. */
export type FaultCode =
  | 'agreements/bad-genesis'
  | 'agreements/not-initialised'
  | 'agreements/corrupt-state'
  | 'agreements/unsupported-rules'
  | 'agreements/missing-verification-key'
  | 'agreements/credits-not-conserved';

/** Thrown inside the rules, turned into a receipt by the state machine: the transaction changed nothing. */
export class Rejection extends CodedError<RejectionCode> {
  constructor(code: RejectionCode, message: string, details: Readonly<Record<string, string | number | boolean | null>> = {}) {
    super(code, message, details);
    this.name = 'Rejection';
  }
}

export class AgreementsFault extends CodedError<FaultCode> {}

/** @throws Rejection with `code` unless `condition` holds */
export function ensure(condition: boolean, code: RejectionCode, message: string, details?: Readonly<Record<string, string | number | boolean | null>>): asserts condition {
  if (!condition) throw new Rejection(code, message, details);
}
