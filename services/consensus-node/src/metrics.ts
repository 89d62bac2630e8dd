import type { ServiceMetrics } from '@medveil/service-kit';
import type { DirectCounts } from './direct/direct-transport.js';
import type { ConsensusNode } from './node.js';

export function measureNode(metrics: ServiceMetrics, node: ConsensusNode): void {
  const gauge = (name: `medveil_${string}`, help: string, read: () => number) => metrics.gaugeFrom({ name, help }, read);
  gauge('medveil_consensus_height', 'Height of the last block that this replica has executed.', () => node.ledger.head.header.height);
  gauge('medveil_consensus_view', 'View in which this replica works.', () => node.report().view);
  gauge('medveil_consensus_pending_requests', 'Transactions waiting in the pool.', () => node.report().pendingRequests);
  gauge('medveil_consensus_evidence', 'Contradictions of replicas that this replica has evidence of.', () => node.evidence().length);
  gauge('medveil_consensus_log_syncs', 'Times that the write-ahead log was made durable since the start.', () => node.logSyncs);
  gauge('medveil_consensus_head_time_seconds', 'Time of the last block, seconds since 1970.', () => node.ledger.head.header.timeMs / 1000);
}

/** Counts are read when they are scraped: not before the transport is open. */
export function measureTransport(metrics: ServiceMetrics, counts: () => DirectCounts) {
  const gauge = (name: `medveil_${string}`, help: string, read: (of: DirectCounts) => number) => metrics.gaugeFrom({ name, help }, () => read(counts()));
  gauge('medveil_consensus_peers_connected_to', 'Replicas that this one has a stream to.', ({ connectedTo }) => connectedTo);
  gauge('medveil_consensus_peers_connected_from', 'Replicas that have a stream to this one.', ({ connectedFrom }) => connectedFrom);
  gauge('medveil_consensus_queued_bytes', 'Bytes of messages that wait for peers.', ({ queuedBytes }) => queuedBytes);
  gauge('medveil_consensus_sent_bytes', 'Bytes of messages sent to peers since the start.', ({ sentBytes }) => sentBytes);
  gauge('medveil_consensus_received_bytes', 'Bytes of messages received from peers since the start.', ({ receivedBytes }) => receivedBytes);
  const ended = metrics.counter({ name: 'medveil_consensus_streams_ended_total', help: 'Streams to peers that ended or did not open.', labels: ['code'] });
  const refused = metrics.counter({ name: 'medveil_consensus_peers_refused_total', help: 'Connections that were refused.', labels: ['code'] });
  const dropped = metrics.counter({ name: 'medveil_consensus_messages_dropped_total', help: 'Messages that found no room in the queue to a peer.', labels: ['kind'] });
  return {
    ended: (code: string) => ended.add({ code }),
    refused: (code: string) => refused.add({ code }),
    dropped: (kind: string) => dropped.add({ kind }),
  };
}
