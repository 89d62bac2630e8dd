import type { ServiceMetrics } from '@medveil/service-kit';
import type { ConsensusNode } from './node.js';

export function measureNode(metrics: ServiceMetrics, node: ConsensusNode): void {
  const gauge = (name: `medveil_${string}`, help: string, read: () => number) => metrics.gaugeFrom({ name, help }, read);
  gauge('medveil_consensus_height', 'Height of the last block that this replica has executed.', () => node.ledger.head.header.height);
  gauge('medveil_consensus_view', 'View in which this replica works.', () => node.report().view);
  gauge('medveil_consensus_pending_requests', 'Transactions waiting in the pool.', () => node.report().pendingRequests);
  gauge('medveil_consensus_evidence', 'Contradictions of replicas that this replica has evidence of.', () => node.evidence.length);
  gauge('medveil_consensus_head_time_seconds', 'Time of the last block, seconds since 1970.', () => node.ledger.head.header.timeMs / 1000);
}
