import { createHash } from 'node:crypto';
import type { TokenRequest, TokenResponse, TokenSource } from '@medveil/client';
import { type Clock, CodedError, type Id, isCodedError, type RandomBytes } from '@medveil/encoding';
import {
  type AssertionTrust, issueAccessToken, scopesFor, type SigningKeyPair, type TokenIssuer, verifyAccessToken, verifyAssertion,
} from '@medveil/identity';
import { createTokenVerifier, issueToken, type Principal, type TokenVerifier } from '@medveil/service-kit';

/** The party that runs a service; its tokens state their own scopes. */
export const OPERATOR = 'operator';
const ACCESS_TOKEN_LIFETIME_MS = 10 * 60_000;

const unauthenticated = (reason: string, cause?: unknown): CodedError => new CodedError('http/unauthenticated', reason, {}, { cause });

/** A caller who came with an assertion: the account of the certified key, beside the subject. */
export interface AccountPrincipal extends Principal {
  readonly account: Id<'acc'> | null;
}

export interface PartyToken {
  readonly scopes: readonly string[];
  /** the services that may take it */
  readonly audience: string | readonly string[];
  readonly lifetimeMs: number;
}

interface TokenPorts {
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** A token signed with a key that the receiving service has in its configuration: the operator's, or another service's of the consortium. */
export const signPartyToken = (issuer: string, key: SigningKeyPair, { scopes, audience, lifetimeMs }: PartyToken, ports: TokenPorts): Promise<string> =>
  issueToken({ algorithm: 'EdDSA', keyId: issuer, seed: key.secretKey }, { issuer, audience, subject: issuer, scopes, ttlMs: lifetimeMs }, ports);

export interface TrustedParty {
  /** Ed25519, 32 bytes */
  readonly publicKey: Uint8Array;
  /** the most that this party's tokens may ask for; null: whatever they state */
  readonly scopes: readonly string[] | null;
}

/** Takes tokens of the parties named, for this audience only. */
export function partyTokens({ parties, audience, clock }: {
  readonly parties: Readonly<Record<string, TrustedParty>>;
  readonly audience: string;
  readonly clock: Clock;
}): TokenVerifier {
  const verifiers = Object.entries(parties).map(([issuer, { publicKey, scopes }]): TokenVerifier => {
    const verifier = createTokenVerifier({ issuer, audience, keys: [{ algorithm: 'EdDSA', keyId: issuer, publicKey }], clock });
    return {
      async verify(token) {
        const principal = await verifier.verify(token);
        const granted = [...principal.scopes].filter((scope) => scopes === null || scopes.includes(scope));
        return { ...principal, scopes: new Set(granted), account: null } satisfies AccountPrincipal;
      },
    };
  });
  return anyOf(...verifiers);
}

/** A token source for `partyTokens` of another service. */
export function partyTokenSource(
  issuer: string,
  key: SigningKeyPair,
  token: { readonly scopes: readonly string[]; readonly audience: string },
  ports: TokenPorts,
): TokenSource {
  let held: { token: string; renewAtMs: number } | undefined;
  return async ({ renew }) => {
    if (renew || held === undefined || ports.clock() >= held.renewAtMs) {
      const signed = await signPartyToken(issuer, key, { ...token, lifetimeMs: ACCESS_TOKEN_LIFETIME_MS }, ports);
      held = { token: signed, renewAtMs: ports.clock() + ACCESS_TOKEN_LIFETIME_MS / 2 };
    }
    return held.token;
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
export function anyOf(...verifiers: readonly TokenVerifier[]): TokenVerifier {
  return {
    async verify(token) {
      let refusal: unknown = unauthenticated('no token is taken here');
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
