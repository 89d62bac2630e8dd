import { bytesSchema, encodeCanonical, timeMsSchema } from '@medveil/encoding';
import { z } from 'zod';
import { SIGNATURE_BYTES, type SigningKeyPair, sign, verifySignature } from './accounts.js';
import { decodeAs } from './decode.js';
import type { ECert } from './e-cert.js';
import { IdentityError } from './errors.js';
import { type Role, chainIdSchema } from './roles.js';

/**
 * An enrolled party's wish to have its attestation key accredited: a leaf of the tree of issuers (docs/scheme.md,
 * section 6). A hospital attests others' records (s = 0); a patient attests only their own, under the subject that their
 * E-Cert certifies (s = subject), which therefore does not stand in the request.
 */
export interface IssuerRequest {
  readonly version: 1;
  readonly chainId: string;
  readonly kind: IssuerKind;
  /** The public key for attestations on Baby Jubjub, each coordinate 32 bytes big-endian. */
  readonly ax: Uint8Array;
  readonly ay: Uint8Array;
  readonly requestedAtMs: number;
}

export const ISSUER_KINDS = ['hospital', 'self'] as const;
export type IssuerKind = (typeof ISSUER_KINDS)[number];

/** Which role may ask for which kind. */
const ROLE_OF_KIND: Readonly<Record<IssuerKind, Role>> = { hospital: 'hospital', self: 'patient' };
const MAX_REQUEST_BYTES = 512;
const REQUEST_DOMAIN = 'medveil/issuer-request/1';

const requestSchema = z.strictObject({
  version: z.literal(1),
  chainId: chainIdSchema,
  kind: z.enum(ISSUER_KINDS),
  ax: bytesSchema({ length: 32 }),
  ay: bytesSchema({ length: 32 }),
  requestedAtMs: timeMsSchema,
});

const signedRequestSchema = z.strictObject({
  request: bytesSchema({ max: MAX_REQUEST_BYTES }),
  signature: bytesSchema({ length: SIGNATURE_BYTES }),
});

/** @param enrolmentKey the key that the party's E-Cert certifies */
export function createIssuerRequest(request: IssuerRequest, enrolmentKey: SigningKeyPair): Uint8Array {
  const { version, chainId, kind, ax, ay, requestedAtMs } = request;
  const body = encodeCanonical({ version, chainId, kind, ax, ay, requestedAtMs });
  return encodeCanonical({ request: body, signature: sign(enrolmentKey, REQUEST_DOMAIN, body) });
}

/**
 * The PKG's check against the sender's verified E-Cert: form, signature, chain, and that the role may attest so. Whether the
 * key is a point of prime order is checked where the leaf is made; that the request is recent is the PKG's to judge.
 * @throws IdentityError `identity/bad-input`, `identity/bad-signature`, `identity/wrong-chain`, `identity/wrong-role`
 */
export function verifyIssuerRequest(bytes: Uint8Array, sender: ECert, chainId: string): IssuerRequest {
  const outer = decodeAs(bytes, signedRequestSchema, MAX_REQUEST_BYTES + 128, 'identity/bad-input', 'issuer request');
  if (!verifySignature(sender.publicKey, REQUEST_DOMAIN, outer.request, outer.signature)) {
    throw new IdentityError('identity/bad-signature', 'the issuer request is not signed with the E-Cert key');
  }
  const request = decodeAs(outer.request, requestSchema, MAX_REQUEST_BYTES, 'identity/bad-input', 'issuer request');
  if (request.chainId !== chainId) throw new IdentityError('identity/wrong-chain', 'the request is for another ledger');
  if (sender.role !== ROLE_OF_KIND[request.kind]) {
    throw new IdentityError('identity/wrong-role', 'this role attests nothing of this kind', { role: sender.role, kind: request.kind });
  }
  if (request.kind === 'self' && sender.subjectCommitment === null) {
    throw new IdentityError('identity/bad-input', 'the E-Cert certifies no subject to attest under');
  }
  return request;
}
