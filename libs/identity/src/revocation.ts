import { bytesSchema, encodeCanonical, timeMsSchema, toHex } from '@medveil/encoding';
import { z } from 'zod';
import { SIGNATURE_BYTES, type SigningKeyPair, sign, verifySignature } from './accounts.js';
import { decodeAs } from './decode.js';
import { IdentityError } from './errors.js';
import { chainIdSchema } from './roles.js';
import { T_CERT_SERIAL_BYTES, type TCert } from './t-cert.js';

/**
 * The PKG's word on what is no longer good. E-Certs are listed by serial; T-Certs by serial under the beginning of
 * their epoch, sorted, so that the list does not say which serials belong together; and they leave it when
 * their epoch's certificates have expired. A revoked enrolment gets no new T-Certs, so most revocations need no T-Cert
 * entry at all. If only one party's T-Certs are listed in an update, readers may guess that they are one party's: list
 * them with the next epoch's others unless it is urgent.
 */
export interface RevocationList {
  readonly version: 1;
  readonly chainId: string;
  /** Counts the lists; a later one holds whatever an earlier one held and has not expired. */
  readonly sequence: number;
  readonly issuedAtMs: number;
  /** Serials of E-Certs in hexadecimal, ascending. */
  readonly eCerts: readonly string[];
  /** For each epoch, named by the `notBeforeMs` of its T-Certs, ascending: serials in ascending order. */
  readonly tCerts: readonly { readonly notBeforeMs: number; readonly notAfterMs: number; readonly serials: readonly Uint8Array[] }[];
}

export const MAX_REVOKED = 50_000;
const MAX_LIST_BYTES = 4_000_000;
const DOMAIN = 'medveil/revocation-list/1';

const listSchema = z
  .strictObject({
    version: z.literal(1),
    chainId: chainIdSchema,
    sequence: z.int().min(0),
    issuedAtMs: timeMsSchema,
    eCerts: z.array(z.string().regex(/^[0-9a-f]{32}$/)).max(MAX_REVOKED),
    tCerts: z
      .array(
        z.strictObject({
          notBeforeMs: timeMsSchema,
          notAfterMs: timeMsSchema,
          serials: z.array(bytesSchema({ length: T_CERT_SERIAL_BYTES })).max(MAX_REVOKED),
        }),
      )
      .max(64),
  })
  .refine((list) => ascending(list.eCerts), { path: ['eCerts'] })
  .refine((list) => ascending(list.tCerts.map((epoch) => epoch.notBeforeMs)), { path: ['tCerts'] })
  .refine((list) => list.tCerts.every((epoch) => ascending(epoch.serials.map(toHex))), { path: ['tCerts', 'serials'] });

const signedListSchema = z.strictObject({ list: bytesSchema({ max: MAX_LIST_BYTES }), signature: bytesSchema({ length: SIGNATURE_BYTES }) });

/** The list before anything was revoked. */
export const emptyRevocationList = (chainId: string, issuedAtMs: number): RevocationList => ({
  version: 1,
  chainId,
  sequence: 0,
  issuedAtMs,
  eCerts: [],
  tCerts: [],
});

/** The next list: the present one, plus what is newly revoked, less the T-Certs that have expired at `atMs`. */
export function revoke(
  current: RevocationList,
  added: { readonly eCerts?: readonly string[]; readonly tCerts?: readonly Pick<TCert, 'serial' | 'notBeforeMs' | 'notAfterMs'>[] },
  atMs: number,
): RevocationList {
  const epochs = new Map<number, { notAfterMs: number; serials: Map<string, Uint8Array> }>();
  const listed = current.tCerts.flatMap(({ notBeforeMs, notAfterMs, serials }) => serials.map((serial) => ({ serial, notBeforeMs, notAfterMs })));
  for (const { serial, notBeforeMs, notAfterMs } of [...listed, ...(added.tCerts ?? [])]) {
    if (notAfterMs <= atMs) continue;
    const epoch = epochs.get(notBeforeMs) ?? { notAfterMs, serials: new Map<string, Uint8Array>() };
    epochs.set(notBeforeMs, epoch);
    epoch.notAfterMs = Math.max(epoch.notAfterMs, notAfterMs);
    epoch.serials.set(toHex(serial), serial);
  }
  return {
    ...current,
    sequence: current.sequence + 1,
    issuedAtMs: atMs,
    eCerts: [...new Set([...current.eCerts, ...(added.eCerts ?? [])])].toSorted(),
    tCerts: [...epochs]
      .toSorted(([a], [b]) => a - b)
      .map(([notBeforeMs, { notAfterMs, serials }]) => ({
        notBeforeMs,
        notAfterMs,
        serials: [...serials].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, serial]) => serial),
      })),
  };
}

export function signRevocationList(list: RevocationList, pkgKey: SigningKeyPair): Uint8Array {
  const { version, chainId, sequence, issuedAtMs, eCerts, tCerts } = list;
  const body = encodeCanonical({
    version,
    chainId,
    sequence,
    issuedAtMs,
    eCerts,
    tCerts: tCerts.map(({ notBeforeMs, notAfterMs, serials }) => ({ notBeforeMs, notAfterMs, serials })),
  });
  return encodeCanonical({ list: body, signature: sign(pkgKey, DOMAIN, body) });
}

/**
 * Checks a list's signature, chain and form, and that it does not go back behind the one in force.
 * @throws IdentityError `identity/bad-input`, `identity/bad-signature`, `identity/wrong-chain`, `identity/stale-revocation-list`
 */
export function verifyRevocationList(
  bytes: Uint8Array,
  pkgPublicKey: Uint8Array,
  chainId: string,
  inForce: RevocationList | null = null,
): RevocationList {
  const { list: body, signature } = decodeAs(bytes, signedListSchema, MAX_LIST_BYTES + 128, 'identity/bad-input', 'revocation list');
  if (!verifySignature(pkgPublicKey, DOMAIN, body, signature)) {
    throw new IdentityError('identity/bad-signature', 'the revocation list is not signed by this PKG');
  }
  const list = decodeAs(body, listSchema, MAX_LIST_BYTES, 'identity/bad-input', 'revocation list');
  if (list.chainId !== chainId) throw new IdentityError('identity/wrong-chain', 'the revocation list is of another ledger');
  if (inForce !== null) checkNewer(inForce, list);
  return list;
}

function checkNewer(inForce: RevocationList, next: RevocationList): void {
  const check = revocationCheck(next);
  const forgets =
    inForce.eCerts.some((serial) => !check.isECertRevoked(serial)) ||
    inForce.tCerts.some(
      ({ notBeforeMs, notAfterMs, serials }) =>
        notAfterMs > next.issuedAtMs && serials.some((serial) => !check.isTCertRevoked({ serial, notBeforeMs })),
    );
  if (next.sequence <= inForce.sequence || next.issuedAtMs < inForce.issuedAtMs || forgets) {
    throw new IdentityError('identity/stale-revocation-list', 'the revocation list is older than the one in force, or forgets entries of it', {
      given: next.sequence,
      inForce: inForce.sequence,
    });
  }
}

export interface RevocationCheck {
  /** @param serial hexadecimal */
  readonly isECertRevoked: (serial: string) => boolean;
  readonly isTCertRevoked: (cert: Pick<TCert, 'serial' | 'notBeforeMs'>) => boolean;
}

/** Looks a list up quickly; make it once for each list. */
export function revocationCheck(list: RevocationList): RevocationCheck {
  const eCerts = new Set(list.eCerts);
  const epochs = new Map(list.tCerts.map(({ notBeforeMs, serials }) => [notBeforeMs, new Set(serials.map(toHex))]));
  return {
    isECertRevoked: (serial) => eCerts.has(serial),
    isTCertRevoked: ({ serial, notBeforeMs }) => epochs.get(notBeforeMs)?.has(toHex(serial)) ?? false,
  };
}

const ascending = (values: readonly (string | number)[]): boolean =>
  values.every((value, index) => index === 0 || (values[index - 1] ?? value) < value);
