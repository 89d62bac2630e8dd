import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';

/** Who calls, as the verified credential says. */
export interface Principal {
  /** The credential's subject, for example a service name, an account id or `operator`. */
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
  /** The token's own id (`jti`). */
  readonly tokenId: string;
}

/** Turns the bearer token of a request into a principal. @throws CodedError `http/unauthenticated` */
export interface TokenVerifier {
  verify(token: string): Promise<Principal>;
}

export const PUBLIC_ROUTE = 'medveil:public-route';
export const REQUIRED_SCOPES = 'medveil:required-scopes';

/** Anyone may call the route. A route with neither `@Public` nor `@Scopes` is refused to everyone. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC_ROUTE, true);

/** The caller's token must hold at least one of the scopes, for example `@Scopes('records:write')`. */
export const Scopes = (...anyOf: [string, ...string[]]): MethodDecorator & ClassDecorator => SetMetadata(REQUIRED_SCOPES, anyOf);

/** The caller, in a handler of a route with `@Scopes`: `find(@Caller() caller: Principal)`. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const principal = context.switchToHttp().getRequest<{ principal?: Principal }>().principal;
  if (principal === undefined) throw new Error('@Caller() needs a route with @Scopes(...)');
  return principal;
});
