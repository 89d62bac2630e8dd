import type { Clock, RandomBytes } from '@medveil/encoding';
import type { Database } from '@medveil/database';
import type { RuleSet } from '@medveil/fhir';
import type { Network, StorageSealer } from '@medveil/host';
import type { KeyVault } from '@medveil/identity';
import type { Afgh06 } from '@medveil/pre';
import type { ServiceLog, ServiceMetrics } from '@medveil/service-kit';
import type { PatientApiSettings } from './settings.js';

/** What all parts of the agent stand on. */
export interface AgentContext {
  readonly settings: PatientApiSettings;
  readonly network: Network;
  readonly chainId: string;
  /** how records are de-identified */
  readonly ruleSet: RuleSet;
  readonly database: Database;
  readonly vault: KeyVault;
  readonly sealer: StorageSealer;
  readonly pre: Afgh06;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: ServiceLog;
  readonly metrics: ServiceMetrics;
}
