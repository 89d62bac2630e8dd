import type { Id } from '@medveil/encoding';
import type { ServiceLog, ServiceMetrics } from '@medveil/service-kit';
import type { GrantStatus } from './tables.js';

/** What `Grants` tells of its work. */
export interface GrantObserver {
  /** A grant has come to this status. */
  moved(claimId: Id<'clm'>, status: GrantStatus, code?: string | null): void;
  /** All parts of one claim were re-encrypted and proved, or the grant was found wanting. */
  reEncrypted(outcome: 'ok' | 'refused', parts: number, durationMs: number): void;
}

const STATUSES: readonly GrantStatus[] = ['received', 'delivered', 'refused', 'revoked'];

/** A claim's name is what ties this log to those of its agents: it is public, and says nothing of who claims. */
export function grantObserver(metrics: ServiceMetrics, log: ServiceLog): GrantObserver {
  const grants = metrics.counter(
    { name: 'medveil_grants_total', help: 'Grants of re-encryption keys, by what became of them.', labels: ['status'] }, STATUSES.map((status) => ({ status })),
  );
  const durations = metrics.duration({
    name: 'medveil_reencryption_duration_seconds', help: 'Time to check the keys of a claim, to re-encrypt its parts and to prove it.', labels: ['outcome'],
  }, [{ outcome: 'ok' }, { outcome: 'refused' }]);
  const parts = metrics.counter({ name: 'medveil_reencrypted_parts_total', help: 'Parts that were re-encrypted.' });
  return {
    moved: (claimId, status, code = null) => {
      grants.add({ status });
      log.info('grant-moved', { claimId, state: status, ...(code === null ? {} : { code }) });
    },
    reEncrypted: (outcome, count, durationMs) => {
      durations.observeMs({ outcome }, durationMs);
      parts.add({}, count);
    },
  };
}
