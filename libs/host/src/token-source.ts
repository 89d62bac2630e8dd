import { HttpClient, requestToken, type TokenSource } from '@medveil/client';
import type { Clock, RandomBytes } from '@medveil/encoding';
import { type Credential, signAssertion, type SigningKeyPair } from '@medveil/identity';

export interface AssertionClient {
  readonly key: SigningKeyPair;
  readonly credential: Credential;
  /** the certificate's own subject: enrolment id, or account of a pseudonym */
  readonly subject: string;
}

/** Renewed so long before a token ends. */
const RENEW_BEFORE_MS = 30_000;

/** Access tokens of one service for one credential: asked for when needed, kept until shortly before they end. */
export function assertionTokens(
  baseUrl: string,
  audience: string,
  client: AssertionClient,
  ports: { readonly clock: Clock; readonly random: RandomBytes },
): TokenSource {
  const http = new HttpClient({ baseUrl });
  let held: { token: string; renewAtMs: number } | undefined;
  let asking: Promise<string> | undefined;
  const ask = async (): Promise<string> => {
    const answer = await requestToken(http, await signAssertion(client, audience, ports));
    held = { token: answer.access_token, renewAtMs: ports.clock() + answer.expires_in * 1_000 - RENEW_BEFORE_MS };
    return answer.access_token;
  };
  return async ({ renew }) => {
    if (!renew && held !== undefined && ports.clock() < held.renewAtMs) return held.token;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}
