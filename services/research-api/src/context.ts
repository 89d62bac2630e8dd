import type { Database, Jobs } from '@medveil/database';
import type { Clock, RandomBytes } from '@medveil/encoding';
import type { KeyVault } from '@medveil/identity';
import type { Afgh06 } from '@medveil/pre';
import type { ServiceLog, ServiceMetrics } from '@medveil/service-kit';
import type { Changes } from './changes.js';
import type { ResearchApiSettings } from './settings.js';

/** What the parts of this service share. */
export interface ResearchContext {
  readonly settings: ResearchApiSettings;
  readonly chainId: string;
  /** DER of the E-Cert authority */
  readonly caCertificate: Uint8Array;
  readonly database: Database;
  readonly jobs: Jobs;
  readonly vault: KeyVault;
  readonly pre: Afgh06;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: ServiceLog;
  readonly metrics: ServiceMetrics;
}
