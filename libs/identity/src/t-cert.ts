import { bytesSchema, encodeCanonical, timeMsSchema } from '@medveil/encoding';
import { z } from 'zod';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type SigningKeyPair, isAcceptablePublicKey, sign, verifySignature } from './accounts.js';
import { decodeAs } from './decode.js';
import { IdentityError } from './errors.js';
import { PRE_KEY_KIND, type PseudonymRole, chainIdSchema, pseudonymRoleSchema } from './roles.js';

/**
 * A T-Cert: the PKG's word that an account key and a re-encryption key belong to one enrolled party of a role,
 * without saying which (docs/scheme.md, section 2, phase 3). Compact canonical DAG-CBOR; it travels with the first
 * transaction of its account. The opening stands in the certificate itself and not merely by hash: whether a cheat
 * can be held accountable must not depend on somebody keeping a second document.
 */
export interface TCert {
  readonly version: 1;
  readonly chainId: string;
  /** 16 random bytes. */
  readonly serial: Uint8Array;
  readonly role: PseudonymRole;
  /** Ed25519, 32 bytes: `accountId` of it names the ledger account. */
  readonly accountKey: Uint8Array;
  /** P1 of an owner or P2 of a delegatee, as `PRE_KEY_KIND` says for the role, encoded by @medveil/pre; else null. */
  readonly preKey: Uint8Array | null;
  /** Valid from this time on; the start of an epoch. */
  readonly notBeforeMs: number;
  /** No longer valid at this time; the end of an epoch. */
  readonly notAfterMs: number;
  /** The enrolment identity, sealed: see opening.ts. */
  readonly opening: Uint8Array;
  /** The PKG's Ed25519 signature over everything above. */
  readonly signature: Uint8Array;
}

export type UnsignedTCert = Omit<TCert, 'signature'>;

export const T_CERT_SERIAL_BYTES = 16;
export const MAX_T_CERT_BYTES = 16_384;
export const MAX_PRE_KEY_BYTES = 256;
const SIGNATURE_DOMAIN = 'medveil/t-cert/1';

const tCertSchema = z
  .strictObject({
    version: z.literal(1),
    chainId: chainIdSchema,
    serial: bytesSchema({ length: T_CERT_SERIAL_BYTES }),
    role: pseudonymRoleSchema,
    accountKey: bytesSchema({ length: PUBLIC_KEY_BYTES }),
    preKey: bytesSchema({ max: MAX_PRE_KEY_BYTES }).nullable(),
    notBeforeMs: timeMsSchema,
    notAfterMs: timeMsSchema,
    opening: bytesSchema({ max: MAX_T_CERT_BYTES }),
    signature: bytesSchema({ length: SIGNATURE_BYTES }),
  })
  .refine((cert) => (cert.preKey === null) === (PRE_KEY_KIND[cert.role] === null), { path: ['preKey'] });

const signedBytes = (cert: UnsignedTCert): Uint8Array =>
  encodeCanonical({
    version: cert.version,
    chainId: cert.chainId,
    serial: cert.serial,
    role: cert.role,
    accountKey: cert.accountKey,
    preKey: cert.preKey,
    notBeforeMs: cert.notBeforeMs,
    notAfterMs: cert.notAfterMs,
    opening: cert.opening,
  });

/** @returns the encoded certificate. Proofs of possession are the caller's to check first: `issueTCerts` does. */
export function signTCert(cert: UnsignedTCert, pkgKey: SigningKeyPair): Uint8Array {
  const signature = sign(pkgKey, SIGNATURE_DOMAIN, signedBytes(cert));
  const encoded = encodeCanonical({ ...cert, signature });
  decodeTCert(encoded);
  return encoded;
}

/** Reads the form only; nothing is verified. @throws IdentityError `identity/bad-certificate` */
export const decodeTCert = (bytes: Uint8Array): TCert =>
  decodeAs(bytes, tCertSchema, MAX_T_CERT_BYTES, 'identity/bad-certificate', 'T-Cert');

/**
 * Checks a T-Cert at a time: form, chain, account key, the PKG's signature, validity. Revocation is a list's
 * word, see revocation.ts. Pure and synchronous: replicas call it from apply() with the block's time.
 * @throws IdentityError `identity/bad-certificate`, `identity/wrong-chain`, `identity/bad-key`,
 *   `identity/bad-signature`, `identity/not-yet-valid`, `identity/expired`
 */
export function verifyTCert(bytes: Uint8Array, pkgPublicKey: Uint8Array, chainId: string, atMs: number): TCert {
  const cert = decodeTCert(bytes);
  if (cert.chainId !== chainId) {
    throw new IdentityError('identity/wrong-chain', 'the T-Cert belongs to another ledger', { given: cert.chainId, expected: chainId });
  }
  if (!isAcceptablePublicKey(cert.accountKey)) throw new IdentityError('identity/bad-key', 'the account key is not an acceptable Ed25519 key');
  if (!verifySignature(pkgPublicKey, SIGNATURE_DOMAIN, signedBytes(cert), cert.signature)) {
    throw new IdentityError('identity/bad-signature', 'the T-Cert is not signed by this PKG');
  }
  if (atMs < cert.notBeforeMs) throw new IdentityError('identity/not-yet-valid', 'the T-Cert is not yet valid', { notBeforeMs: cert.notBeforeMs });
  if (atMs >= cert.notAfterMs) throw new IdentityError('identity/expired', 'the T-Cert has expired', { notAfterMs: cert.notAfterMs });
  return cert;
}

