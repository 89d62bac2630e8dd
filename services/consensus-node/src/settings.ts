import { vaultSettings } from '@medveil/host';
import { MAX_IN_FLIGHT } from '@medveil/pbft';
import { commonSettings } from '@medveil/service-kit';
import { z } from 'zod';

const host = z.string().min(1).max(255);
const address = z.string().regex(/^[^:\s]+:\d{1,5}$/, { error: 'must be host:port' });

/** How replicas reach each other: over the bus that the other services use, or over TLS streams of their own (docs/consensus.md, "Transport"). */
const replicaTransport = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('bus') }),
  z.strictObject({
    kind: z.literal('direct'),
    /** port 0: a free one, for tests */
    listen: z.strictObject({ host, port: z.int().min(0).max(65_535) }),
    /** where the others listen, `host:port` by identifier of the replica */
    peers: z.record(z.string().min(1).max(64), address),
  }),
]);

export const consensusNodeSettings = z.strictObject({
  ...commonSettings,
  /** identifier of this replica in the ledger's replica sets, for example `replica-0`; one that no set names follows until one does */
  replica: z.string().min(1).max(64),
  /** ledger and write-ahead log: on a volume of its own, replicas share nothing */
  dataFolder: z.string().min(1),
  /** the public description of the network (made at setup) */
  networkFile: z.string().min(1),
  /** holds `replica-key`, `message-key`, `operator-key` and, for shares of pseudonyms, `hpke-seed`; `next-replica-key` where a change of the key is prepared */
  vault: vaultSettings,
  /** Ed25519 key whose tokens this service takes, base64url */
  operatorPublicKey: z.string().min(1),
  /** vote for every member that the PKG has enrolled: for development only */
  autoApproveMembers: z.boolean().default(false),
  transport: replicaTransport.prefault({ kind: 'bus' }),
  /** how far a proposal's time may be from this replica's clock */
  clockToleranceMs: z.int().min(100).max(600_000).default(10_000),
  /** patience with a leader before the first view change */
  progressTimeoutMs: z.int().min(50).max(600_000).default(4_000),
  snapshots: z
    .strictObject({
      /** every so many blocks the state is kept for replicas that join */
      interval: z.int().min(2).max(1_000_000).default(1_024),
      /** nodes to take a state from where this one is new or far behind, URLs by identifier; none: blocks are replayed */
      peers: z.record(z.string().min(1).max(64), z.url()).default({}),
      /** blocks behind from which on a state is taken instead of the blocks */
      minLead: z.int().min(1).max(1_000_000_000).default(4_096),
    })
    .prefault({}),
  /** blocks in agreement at once; the same on every replica */
  maxInFlight: z.int().min(1).max(MAX_IN_FLIGHT).default(1),
  /** transactions that wait here to be ordered; of more, clients are told `consensus-node/pool-full` */
  maxPoolTransactions: z.int().min(1).max(100_000).default(5_000),
  batchDelayMs: z.int().min(0).max(1_000).default(2),
});
export type ConsensusNodeSettings = z.output<typeof consensusNodeSettings>;
