import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { type Clock, CodedError, type Id, isCodedError, type RandomBytes, toBase64Url, toHex } from '@medveil/encoding';
import {
  type AssertionTrust, issueAccessToken, scopesFor, type SigningKeyPair, type TokenIssuer, verifyAccessToken, verifyAssertion,
} from '@medveil/identity';
import type { TokenRequest, TokenResponse } from '@medveil/client';
import type { Principal, TokenVerifier } from '@medveil/service-kit';
import { jwtVerify, SignJWT } from 'jose';

const OPERATOR_ISSUER = 'operator';
const OPERATOR_TYPE = 'operator+jwt';
const ACCESS_TOKEN_LIFETIME_MS = 10 * 60_000;

const unauthenticated = (reason: string, cause?: unknown): CodedError => new CodedError('http/unauthenticated', reason, {}, { cause });

const publicKeyObject = (publicKey: Uint8Array): KeyObject =>
  createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey) } });

/** A caller who came with an assertion: the account of the certified key, beside the subject. */
export interface AccountPrincipal extends Principal {
  readonly account: Id<'acc'> | null;
}

export interface OperatorToken {
  readonly scopes: readonly string[];
  readonly audiences: readonly string[];
  readonly lifetimeMs: number;
}

/** A token of the operator, who runs the services and holds the key whose public half they are configured with. */
export async function signOperatorToken(key: SigningKeyPair, token: OperatorToken, ports: { clock: Clock; random: RandomBytes }): Promise<string> {
  const nowS = Math.floor(ports.clock() / 1000);
  const secret = createPrivateKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(key.publicKey), d: toBase64Url(key.secretKey) },
  });
  return new SignJWT({ scope: token.scopes.join(' ') })
    .setProtectedHeader({ alg: 'EdDSA', typ: OPERATOR_TYPE })
    .setIssuer(OPERATOR_ISSUER)
    .setSubject('operator')
    .setAudience([...token.audiences])
    .setJti(toHex(ports.random(16)))
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + Math.ceil(token.lifetimeMs / 1000))
    .sign(secret);
}

/** Takes tokens signed by the operator's key, for this audience only. */
export function operatorTokens(options: { readonly publicKey: Uint8Array; readonly audience: string; readonly clock: Clock }): TokenVerifier {
  const key = publicKeyObject(options.publicKey);
  return {
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ['EdDSA'],
          typ: OPERATOR_TYPE,
          issuer: OPERATOR_ISSUER,
          audience: options.audience,
          currentDate: new Date(options.clock()),
          requiredClaims: ['exp', 'jti', 'sub'],
        });
        const scopes = typeof payload['scope'] === 'string' ? payload['scope'].split(' ') : [];
        const principal: AccountPrincipal = { subject: payload.sub ?? '', scopes: new Set(scopes), tokenId: payload.jti ?? '', account: null };
        return principal;
      } catch (cause) {
        throw unauthenticated('the token is not one of this service’s operator, or is over', cause);
      }
    },
  };
}

export interface TokenServiceOptions extends TokenIssuer {
  readonly key: SigningKeyPair;
  readonly trust: AssertionTrust;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** POST /v1/token of a service: an access token of its own against an assertion signed with a certified key. */
export class TokenService implements TokenVerifier {
  constructor(private readonly options: TokenServiceOptions) {}

  /** @throws IdentityError of `verifyAssertion` */
  async exchange(request: TokenRequest): Promise<TokenResponse> {
    const { key, trust, clock, random, issuer, audience, chainId } = this.options;
    const principal = await verifyAssertion(request.client_assertion, trust);
    const scopes = scopesFor(principal, request.scope ?? null);
    const service = { key, issuer, audience, chainId, lifetimeMs: ACCESS_TOKEN_LIFETIME_MS };
    const token = await issueAccessToken({ ...principal, scopes }, service, { clock, random });
    return { access_token: token, token_type: 'Bearer', expires_in: ACCESS_TOKEN_LIFETIME_MS / 1000, scope: scopes.join(' ') };
  }

  async verify(token: string): Promise<AccountPrincipal> {
    const { key, issuer, audience, chainId, clock } = this.options;
    try {
      const bearer = await verifyAccessToken(token, { publicKey: key.publicKey, issuer, audience, chainId, clock });
      const tokenId = createHash('sha256').update(token).digest('hex').slice(0, 32);
      return { subject: bearer.subject, scopes: new Set(bearer.scopes), tokenId, account: bearer.account };
    } catch (cause) {
      throw unauthenticated(isCodedError(cause) ? cause.message : 'the access token is not valid', cause);
    }
  }
}

/** The first verifier that takes the token decides; the last one's refusal is told. */
export function anyOf(...verifiers: readonly [TokenVerifier, ...TokenVerifier[]]): TokenVerifier {
  return {
    async verify(token) {
      let refusal: unknown;
      for (const verifier of verifiers) {
        try {
          return await verifier.verify(token);
        } catch (error) {
          refusal = error;
        }
      }
      throw refusal;
    },
  };
}
