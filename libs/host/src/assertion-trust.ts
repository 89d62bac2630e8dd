import type { Cache } from '@medveil/cache';
import { type Clock, fromBase64Url } from '@medveil/encoding';
import type { AssertionTrust, RevocationCheck } from '@medveil/identity';
import type { Network } from './network.js';

const SEEN = Uint8Array.of(1);

/**
 * What a service of the network believes of an assertion: certificates of its PKG, for this audience, used once.
 * The replay memory is as long as an assertion's life; an instance that restarts within it could take one again, which
 * gains nothing but another token for the same key's holder.
 */
export function assertionTrust(options: {
  readonly network: Network;
  readonly audience: string;
  readonly clock: Clock;
  readonly cache: Cache;
  readonly revocation: RevocationCheck;
}): AssertionTrust {
  const { network, audience, clock, cache, revocation } = options;
  return {
    audience,
    authority: fromBase64Url(network.caCertificate),
    pkgPublicKey: fromBase64Url(network.pkgPublicKey),
    chainId: network.chainId,
    revocation,
    clock,
    firstUse: (jti, untilMs) => cache.addIfAbsent(`assertion:${audience}:${jti}`, SEEN, { ttlMs: Math.max(1, untilMs - clock()) }),
  };
}
