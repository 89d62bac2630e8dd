import type { Clock } from '@medveil/encoding';
import type { AppliedBlock, Block } from '@medveil/ledger';
import type { ServiceMetrics } from '@medveil/service-kit';
import type { DirectCounts } from './direct/direct-transport.js';
import type { ConsensusNode } from './node.js';

/** The credits are counted over the whole state: not at every scrape. */
const COUNT_EVERY_MS = 30_000;

export interface ProtocolObserver {
  applied(applied: AppliedBlock, block: Block): void;
  viewEntered(): void;
}

/** What the protocol does, as it happens. @param name this replica's */
export function measureProtocol(metrics: ServiceMetrics, name: string, clock: Clock): ProtocolObserver {
  const views = metrics.counter({ name: 'medveil_consensus_view_changes_total', help: 'Views that this replica has entered after a view change.' });
  const commits = metrics.duration({
    name: 'medveil_consensus_commit_latency_seconds', help: 'Time from building a block to having executed it, of the blocks that this replica proposed.',
  });
  const transactions = metrics.counter({ name: 'medveil_consensus_transactions_total', help: 'Transactions of the blocks that this replica has executed.' });
  return {
    applied: (_applied, { header, transactions: { length } }) => {
      transactions.add({}, length);
      // Its own clock at both ends.
      if (header.proposer === name) commits.observeMs({}, Math.max(0, clock() - header.timeMs));
    },
    viewEntered: () => views.add({}),
  };
}

/** Where the replica stands, read when it is scraped. */
export function measureNode(metrics: ServiceMetrics, node: ConsensusNode, clock: Clock): void {
  const gauge = (name: `medveil_consensus_${string}`, help: string, read: () => number | Promise<number>) => metrics.gaugeFrom({ name, help }, read);
  gauge('medveil_consensus_height', 'Height of the last block that this replica has executed.', () => node.ledger.head.header.height);
  gauge('medveil_consensus_head_time_seconds', 'Time of the last block, seconds since 1970.', () => node.ledger.head.header.timeMs / 1000);
  gauge('medveil_consensus_view', 'View in which this replica works.', () => node.report().view);
  gauge('medveil_consensus_member', '1 where this replica is of the set that agrees on the next block.', () => (node.report().seat === null ? 0 : 1));
  gauge('medveil_consensus_voting', '1 where this replica’s voice counts; 0: it is no member, has lost its log, has diverged, or has stopped.', () => (node.isVoting ? 1 : 0));
  gauge('medveil_consensus_pending_requests', 'Transactions waiting in the pool.', () => node.report().pendingRequests);
  gauge('medveil_consensus_waiting_inputs', 'Messages and other inputs of the protocol that wait for this replica.', () => node.waiting.inputs);
  gauge('medveil_consensus_unchecked_transactions', 'Transactions that wait for their first check.', () => node.waiting.unchecked);
  gauge('medveil_consensus_evidence', 'Contradictions of replicas that this replica has evidence of.', () => node.evidence().length);
  metrics.counterFrom({ name: 'medveil_consensus_log_syncs_total', help: 'Times that the write-ahead log was made durable.' }, () => node.logSyncs);
  metrics.counterFrom({ name: 'medveil_consensus_messages_refused_total', help: 'Messages of other replicas that the protocol does not believe.' }, () => refused(node));
  let counted: { readonly atMs: number; readonly conserved: boolean } | undefined;
  gauge('medveil_consensus_credits_conserved', '1 where the state holds the credits that were minted and not redeemed; 0: the ledger is broken.', async () => {
    const nowMs = clock();
    if (counted === undefined || nowMs - counted.atMs >= COUNT_EVERY_MS || nowMs < counted.atMs) counted = { atMs: nowMs, conserved: await node.creditsConserved() };
    return counted.conserved ? 1 : 0;
  });
}

/** Of all peers: what was rejected, not what merely came late or twice. */
function refused(node: ConsensusNode): number {
  let count = 0;
  for (const reasons of node.report().dropped.values()) {
    for (const [reason, number] of Object.entries(reasons)) if (reason.startsWith('reject/')) count += number;
  }
  return count;
}

const NOTHING: DirectCounts = { connectedTo: 0, connectedFrom: 0, queuedBytes: 0, sentBytes: 0, receivedBytes: 0 };

/** Streams to other replicas; all zero where they speak over the bus. Counts are read when they are scraped: none before the transport is open. */
export function measureTransport(metrics: ServiceMetrics, counts: () => DirectCounts | undefined) {
  const now = () => counts() ?? NOTHING;
  metrics.gaugeFrom({ name: 'medveil_consensus_peers_connected_to', help: 'Replicas that this one has a stream to.' }, () => now().connectedTo);
  metrics.gaugeFrom({ name: 'medveil_consensus_peers_connected_from', help: 'Replicas that have a stream to this one.' }, () => now().connectedFrom);
  metrics.gaugeFrom({ name: 'medveil_consensus_queued_bytes', help: 'Bytes of messages that wait for peers.' }, () => now().queuedBytes);
  metrics.counterFrom({ name: 'medveil_consensus_sent_bytes_total', help: 'Bytes of messages sent to peers.' }, () => now().sentBytes);
  metrics.counterFrom({ name: 'medveil_consensus_received_bytes_total', help: 'Bytes of messages received from peers.' }, () => now().receivedBytes);
  const ended = metrics.counter({ name: 'medveil_consensus_streams_ended_total', help: 'Streams to peers that ended or did not open.', labels: ['code'] }, [{ code: 'closed' }]);
  const refusals = metrics.counter({ name: 'medveil_consensus_peers_refused_total', help: 'Connections that were refused.', labels: ['code'] }, [{ code: 'unknown-peer' }, { code: 'tls' }]);
  const dropped = metrics.counter({ name: 'medveil_consensus_messages_dropped_total', help: 'Messages that found no room in the queue to a peer.', labels: ['kind'] });
  return {
    ended: (code: string) => ended.add({ code }),
    refused: (code: string) => refusals.add({ code }),
    dropped: (kind: string) => dropped.add({ kind }),
  };
}
