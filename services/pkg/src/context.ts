import type { Database, Jobs, Outbox } from '@medveil/database';
import type { Clock, RandomBytes } from '@medveil/encoding';
import type { OpeningCommittees, PreKeyVerifier } from '@medveil/identity';
import type { MessagePublisher } from '@medveil/messaging';
import type { PkgKeys } from './keys.js';
import type { PkgSettings } from './settings.js';

/** What the parts of this service share. */
export interface PkgContext {
  readonly settings: PkgSettings;
  readonly chainId: string;
  readonly keys: PkgKeys;
  readonly epochs: { readonly epochMs: number; readonly lifetimeEpochs: number };
  readonly committees: OpeningCommittees;
  readonly preKeys: PreKeyVerifier;
  readonly database: Database;
  readonly jobs: Jobs;
  readonly outbox: Outbox;
  /** Looks at the outbox now; after a commit. */
  readonly outboxChanged: () => void;
  readonly publisher: Pick<MessagePublisher, 'seal'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** How old, or how far ahead of this clock, a signed request may be. */
export const REQUEST_FRESHNESS_MS = 10 * 60_000;
