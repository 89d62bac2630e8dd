import { type Clock, type Id, type RandomBytes, fromBase64Url, idSchema, isCodedError, toBase64Url, toHex } from '@medveil/encoding';
import { SignJWT, decodeProtectedHeader, errors as joseErrors, jwtVerify } from 'jose';
import { z } from 'zod';
import { type SigningKeyPair, accountId } from './accounts.js';
import { MAX_CERTIFICATE_BYTES, verifyECert } from './e-cert.js';
import { IdentityError, guarded } from './errors.js';
import { jwtSigningKey, jwtVerificationKey } from './jwt-keys.js';
import type { RevocationCheck } from './revocation.js';
import { type Role, chainIdSchema, enrolmentIdSchema, roleSchema } from './roles.js';
import { SCOPES_OF_ENROLMENT, SCOPES_OF_PSEUDONYM, type Scope, isScope } from './scopes.js';
import { MAX_T_CERT_BYTES, verifyTCert } from './t-cert.js';

/**
 * Credentials of HTTP requests, after SMART Backend Services: a client proves with a short-lived assertion (RFC 7523,
 * `private_key_jwt`) that it holds the key of its certificate, and gets an access token for its role's scopes.
 * The certificate travels in the assertion's header: an E-Cert as `x5c` (RFC 7515), a T-Cert as `tcert`.
 * Patients use a T-Cert with every service but the PKG; otherwise the service could link pseudonym and person.
 */
export type Credential =
  | { readonly kind: 'enrolment'; readonly certificate: Uint8Array }
  | { readonly kind: 'pseudonym'; readonly certificate: Uint8Array };

/** Who has shown a certificate and the possession of its key. */
export interface Principal {
  readonly kind: Credential['kind'];
  /** The enrolment id, or the account id (`acc_…`) of a pseudonym. */
  readonly subject: string;
  /** The ledger account of the certified key: a pseudonym's, or that of a member who was pinned under its E-Cert's key. */
  readonly account: Id<'acc'>;
  readonly role: Role;
  /** The certificate's serial in hexadecimal. */
  readonly serial: string;
}

/** @returns false where the identifier was seen before; remembers it until `untilMs` */
export type ReplayGuard = (jti: string, untilMs: number) => Promise<boolean>;

export const ASSERTION_LIFETIME_MS = 120_000;
export const MAX_ASSERTION_LIFETIME_MS = 300_000;
/** How far the clocks of two parties may be apart. */
export const CLOCK_SKEW_MS = 30_000;
const MAX_JWT_CHARACTERS = 32_768;
const ASSERTION_TYPE = 'client-assertion+jwt';
const TOKEN_TYPE = 'at+jwt';

const headerSchema = z.object({
  x5c: z.tuple([z.base64().max(2 * MAX_CERTIFICATE_BYTES)]).optional(),
  tcert: z.string().max(2 * MAX_T_CERT_BYTES).optional(),
});
const assertionSchema = z.object({ iss: z.string(), sub: z.string(), jti: z.string().min(16).max(128), iat: z.number(), exp: z.number() });

/**
 * A client's assertion for one audience (the address of the token endpoint).
 * @param client.key the key that the certificate certifies
 */
export async function signAssertion(
  client: { readonly key: SigningKeyPair; readonly credential: Credential; readonly subject: string },
  audience: string,
  ports: { readonly clock: Clock; readonly random: RandomBytes },
): Promise<string> {
  const { kind, certificate } = client.credential;
  const nowS = Math.floor(ports.clock() / 1000);
  const header = kind === 'enrolment' ? { x5c: [Buffer.from(certificate).toString('base64')] } : { tcert: toBase64Url(certificate) };
  return new SignJWT()
    .setProtectedHeader({ alg: 'EdDSA', typ: ASSERTION_TYPE, ...header })
    .setIssuer(client.subject)
    .setSubject(client.subject)
    .setAudience(audience)
    .setJti(toHex(ports.random(16)))
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + ASSERTION_LIFETIME_MS / 1000)
    .sign(jwtSigningKey(client.key));
}

/** What a verifier trusts. */
export interface AssertionTrust {
  readonly audience: string;
  /** DER of the E-Cert authority. */
  readonly authority: Uint8Array;
  readonly pkgPublicKey: Uint8Array;
  readonly chainId: string;
  readonly revocation: RevocationCheck;
  readonly clock: Clock;
  readonly firstUse: ReplayGuard;
}

/**
 * Checks the certificate, the signature with its key, audience, times, that issuer and subject are the certificate's
 * own, and last that the assertion was not used before.
 * @throws IdentityError `identity/bad-credential`, `identity/expired`, `identity/not-yet-valid`, `identity/replayed`, and those of `verifyECert` and `verifyTCert`
 */
export async function verifyAssertion(assertion: string, trust: AssertionTrust): Promise<Principal> {
  const nowMs = trust.clock();
  refuseLong(assertion);
  const { principal, publicKey } = readCertificate(assertion, trust, nowMs);
  const claims = await verifyJwt(assertion, publicKey, { typ: ASSERTION_TYPE, audience: trust.audience, issuer: principal.subject, nowMs });
  const { jti, iat, exp, sub } = readClaims(assertionSchema, claims);
  if (sub !== principal.subject) throw refused('the subject is not the certificate’s');
  if ((exp - iat) * 1000 > MAX_ASSERTION_LIFETIME_MS) throw refused('the assertion lives too long');
  if (iat * 1000 > nowMs + CLOCK_SKEW_MS) {
    throw new IdentityError('identity/not-yet-valid', 'the assertion was made in the future: is the clock right?', { madeAtMs: iat * 1000, nowMs, toleranceMs: CLOCK_SKEW_MS });
  }
  if (!(await trust.firstUse(`${principal.serial}:${jti}`, exp * 1000 + CLOCK_SKEW_MS))) {
    throw new IdentityError('identity/replayed', 'the assertion was used before');
  }
  return principal;
}

function readCertificate(assertion: string, trust: AssertionTrust, nowMs: number): { principal: Principal; publicKey: Uint8Array } {
  const header = guarded('identity/bad-credential', 'not a signed token', () => headerSchema.parse(decodeProtectedHeader(assertion)));
  if (header.x5c !== undefined && header.tcert === undefined) {
    const der = new Uint8Array(Buffer.from(header.x5c[0], 'base64'));
    const cert = verifyECert(der, trust.authority, nowMs, trust.revocation.isECertRevoked);
    const { enrolmentId: subject, role, serial, publicKey } = cert;
    return { principal: { kind: 'enrolment', subject, account: accountId(publicKey), role, serial }, publicKey };
  }
  if (header.tcert === undefined || header.x5c !== undefined) throw refused('exactly one certificate goes with an assertion');
  const { tcert } = header;
  const bytes = guarded('identity/bad-credential', 'the T-Cert is not base64url', () => fromBase64Url(tcert));
  const cert = verifyTCert(bytes, trust.pkgPublicKey, trust.chainId, nowMs);
  const serial = toHex(cert.serial);
  if (trust.revocation.isTCertRevoked(cert)) throw new IdentityError('identity/revoked', 'the pseudonym is revoked', { serial });
  const account = accountId(cert.accountKey);
  return { principal: { kind: 'pseudonym', subject: account, account, role: cert.role, serial }, publicKey: cert.accountKey };
}

/** A party that may use a service, as its access token says. */
export interface Bearer extends Principal {
  readonly scopes: readonly Scope[];
}

/** Scopes of a principal's role; `asked` (separated by spaces, OAuth's `scope`) narrows them. */
export function scopesFor(principal: Principal, asked: string | null = null): Scope[] {
  const allowed = (principal.kind === 'enrolment' ? SCOPES_OF_ENROLMENT : SCOPES_OF_PSEUDONYM)[principal.role];
  if (asked === null) return [...allowed];
  const wanted = new Set(asked.split(' '));
  return allowed.filter((scope) => wanted.has(scope));
}

const tokenSchema = z.object({
  sub: z.union([enrolmentIdSchema, z.string().regex(/^acc_[0-9a-f]{64}$/)]),
  account: idSchema('acc'),
  kind: z.enum(['enrolment', 'pseudonym']),
  role: roleSchema,
  serial: z.string().regex(/^[0-9a-f]{32}$/),
  scope: z.string().max(1024),
  chain: chainIdSchema,
});

export interface TokenIssuer {
  /** The token service's name. */
  readonly issuer: string;
  /** The service, or group of services, that takes the token. */
  readonly audience: string;
  readonly chainId: string;
}

/** An access token (RFC 9068) of the service's own making. */
export async function issueAccessToken(
  bearer: Bearer,
  service: TokenIssuer & { readonly key: SigningKeyPair; readonly lifetimeMs: number },
  ports: { readonly clock: Clock; readonly random: RandomBytes },
): Promise<string> {
  const nowS = Math.floor(ports.clock() / 1000);
  const { account, kind, role, serial, scopes } = bearer;
  return new SignJWT({ account, kind, role, serial, scope: scopes.join(' '), chain: service.chainId })
    .setProtectedHeader({ alg: 'EdDSA', typ: TOKEN_TYPE })
    .setIssuer(service.issuer)
    .setSubject(bearer.subject)
    .setAudience(service.audience)
    .setJti(toHex(ports.random(16)))
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + Math.ceil(service.lifetimeMs / 1000))
    .sign(jwtSigningKey(service.key));
}

/** @throws IdentityError `identity/bad-credential`, `identity/wrong-chain`, `identity/expired` */
export async function verifyAccessToken(
  token: string,
  service: TokenIssuer & { readonly publicKey: Uint8Array; readonly clock: Clock },
): Promise<Bearer> {
  refuseLong(token);
  const { issuer, audience } = service;
  const claims = await verifyJwt(token, service.publicKey, { typ: TOKEN_TYPE, audience, issuer, nowMs: service.clock() });
  const { sub: subject, account, kind, role, serial, scope, chain } = readClaims(tokenSchema, claims);
  if (chain !== service.chainId) throw new IdentityError('identity/wrong-chain', 'the token is for another ledger');
  return { subject, account, kind, role, serial, scopes: scope.split(' ').filter(isScope) };
}

async function verifyJwt(
  jwt: string,
  publicKey: Uint8Array,
  expected: { typ: string; audience: string; issuer: string; nowMs: number },
): Promise<unknown> {
  try {
    const { payload } = await jwtVerify(jwt, jwtVerificationKey(publicKey), {
      algorithms: ['EdDSA'],
      typ: expected.typ,
      audience: expected.audience,
      issuer: expected.issuer,
      currentDate: new Date(expected.nowMs),
      clockTolerance: CLOCK_SKEW_MS / 1000,
      requiredClaims: ['exp', 'iat', 'jti', 'sub'],
    });
    return payload;
  } catch (cause) {
    if (isCodedError(cause)) throw cause;
    if (cause instanceof joseErrors.JWTExpired) throw expired(cause.payload.exp, expected.nowMs);
    // jose's message names the claim that failed, never its value; its error objects carry the payload and stay here.
    throw refused(cause instanceof Error ? cause.message : 'not a signed token');
  }
}

const expired = (exp = 0, nowMs = 0): IdentityError =>
  new IdentityError('identity/expired', 'the credential has expired; if it was made just now: is the clock right?', { notAfterMs: exp * 1000, nowMs, toleranceMs: CLOCK_SKEW_MS });

const readClaims = <T>(schema: z.ZodType<T>, claims: unknown): T =>
  guarded('identity/bad-credential', 'the credential lacks a claim', () => schema.parse(claims));

function refuseLong(jwt: string): void {
  if (jwt.length > MAX_JWT_CHARACTERS) throw refused('the credential is too long');
}

const refused = (reason: string) => new IdentityError('identity/bad-credential', reason);
