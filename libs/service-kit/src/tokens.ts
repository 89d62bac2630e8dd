import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { type Clock, CodedError, type RandomBytes, toBase64Url } from '@medveil/encoding';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { TokenVerifier } from './access.js';
import type { HttpErrorCode } from './errors.js';

/** A key that access tokens are signed with: Ed25519, or a shared secret of at least 32 bytes where one party issues and checks. */
export type TokenKey =
  | { readonly algorithm: 'EdDSA'; readonly keyId: string; readonly publicKey: Uint8Array }
  | { readonly algorithm: 'HS256'; readonly keyId: string; readonly secret: Uint8Array };

export type TokenSigningKey =
  | { readonly algorithm: 'EdDSA'; readonly keyId: string; readonly seed: Uint8Array }
  | { readonly algorithm: 'HS256'; readonly keyId: string; readonly secret: Uint8Array };

export interface TokenVerifierOptions {
  readonly issuer: string;
  /** The service's name: a token for one service is worth nothing at another. */
  readonly audience: string;
  readonly keys: readonly TokenKey[];
  readonly clock: Clock;
}

const MAX_TOKEN_LENGTH = 4096;
const MIN_SECRET_BYTES = 32;
const CLOCK_TOLERANCE_SECONDS = 30;
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

const claimsSchema = z.object({ sub: z.string().min(1).max(200), jti: z.string().min(1).max(200), scope: z.string().max(2000) });

/** Verifies JWT access tokens (RFC 9068 without its type header): signature, issuer, audience, time, and the claims sub, jti, scope. */
export function createTokenVerifier({ issuer, audience, keys, clock }: TokenVerifierOptions): TokenVerifier {
  const known = new Map(keys.map((key) => [key.keyId, { algorithm: key.algorithm, key: verificationKey(key) }]));
  return {
    verify: async (token) => {
      try {
        if (token.length > MAX_TOKEN_LENGTH) throw new Error('too long');
        const { payload } = await jwtVerify(
          token,
          ({ alg, kid }) => {
            const found = known.get(kid ?? '');
            // The key says which algorithm it is for; the token's header does not choose.
            if (found === undefined || found.algorithm !== alg) throw new Error('unknown key');
            return found.key;
          },
          { issuer, audience, algorithms: ['EdDSA', 'HS256'], currentDate: new Date(clock()), clockTolerance: CLOCK_TOLERANCE_SECONDS, requiredClaims: ['exp'] },
        );
        const { sub, jti, scope } = claimsSchema.parse(payload);
        return { subject: sub, tokenId: jti, scopes: new Set(scope.split(' ').filter((name) => name !== '')) };
      } catch (cause) {
        const said = cause instanceof errors.JWTExpired ? 'the access token has expired; if it was made just now: is the clock right?' : 'the access token is not valid here';
        throw new CodedError<HttpErrorCode>('http/unauthenticated', said);
      }
    },
  };
}

export interface TokenRequest {
  readonly issuer: string;
  /** The service, or services, that may take the token. */
  readonly audience: string | readonly string[];
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly ttlMs: number;
}

export async function issueToken(key: TokenSigningKey, request: TokenRequest, { clock, random }: { clock: Clock; random: RandomBytes }): Promise<string> {
  const nowSeconds = Math.floor(clock() / 1000);
  return new SignJWT({ scope: request.scopes.join(' ') })
    .setProtectedHeader({ alg: key.algorithm, kid: key.keyId })
    .setIssuer(request.issuer)
    .setAudience(typeof request.audience === 'string' ? request.audience : [...request.audience])
    .setSubject(request.subject)
    .setJti(toBase64Url(random(16)))
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + Math.ceil(request.ttlMs / 1000))
    .sign(signingKey(key));
}

function verificationKey(key: TokenKey): KeyObject | Uint8Array {
  if (key.algorithm === 'HS256') return checkedSecret(key.secret);
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key.publicKey]), format: 'der', type: 'spki' });
}

function signingKey(key: TokenSigningKey): KeyObject | Uint8Array {
  if (key.algorithm === 'HS256') return checkedSecret(key.secret);
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, key.seed]), format: 'der', type: 'pkcs8' });
}

function checkedSecret(secret: Uint8Array): Uint8Array {
  if (secret.length < MIN_SECRET_BYTES) throw new Error(`a token secret has at least ${MIN_SECRET_BYTES} bytes`);
  return secret;
}
