import { count, eq } from 'drizzle-orm';
import { fromBase64Url } from '@medveil/encoding';
import { certificateEndMs, measureCertificates } from '@medveil/host';
import { measureJobs } from '@medveil/service-kit';
import type { AgentContext } from './agent.js';
import type { Agent } from './assemble.js';
import { PHASES } from './exchanges/phases.js';
import { exchanges, HOSPITAL, parties } from './tables.js';

/** The agent's queues, its exchanges by phase, and its certificates. */
export function measureAgent({ database, network, metrics }: AgentContext, { jobs }: Pick<Agent, 'jobs'>): void {
  measureJobs(metrics, jobs);
  metrics.gaugesFrom({ name: 'medveil_exchanges', help: 'Exchanges of this agent’s patients, by the phase that they have come to.', labels: ['phase'] }, async () => {
    const rows = await database.queries.select({ phase: exchanges.phase, number: count() }).from(exchanges).groupBy(exchanges.phase);
    return { ...Object.fromEntries(PHASES.map((phase) => [phase, 0])), ...Object.fromEntries(rows.map(({ phase, number }) => [phase, number])) };
  });
  const authority = certificateEndMs(fromBase64Url(network.caCertificate));
  measureCertificates(metrics, async () => {
    const [hospital] = await database.queries.select({ endMs: parties.certificateNotAfterMs }).from(parties).where(eq(parties.partyId, HOSPITAL));
    return hospital?.endMs == null ? { authority } : { authority, own: hospital.endMs };
  });
}
