import { type CborValue, CodedError, decodeCanonical, digest, encodeCanonical, makeId } from '@medveil/encoding';
import { accountId, type SigningKeyPair, sign } from '@medveil/identity';
import { LEDGER_LIMITS, transactionIdOf } from '@medveil/ledger';
import { z } from 'zod';
import { ensure, Rejection } from './errors.js';
import { chainIdSchema } from './parameters.js';
import { type Body, bodySchema, type Proposal } from './transactions.js';
import { accountKeySchema, bytes as bytesOf, type AccountId, type ClaimId, type OpeningId, type ProposalId, type RecordId, type RequirementId, type Terms, timeMsSchema, type VoucherRequestId } from './vocabulary.js';

export const TRANSACTION_VERSION = 1;
/** The domain of a transaction's signature. */
export const TRANSACTION_DOMAIN = 'medveil/transaction-signature/1';
export const CERTIFICATE_BYTES_MAX = 16 * 1024;

/**
 * A transaction: canonical DAG-CBOR, signed as a whole.
 *
 * `nonce` counts the account's accepted transactions from 0 and must be the next one exactly: an account's
 * transactions are ordered by their author, none can be left out or played twice, and the state keeps one number
 * per account instead of a set of what was seen. The price, one transaction in flight unless the author numbers
 * ahead, is small here: most pseudonyms send two or three in their life.
 *
 * `validUntilMs` bounds how long a transaction that was rejected, which therefore did not use up its nonce, could
 * still be put into a block by somebody else.
 */
export const envelopeSchema = z.strictObject({
  version: z.literal(TRANSACTION_VERSION),
  chainId: chainIdSchema,
  /** The account's Ed25519 public key. */
  sender: accountKeySchema,
  /** The T-Cert, with an account's first transaction and no other; null for accounts that were pinned. */
  certificate: bytesOf({ max: CERTIFICATE_BYTES_MAX }).nullable(),
  nonce: z.int().min(0),
  validUntilMs: timeMsSchema,
  body: bodySchema,
});
export type Envelope = z.infer<typeof envelopeSchema>;
export type Transaction = Envelope & { readonly signature: Uint8Array };
const transactionSchema = envelopeSchema.extend({ signature: bytesOf({ length: 64 }) });

export interface TransactionRequest {
  readonly chainId: string;
  readonly account: SigningKeyPair;
  readonly certificate?: Uint8Array | null;
  /** `readNonce` of the account, or 0 where it is not registered yet. */
  readonly nonce: number;
  readonly validUntilMs: number;
  readonly body: Body;
}

/** What is signed: everything but the signature. */
export const signingPayload = (envelope: Envelope): Uint8Array => encodeCanonical(envelope);

/**
 * Builds and signs a transaction.
 * @returns the bytes to submit and their identifier
 * @throws Rejection `agreements/malformed` where the body is not one, so that the mistake shows before it is sent
 */
export function buildTransaction(request: TransactionRequest): { transactionId: `txn_${string}`; bytes: Uint8Array } {
  const parsed = envelopeSchema.safeParse({
    version: TRANSACTION_VERSION,
    chainId: request.chainId,
    sender: request.account.publicKey,
    certificate: request.certificate ?? null,
    nonce: request.nonce,
    validUntilMs: request.validUntilMs,
    body: request.body,
  });
  if (!parsed.success) throw malformed(parsed.error);
  const signature = sign(request.account, TRANSACTION_DOMAIN, signingPayload(parsed.data));
  const bytes = encodeCanonical({ ...parsed.data, signature });
  ensure(bytes.length <= LEDGER_LIMITS.transactionBytes, 'agreements/too-large', 'the transaction is too large', { bytes: bytes.length, max: LEDGER_LIMITS.transactionBytes });
  return { transactionId: transactionIdOf(bytes), bytes };
}

/** @throws Rejection `agreements/malformed`, `agreements/too-large`. The signature is not checked here. */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  ensure(bytes.length <= LEDGER_LIMITS.transactionBytes, 'agreements/too-large', 'the transaction is too large', { bytes: bytes.length, max: LEDGER_LIMITS.transactionBytes });
  let value: CborValue;
  try {
    value = decodeCanonical(bytes);
  } catch (error) {
    throw new Rejection('agreements/malformed', error instanceof CodedError ? error.message : 'not canonical DAG-CBOR');
  }
  const parsed = transactionSchema.safeParse(value);
  if (!parsed.success) throw malformed(parsed.error);
  return parsed.data;
}

/** By the object: one transaction is asked for its sender when it comes into the pool, and again when it is executed. */
const senders = new WeakMap<Transaction, AccountId>();

/** The account that signed. */
export function senderOf(transaction: Transaction): AccountId {
  const known = senders.get(transaction);
  if (known !== undefined) return known;
  const sender = accountId(transaction.sender);
  senders.set(transaction, sender);
  return sender;
}

/** Names the place and the rule, never the value. */
function malformed(error: z.ZodError): Rejection {
  const issue = error.issues[0];
  return new Rejection('agreements/malformed', `${issue?.path.join('.') || 'transaction'}: ${issue?.code ?? 'invalid'}`.slice(0, 200));
}

/** `req_…` of an offer: binds every term, the institution and the chain. */
export const requirementIdOf = (chainId: string, institution: AccountId, terms: Terms): RequirementId =>
  makeId('req', digest('medveil/requirement/1', { chainId, institution, terms: terms as unknown as CborValue }));

/** `rec_…` of a commitment h. */
export const recordIdOf = (record: Uint8Array): RecordId => makeId('rec', record);

/** `clm_…` of the transaction by which `patient` claims: known before it is sent, used once. */
export const claimIdOf = (patient: AccountId, nonce: number): ClaimId => makeId('clm', digest('medveil/claim/1', { patient, nonce }));

/** `opn_…` of the transaction by which `auditor` asks for it: known before it is sent, used once. */
export const openingIdOf = (auditor: AccountId, nonce: number): OpeningId => makeId('opn', digest('medveil/opening/1', { auditor, nonce }));

/** `prp_…` of a proposal: everybody who votes for the same content votes for the same proposal. */
export const voucherRequestIdOf = (account: AccountId, nonce: number): VoucherRequestId => makeId('vrq', digest('medveil/voucher-request/1', { account, nonce }));

export const proposalIdOf = (proposal: Proposal): ProposalId => makeId('prp', digest('medveil/proposal/1', proposal as unknown as CborValue));

/** The context of the proof that an institution makes for the delegatee key to be pinned. */
export const delegateeKeyContext = (chainId: string, accountKey: Uint8Array): Uint8Array =>
  encodeCanonical(['medveil/delegatee-key/1', chainId, accountKey]);
