import { accountId, decodeTCert, isIdentityError, type OpeningBinding, type TCert, verifyTCert } from '@medveil/identity';
import { CodedError, equalBytes } from '@medveil/encoding';
import type { AccountEntry, OpeningEntry } from './state.js';

/** Why a holder gives no share. */
export class OpeningRefusal extends CodedError<'agreements/opening-not-approved' | 'agreements/not-this-pseudonym'> {}

/** What the ledger says: every entry proved, or executed by the reader itself. */
export interface OrderedOpening {
  readonly chainId: string;
  readonly pkgPublicKey: Uint8Array;
  readonly opening: OpeningEntry;
  /** of the pseudonym */
  readonly account: AccountEntry;
}

/**
 * What a holder checks before it opens its share (docs/identity.md): the request is ordered and approved, and the certificate is the
 * one by which this pseudonym was registered.
 * @param certificate the T-Cert, from the account's first transaction or from whoever kept it
 * @returns the sealed identity, and what its shares are bound to
 * @throws OpeningRefusal
 */
export function approvedOpening({ chainId, pkgPublicKey, opening, account }: OrderedOpening, certificate: Uint8Array): { readonly opening: Uint8Array; readonly binding: OpeningBinding } {
  if (opening.approvedAtMs === null) throw new OpeningRefusal('agreements/opening-not-approved', 'the auditors have not approved this opening');
  const { serial, accountKey, opening: sealed } = certificateOf(certificate, pkgPublicKey, chainId);
  if (accountId(accountKey) !== opening.account || account.certificate === null || !equalBytes(account.certificate.serial, serial)) throw notThisPseudonym();
  return { opening: sealed, binding: { chainId, serial, accountKey } };
}

/** Its time may be over: it was valid when it registered the account. */
function certificateOf(certificate: Uint8Array, pkgPublicKey: Uint8Array, chainId: string): TCert {
  try {
    return verifyTCert(certificate, pkgPublicKey, chainId, decodeTCert(certificate).notBeforeMs);
  } catch (cause) {
    if (isIdentityError(cause)) throw notThisPseudonym(cause);
    throw cause;
  }
}

const notThisPseudonym = (cause?: unknown): OpeningRefusal =>
  new OpeningRefusal('agreements/not-this-pseudonym', 'the certificate is not the one that registered this pseudonym', {}, { cause });
