import { count, min } from 'drizzle-orm';
import { certificateEndMs, measureCertificates } from '@medveil/host';
import { measureJobs } from '@medveil/service-kit';
import type { ResearchContext } from './context.js';
import { deliveries, DELIVERY_STATUSES, institutions } from './tables.js';

/** The agent's queue, its deliveries by status, and its certificates. */
export function measureResearch({ database, jobs, metrics, caCertificate }: ResearchContext): void {
  measureJobs(metrics, jobs);
  metrics.gaugesFrom({ name: 'medveil_deliveries', help: 'Claims on this agent’s requirements, by what has become of them.', labels: ['status'] }, async () => {
    const rows = await database.queries.select({ status: deliveries.status, number: count() }).from(deliveries).groupBy(deliveries.status);
    return { ...Object.fromEntries(DELIVERY_STATUSES.map((status) => [status, 0])), ...Object.fromEntries(rows.map(({ status, number }) => [status, number])) };
  });
  const authority = certificateEndMs(caCertificate);
  measureCertificates(metrics, async () => {
    const [first] = await database.queries.select({ endMs: min(institutions.certificateUntilMs) }).from(institutions);
    return first?.endMs == null ? { authority } : { authority, own: first.endMs };
  });
}
