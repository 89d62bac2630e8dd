import { bytesSchema, digest, encodeCanonical, toHex } from '@medveil/encoding';
import { z } from 'zod';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type SigningKeyPair, sign, verifySignature } from './accounts.js';
import { decodeAs } from './decode.js';
import type { ECert } from './e-cert.js';
import { IdentityError } from './errors.js';
import { PRE_KEY_KIND, type PseudonymRole, chainIdSchema, enrolmentIdSchema, pseudonymRoleSchema } from './roles.js';
import { MAX_PRE_KEY_BYTES } from './t-cert.js';

/** Checks of re-encryption keys; `Afgh06` of @medveil/pre is one. `context` is what the proof is bound to. */
export interface PreKeyVerifier {
  verifyOwnerKey(publicKey: Uint8Array, proof: Uint8Array, context: Uint8Array): boolean;
  verifyDelegateeKey(publicKey: Uint8Array, proof: Uint8Array, context: Uint8Array): boolean;
}

/** One pseudonym that an enrolled party asks the PKG to certify. */
export interface TCertRequestEntry {
  /** Ed25519, 32 bytes. */
  readonly accountKey: Uint8Array;
  /** The account key's signature over the possession context. */
  readonly accountProof: Uint8Array;
  /** As in the T-Cert. */
  readonly preKey: Uint8Array | null;
  /** Proof of knowledge of the secret behind `preKey`, bound to the possession context. */
  readonly preProof: Uint8Array | null;
}

export interface TCertRequest {
  readonly version: 1;
  readonly chainId: string;
  readonly enrolmentId: string;
  readonly role: PseudonymRole;
  /** 16 random bytes: the PKG answers the same id with the same certificates and refuses it with other content. */
  readonly requestId: Uint8Array;
  /** The epoch in which the certificates' validity begins. */
  readonly epoch: number;
  readonly entries: readonly TCertRequestEntry[];
}

export const MAX_T_CERT_BATCH = 256;
const MAX_REQUEST_BYTES = 262_144;
const MAX_PRE_PROOF_BYTES = 512;
const REQUEST_DOMAIN = 'medveil/t-cert-request/1';
const POSSESSION_DOMAIN = 'medveil/t-cert-possession/1';

const requestSchema = z.strictObject({
  version: z.literal(1),
  chainId: chainIdSchema,
  enrolmentId: enrolmentIdSchema,
  role: pseudonymRoleSchema,
  requestId: bytesSchema({ length: 16 }),
  epoch: z.int().min(0),
  entries: z
    .array(
      z.strictObject({
        accountKey: bytesSchema({ length: PUBLIC_KEY_BYTES }),
        accountProof: bytesSchema({ length: SIGNATURE_BYTES }),
        preKey: bytesSchema({ max: MAX_PRE_KEY_BYTES }).nullable(),
        preProof: bytesSchema({ max: MAX_PRE_PROOF_BYTES }).nullable(),
      }),
    )
    .min(1)
    .max(MAX_T_CERT_BATCH),
});

const signedRequestSchema = z.strictObject({
  request: bytesSchema({ max: MAX_REQUEST_BYTES }),
  signature: bytesSchema({ length: SIGNATURE_BYTES }),
});

export interface TCertRequestInput extends Pick<TCertRequest, 'chainId' | 'enrolmentId' | 'role' | 'requestId' | 'epoch'> {
  readonly pseudonyms: readonly {
    readonly account: SigningKeyPair;
    /** The public re-encryption key and how to prove it, for example `(context) => afgh.proveOwnerKey(key, context, random)`. */
    readonly preKey: { readonly publicKey: Uint8Array; prove(context: Uint8Array): Uint8Array } | null;
  }[];
}

/**
 * A batch request, signed with the enrolment's E-Cert key. It goes to the PKG alone (it names the enrolment and
 * its pseudonyms side by side): sealed, or over a connection that only the PKG ends.
 */
export function createTCertRequest(input: TCertRequestInput, enrolmentKey: SigningKeyPair): Uint8Array {
  const { chainId, enrolmentId, role, requestId, epoch, pseudonyms } = input;
  const entries = pseudonyms.map(({ account, preKey }) => {
    const context = possessionContext(input, account.publicKey, preKey?.publicKey ?? null);
    return {
      accountKey: account.publicKey,
      accountProof: sign(account, POSSESSION_DOMAIN, context),
      preKey: preKey?.publicKey ?? null,
      preProof: preKey?.prove(context) ?? null,
    };
  });
  const request = encodeCanonical({ version: 1, chainId, enrolmentId, role, requestId, epoch, entries });
  return encodeCanonical({ request, signature: sign(enrolmentKey, REQUEST_DOMAIN, request) });
}

/**
 * The PKG's check of a batch request against the sender's verified E-Cert: signature, chain, role, and for each
 * pseudonym the possession of both keys. No key stands twice in a batch; that none was certified before is
 * the PKG's register's to say. Replay: `requestId`.
 * @throws IdentityError `identity/bad-input`, `identity/bad-signature`, `identity/wrong-chain`, `identity/wrong-role`,
 *   `identity/bad-possession-proof`
 */
export function verifyTCertRequest(bytes: Uint8Array, sender: ECert, chainId: string, preKeys: PreKeyVerifier): TCertRequest {
  const outer = decodeAs(bytes, signedRequestSchema, MAX_REQUEST_BYTES + 256, 'identity/bad-input', 'T-Cert request');
  if (!verifySignature(sender.publicKey, REQUEST_DOMAIN, outer.request, outer.signature)) {
    throw new IdentityError('identity/bad-signature', 'the T-Cert request is not signed with the E-Cert key');
  }
  const request = decodeAs(outer.request, requestSchema, MAX_REQUEST_BYTES, 'identity/bad-input', 'T-Cert request');
  if (request.chainId !== chainId) throw new IdentityError('identity/wrong-chain', 'the request is for another ledger');
  if (request.enrolmentId !== sender.enrolmentId || request.role !== sender.role) {
    throw new IdentityError('identity/wrong-role', 'the request is for another enrolment or role than the E-Cert', { role: request.role });
  }
  refuseLinkingKeys(request, sender);
  for (const [index, entry] of request.entries.entries()) checkPossession(request, entry, index, preKeys);
  return request;
}

/** A key that stands twice, or is the enrolment's own, would link what the T-Certs are to keep apart. */
function refuseLinkingKeys(request: TCertRequest, sender: ECert): void {
  const keys = request.entries.flatMap((entry) => (entry.preKey === null ? [entry.accountKey] : [entry.accountKey, entry.preKey]));
  if (new Set([sender.publicKey, ...keys].map(toHex)).size !== keys.length + 1) {
    throw new IdentityError('identity/bad-input', 'a key stands twice in the batch, or is the key of the E-Cert');
  }
}

function checkPossession(request: TCertRequest, entry: TCertRequestEntry, index: number, preKeys: PreKeyVerifier): void {
  const context = possessionContext(request, entry.accountKey, entry.preKey);
  const fail = (key: string) => new IdentityError('identity/bad-possession-proof', `possession of the ${key} key is not proved`, { index });
  if (!verifySignature(entry.accountKey, POSSESSION_DOMAIN, context, entry.accountProof)) throw fail('account');
  const kind = PRE_KEY_KIND[request.role];
  if (kind === null) {
    if (entry.preKey !== null || entry.preProof !== null) throw fail('re-encryption');
    return;
  }
  if (entry.preKey === null || entry.preProof === null) throw fail('re-encryption');
  const proved =
    kind === 'owner'
      ? preKeys.verifyOwnerKey(entry.preKey, entry.preProof, context)
      : preKeys.verifyDelegateeKey(entry.preKey, entry.preProof, context);
  if (!proved) throw fail('re-encryption');
}

/** What both proofs of a pseudonym are bound to: this request, this enrolment, and each other's key. */
const possessionContext = (
  request: Pick<TCertRequest, 'chainId' | 'enrolmentId' | 'role' | 'requestId' | 'epoch'>,
  accountKey: Uint8Array,
  preKey: Uint8Array | null,
): Uint8Array =>
  digest(POSSESSION_DOMAIN, [request.chainId, request.enrolmentId, request.role, request.requestId, request.epoch, accountKey, preKey]);
