import { createInbox, type Database } from '@medveil/database';
import { type Clock, fromBase64Url } from '@medveil/encoding';
import type { AssertionTrust, ReplayGuard, RevocationCheck } from '@medveil/identity';
import type { Network } from './network.js';

const CONSUMER = 'assertions';
/** Longer than an assertion can be valid, whatever the clocks say. */
const KEEP_MS = 3_600_000;
const PRUNE_EVERY_MS = 600_000;

/** What a service of the network believes of an assertion: certificates of its PKG, for this audience, used once. */
export function assertionTrust(options: {
  readonly network: Network;
  readonly audience: string;
  readonly clock: Clock;
  readonly firstUse: ReplayGuard;
  readonly revocation: RevocationCheck;
}): AssertionTrust {
  const { network, audience, clock, firstUse, revocation } = options;
  return {
    audience,
    authority: fromBase64Url(network.caCertificate),
    pkgPublicKey: fromBase64Url(network.pkgPublicKey),
    chainId: network.chainId,
    revocation,
    clock,
    firstUse,
  };
}

/** Remembers used assertions in the service's database: no restart, no other instance and no lost cache lets one be used again. */
export function assertionMemory(database: Database, clock: Clock): ReplayGuard {
  const inbox = createInbox(database, clock);
  let prunedAtMs = clock();
  return async (jti) => {
    const isFirst = await database.transaction(async (tx) => inbox.markOnce(tx, { consumer: CONSUMER, messageId: jti }));
    if (clock() - prunedAtMs > PRUNE_EVERY_MS) {
      prunedAtMs = clock();
      await inbox.prune(prunedAtMs - KEEP_MS, CONSUMER);
    }
    return isFirst;
  };
}
