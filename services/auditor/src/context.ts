import type { ContractClient, LedgerAccess, ProxyClient } from '@medveil/client';
import type { Database, Jobs } from '@medveil/database';
import type { Clock, Id } from '@medveil/encoding';
import type { HpkeKeyPair, SigningKeyPair } from '@medveil/identity';
import type { Afgh06 } from '@medveil/pre';
import type { ServiceLog } from '@medveil/service-kit';
import type { DisputeStore } from './disputes/dispute-store.js';
import type { AuditorSettings } from './settings.js';

/** What the parts of this service share. */
export interface AuditorContext {
  readonly settings: AuditorSettings;
  readonly chainId: string;
  readonly account: SigningKeyPair;
  readonly accountId: Id<'acc'>;
  readonly hpke: HpkeKeyPair;
  readonly database: Database;
  readonly jobs: Jobs;
  readonly disputes: DisputeStore;
  readonly ledger: LedgerAccess;
  /** fronts that evidence is looked for with */
  readonly evidenceFronts: readonly Pick<ContractClient, 'evidence'>[];
  readonly proxy: ProxyClient;
  readonly pre: Afgh06;
  readonly clock: Clock;
  readonly log: ServiceLog;
}
