import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { CodedError } from '@medveil/encoding';
import { type Principal, PUBLIC_ROUTE, REQUIRED_SCOPES, type TokenVerifier } from './access.js';
import type { HttpErrorCode } from './errors.js';
import type { RateLimits } from './rate-limits.js';

interface HttpRequest {
  readonly headers: { readonly authorization?: string };
  principal?: Principal;
}

/** What a route's decorators say. */
type RouteAccess = { readonly kind: 'public' } | { readonly kind: 'scopes'; readonly anyOf: readonly string[] } | { readonly kind: 'undeclared' };

/** Nobody gets in by omission: a route without `@Public()` or `@Scopes(...)` is closed, and its code says so. */
export class AccessGuard implements CanActivate {
  readonly #tokens: TokenVerifier;
  readonly #limits: RateLimits;

  constructor(tokens: TokenVerifier, limits: RateLimits) {
    this.#tokens = tokens;
    this.#limits = limits;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const access = routeAccess(context);
    if (access.kind === 'public') return true;
    if (access.kind === 'undeclared') throw refusal('http/undeclared-access', 'the route does not say who may call it, so nobody may');
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const principal = await this.#tokens.verify(bearerToken(request.headers.authorization));
    await this.#limits.countCredential(principal.subject);
    if (!access.anyOf.some((scope) => principal.scopes.has(scope))) {
      throw new CodedError<HttpErrorCode>('http/forbidden', 'the access token lacks the scope', { anyOf: access.anyOf.join(' ') });
    }
    request.principal = principal;
    return true;
  }
}

/** The method's own declaration counts before its class's; where both kinds stand at one place, the scopes count. */
function routeAccess(context: ExecutionContext): RouteAccess {
  for (const target of [context.getHandler(), context.getClass()]) {
    const anyOf: unknown = Reflect.getMetadata(REQUIRED_SCOPES, target);
    if (Array.isArray(anyOf)) return { kind: 'scopes', anyOf: anyOf.map(String) };
    if (Reflect.getMetadata(PUBLIC_ROUTE, target) === true) return { kind: 'public' };
  }
  return { kind: 'undeclared' };
}

function bearerToken(header: string | undefined): string {
  const token = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(header ?? '')?.[1];
  if (token === undefined) throw refusal('http/unauthenticated', 'a bearer token is required');
  return token;
}

const refusal = (code: HttpErrorCode, message: string) => new CodedError<HttpErrorCode>(code, message);
