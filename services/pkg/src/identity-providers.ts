import { digest, fromBase64Url, toHex } from '@medveil/encoding';
import { type Role, enrolmentKeyNonce } from '@medveil/identity';
import { createRemoteJWKSet, errors as joseErrors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import type { PkgContext } from './context.js';
import { PkgError } from './errors.js';

/** What a provider may sign with: asymmetric, so that whoever can check a token cannot make one. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const;

/** An OpenID provider that the consortium trusts to say who somebody is. */
export const identityProviderSchema = z.strictObject({
  /** stands at the beginning of its people's enrolment ids */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,23}$/, { error: 'must be 1 to 24 lower-case letters, digits or dashes' }),
  /** exactly as the provider states it in `iss` */
  issuer: z.url(),
  /** what the provider knows this PKG as: has to be in `aud` */
  clientId: z.string().min(1).max(200),
  /** where its keys are published */
  jwksUri: z.url(),
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).default(['RS256', 'ES256']),
  /** what its people are enrolled as */
  role: z.enum(['patient', 'hospital']).default('patient'),
  /** claims that a token must carry with exactly these values, for example `{"email_verified": true}` */
  claims: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** from the login to its use here */
  maxAgeMs: z.int().min(1_000).max(24 * 3_600_000).default(10 * 60_000),
});
export type IdentityProvider = z.output<typeof identityProviderSchema>;

export const identityProvidersSchema = z.array(identityProviderSchema).max(16)
  .refine((providers) => new Set(providers.map(({ name }) => name)).size === providers.length, { error: 'two providers have the same name' })
  .refine((providers) => new Set(providers.map(({ issuer }) => issuer)).size === providers.length, { error: 'two providers have the same issuer' });

/** Whom a provider has recognised. */
export interface RecognisedPerson {
  readonly enrolmentId: string;
  readonly role: Role;
  readonly sponsor: string;
}

const TIMEOUT_MS = 5_000;
const CLOCK_TOLERANCE_S = 30;
/** What the keys could not be had for: it may pass. */
const AWAY = [joseErrors.JWKSTimeout, joseErrors.JWKSInvalid];

/**
 * Registration by an external identity provider (OpenID Connect Core 1.0, section 3.1.3.7). One person at a provider is one enrolment: the
 * id follows from issuer and subject. A token's `nonce` names the enrolment key that it was asked for, so that who steals it can enrol no other.
 */
export class IdentityProviders {
  readonly #known: ReadonlyMap<string, { readonly provider: IdentityProvider; readonly keys: ReturnType<typeof createRemoteJWKSet> }>;

  /** @throws PkgError `pkg/bad-provider` where keys would be fetched without TLS outside development */
  constructor(private readonly context: Pick<PkgContext, 'settings' | 'chainId' | 'clock'>) {
    this.#known = new Map(context.settings.identityProviders.map((provider) => {
      const url = new URL(provider.jwksUri);
      if (url.protocol !== 'https:' && context.settings.mode !== 'development') {
        throw new PkgError('pkg/bad-provider', 'the keys of a provider are fetched over https', { name: provider.name });
      }
      return [provider.name, { provider, keys: createRemoteJWKSet(url, { timeoutDuration: TIMEOUT_MS }) }];
    }));
  }

  /**
   * @param publicKey base64url: the Ed25519 key that is to be enrolled
   * @throws PkgError `pkg/unknown-provider`, `/bad-id-token`, `/provider-unavailable`
   */
  async recognise({ provider: name, idToken, publicKey }: { readonly provider: string; readonly idToken: string; readonly publicKey: string }): Promise<RecognisedPerson> {
    const known = this.#known.get(name);
    if (known === undefined) throw new PkgError('pkg/unknown-provider', 'no such identity provider is configured');
    const { provider, keys } = known;
    const payload = await this.#verified(provider, keys, idToken);
    this.#requireClaims(provider, payload, enrolmentKeyNonce(this.context.chainId, fromBase64Url(publicKey)));
    return { enrolmentId: enrolmentIdOf(provider, payload.sub ?? ''), role: provider.role, sponsor: `oidc:${name}` };
  }

  async #verified(provider: IdentityProvider, keys: ReturnType<typeof createRemoteJWKSet>, idToken: string): Promise<JWTPayload> {
    const { issuer, clientId: audience, algorithms, maxAgeMs } = provider;
    try {
      const { payload } = await jwtVerify(idToken, keys, {
        issuer, audience, algorithms, clockTolerance: CLOCK_TOLERANCE_S, maxTokenAge: maxAgeMs / 1_000, requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
        currentDate: new Date(this.context.clock()),
      });
      return payload;
    } catch (cause) {
      const isAway = AWAY.some((kind) => cause instanceof kind) || !(cause instanceof joseErrors.JOSEError);
      if (isAway || (cause instanceof joseErrors.JOSEError && cause.code === 'ERR_JOSE_GENERIC')) {
        throw new PkgError('pkg/provider-unavailable', 'the keys of the identity provider cannot be had; try again', { name: provider.name }, { cause });
      }
      const claim = cause instanceof joseErrors.JWTClaimValidationFailed || cause instanceof joseErrors.JWTExpired ? cause.claim : null;
      throw bad('the ID token is not one of this provider for this service, or its time is over', { reason: cause.code, claim }, cause);
    }
  }

  #requireClaims({ clientId, claims }: IdentityProvider, payload: JWTPayload, nonce: string): void {
    if (payload['nonce'] !== nonce) throw bad('the ID token was asked for with another enrolment key', { claim: 'nonce' });
    // A token for several is one that another of them may have got hold of, unless it was given to us.
    const isForOthers = Array.isArray(payload.aud) && payload.aud.length > 1;
    if (payload['azp'] === undefined ? isForOthers : payload['azp'] !== clientId) throw bad('the ID token was given to another client', { claim: 'azp' });
    if (payload.sub === undefined || payload.sub.length === 0 || payload.sub.length > 255) throw bad('the ID token names nobody', { claim: 'sub' });
    for (const [claim, value] of Object.entries(claims)) if (payload[claim] !== value) throw bad('the ID token lacks a claim that is asked for', { claim });
  }
}

const bad = (message: string, details: Record<string, string | null>, cause?: unknown) => new PkgError('pkg/bad-id-token', message, details, { cause });

/** The same person always has the same; two providers never share one. Who somebody is at the provider does not stand in it. */
const enrolmentIdOf = ({ name, issuer }: IdentityProvider, subject: string): string => `${name}-${toHex(digest('medveil/oidc-subject/1', { issuer, subject })).slice(0, 32)}`;
