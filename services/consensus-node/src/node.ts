import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { areConserved, createContract, CreditAudit, faultName, listReplicaFaults, type Proposal, proposalIdOf, type Verifiers } from '@medveil/agreements';
import type { consensusNodeApi } from '@medveil/client';
import { type Clock, CodedError, type Id, type RandomBytes, toBase64Url } from '@medveil/encoding';
import { HeadSignal, LedgerReader } from '@medveil/explorer';
import type { SigningKeyPair } from '@medveil/identity';
import { type Admission, type Block, encodeBlock, type Genesis, Ledger, type ReplicaSet, type SnapshotPeer } from '@medveil/ledger';
import { LevelStore } from '@medveil/ledger/level';
import { BLOCK_COMMITTED, type MessagePublisher } from '@medveil/messaging';
import { type CommitCertificate, ed25519Verifier, encodeCommitCertificate, encodeEvidence, type Evidence, replicaConfig } from '@medveil/pbft';
import type { ServiceLog, ServiceMetrics } from '@medveil/service-kit';
import { EvidenceFolder } from './evidence-folder.js';
import { measureProtocol } from './metrics.js';
import { openNodeTransport } from './node-transport.js';
import { OperatorQueue } from './operator-queue.js';
import { PoolWatch } from './pool-watch.js';
import { type KnownProposal, ProposalBoard } from './proposals.js';
import { Readiness } from './readiness.js';
import type { ReplicaKeys } from './replica-keys.js';
import { configurationOf, type OpenTransport, ReplicaShell } from './replica-shell.js';
import type { ConsensusNodeSettings } from './settings.js';

import { transferIfBehind } from './state-transfer.js';
import { WalFile } from './wal-file.js';

export interface NodeDependencies {
  readonly settings: ConsensusNodeSettings;
  readonly genesis: Genesis;
  readonly verifiers: Verifiers;
  readonly replicaKeys: ReplicaKeys;
  readonly operator: SigningKeyPair;
  /** asked for a state before the replica starts */
  readonly snapshotPeers: readonly SnapshotPeer[];
  readonly publisher: MessagePublisher;
  /** Whether this replica has taken part before; kept apart from the data folder, with the key it votes with. */
  readonly started: StartMark;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly metrics: ServiceMetrics;
  readonly log: ServiceLog;
}

export interface StartMark {
  isSet(): Promise<boolean>;
  /** Resolves when it is durable. */
  set(): Promise<void>;
}

/** Contradictions on record that the node shows. */
const MAX_EVIDENCE = 1_000;
/** Of a proposal: tells apart those that ask for the same. */
const REFERENCE_BYTES = 16;
/** Time for the other members to vote for a change of this replica's key. */
const PROPOSAL_LIFETIME_MS = 7 * 86_400_000;
/** How often a transaction of the operator's that was lost on its way is looked for. */
const OPERATOR_POLL_MS = 2_000;
/** A block that stands in a bus message; larger ones are fetched from a node. */
const MAX_PROPOSAL_BYTES = 768 * 1024;

/** One consortium member's replica: its ledger, its part in the protocol, its vote. */
export class ConsensusNode {
  readonly proposals = new ProposalBoard();
  readonly #readiness = new Readiness();
  #failed = false;
  #operatorPoll: NodeJS.Timeout | undefined;
  readonly #credits: CreditAudit;

  private constructor(
    private readonly dependencies: NodeDependencies,
    readonly ledger: Ledger,
    readonly reader: LedgerReader,
    private readonly wal: WalFile,
    private readonly shell: ReplicaShell,
    private readonly transport: OpenTransport,
    private readonly operator: OperatorQueue,
    private readonly unrecorded: EvidenceFolder,
  ) {
    this.#credits = new CreditAudit(ledger, () => setImmediate());
  }

  static async open(dependencies: NodeDependencies): Promise<ConsensusNode> {
    const { settings, genesis, verifiers } = dependencies;
    await mkdir(settings.dataFolder, { recursive: true });
    const store = await LevelStore.open(join(settings.dataFolder, 'ledger'));
    try {
      const { peers, minLead, interval } = { ...settings.snapshots, peers: dependencies.snapshotPeers };
      const heightBefore = (await store.height()) ?? 0;
      await transferIfBehind({ store, genesis, folder: join(settings.dataFolder, 'snapshot'), peers, minLead, log: dependencies.log });
      const ledger = await Ledger.open({ genesis, store, stateMachine: createContract({ verifiers }), snapshotInterval: interval });
      const log = await WalFile.open(settings.dataFolder);
      try {
        const recovering = await isLogLost(log, heightBefore, dependencies.started);
        const unrecorded = await EvidenceFolder.open(join(settings.dataFolder, 'evidence'), (error) => dependencies.log.error('evidence-not-kept', error));
        return await ConsensusNode.#assemble(dependencies, ledger, log, unrecorded, recovering);
      } catch (error) {
        await log.wal.close();
        throw error;
      }
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  static async #assemble(dependencies: NodeDependencies, ledger: Ledger, { wal, entries }: OpenedLog, unrecorded: EvidenceFolder, recovering: boolean): Promise<ConsensusNode> {
    const { settings, replicaKeys, clock, log } = dependencies;
    const name = settings.replica;
    const signal = new HeadSignal();
    const measured = measureProtocol(dependencies.metrics, name, clock);
    const transport = await openNodeTransport({ ...dependencies, ledger, maxProposalBytes: MAX_PROPOSAL_BYTES, shell: () => shell });
    const config = replicaConfig({
      chainId: ledger.chainId,
      name,
      configuration: configurationOf(ledger.head),
      progressTimeoutMs: settings.progressTimeoutMs,
      batchDelayMs: settings.batchDelayMs,
      maxInFlight: settings.maxInFlight,
      poolRequests: settings.maxPoolTransactions,
      maxProposalBytes: MAX_PROPOSAL_BYTES,
      maxRequestBytes: 128 * 1024,
    });
    const shell: ReplicaShell = new ReplicaShell({
      config,
      signerOf: (publicKey) => replicaKeys.signerOf(publicKey),
      verifier: ed25519Verifier,
      ledger,
      proposer: name,
      wal,
      walEntries: entries,
      recovering,
      transport,
      pool: new PoolWatch(ledger, clock),
      clock,
      clockToleranceMs: settings.clockToleranceMs,
      observer: {
        applied: (applied, block) => {
          signal.grown();
          measured.applied(applied, block);
          operator.afterBlock(applied);
          for (const { transactionId, error } of applied.faults) log.error('execution-fault', error, { transactionId });
          if (block.header.proposer === name) node.#announce(applied.head.certificate, block);
        },
        viewEntered: (view, primary) => {
          measured.viewEntered();
          log.info('view-entered', { view, replica: primary });
        },
        reconfigured: ({ configuration: { epoch, names }, seat }) => {
          transport.replicasChanged();
          log.info('reconfigured', { height: epoch, count: names.length, state: seat === null ? 'no-member' : 'member' });
        },
        evidence: ({ evidence }) => {
          log.warn('evidence', { code: evidence.kind, replica: evidence.replica, view: evidence.view, sequence: evidence.sequence });
          if (unrecorded.add(evidence)) node.#report(faultName(evidence), evidence);
        },
        proposalRefused: (sequence, code) => log.warn('proposal-refused', { sequence, code }),
        failed: (error) => {
          node.#failed = true;
          log.error('replica-stopped', error);
        },
      },
    });
    const operator = new OperatorQueue(ledger, dependencies.operator, clock, (transaction) => shell.submitOwn(transaction));
    const node = new ConsensusNode(dependencies, ledger, new LedgerReader(ledger, clock, signal), wal, shell, transport, operator, unrecorded);
    return node;
  }

  start(): void {
    this.shell.start();
    for (const [name, evidence] of this.unrecorded.list()) this.#report(name, evidence);
    this.#operatorPoll = setInterval(() => this.operator.wake(), OPERATOR_POLL_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#operatorPoll);
    this.reader.stop();
    await this.shell.stop();
    await this.transport.close();
    await this.wal.close();
    await this.unrecorded.close();
    await this.ledger.store.close();
  }

  /**
   * A readiness check.
   * @throws CodedError `consensus-node/replica-stopped`, or as Readiness.check
   */
  check(): void {
    if (this.#failed) throw new CodedError('consensus-node/replica-stopped', 'the replica has stopped');
    this.#readiness.check(this.name, this.shell.report());
  }

  /** Of this replica, in the ledger's sets and for transports. */
  get name(): string {
    return this.dependencies.settings.replica;
  }

  get operatorAccount(): Id<'acc'> {
    return this.operator.account;
  }

  /** @returns what was said of each: those admitted are passed on to the other replicas */
  takeTransactions(transactions: readonly Uint8Array[]): Promise<readonly Admission[]> {
    return this.shell.submit(transactions);
  }

  takeConsensusMessage(from: string, bytes: Uint8Array): void {
    this.shell.feedMessage(from, bytes);
  }

  takeProposal(known: KnownProposal): void {
    this.proposals.add(known);
    if (this.dependencies.settings.autoApproveMembers && known.proposal.action.kind === 'pin-member') this.vote(known);
  }

  /** Queues this member's vote; the ledger decides. @throws CodedError `consensus-node/busy` */
  vote(known: KnownProposal): void {
    if (!this.operator.vote(known)) throw new CodedError('consensus-node/busy', 'too many votes wait to be recorded');
  }

  /** Contradictions of replicas, canonical: those on the ledger, then those seen here that are not on it yet. */
  evidence(): Uint8Array[] {
    const recorded: Uint8Array[] = [];
    for (const { evidence } of listReplicaFaults(this.ledger.view())) if (recorded.push(evidence) >= MAX_EVIDENCE) break;
    return [...recorded, ...this.unrecorded.list().map(([, evidence]) => encodeEvidence(evidence))];
  }

  #report(name: string, evidence: Evidence): void {
    this.operator.report(name, evidence, () => this.unrecorded.remove(name));
  }

  /** The set that agrees on the next block. */
  get replicaSet(): ReplicaSet {
    return this.ledger.head.certifiers;
  }

  /**
   * Prepares this replica's next key and proposes it to the consortium, with this member's vote; the other members vote for the
   * same proposal. The replica changes over by itself where the ledger does.
   * @throws CodedError `consensus-node/no-member`, `consensus-node/busy`
   */
  async rotateKey(): Promise<KnownProposal> {
    const { clock, random, replicaKeys } = this.dependencies;
    const { nextSet } = this.ledger.head;
    const own = nextSet.find(({ id }) => id === this.name);
    if (own === undefined) throw new CodedError('consensus-node/no-member', 'the replica set does not name this replica');
    const publicKey = await replicaKeys.prepareNext(own.publicKey);
    const replicas = nextSet.map((replica) => ({ id: replica.id, publicKey: replica.id === this.name ? publicKey : replica.publicKey }));
    const proposal: Proposal = { action: { kind: 'set-replica-set', replicas }, reference: random(REFERENCE_BYTES), voteUntilMs: clock() + PROPOSAL_LIFETIME_MS };
    const known = { proposalId: proposalIdOf(proposal), proposal };
    this.proposals.add(known);
    this.vote(known);
    return known;
  }

  async status() {
    const { head } = this.ledger;
    const { view, primary, members, seat, epoch, pendingRequests, recovering } = this.shell.report();
    return {
      replica: this.name,
      chainId: this.ledger.chainId,
      view,
      primary: members[primary] ?? '',
      epoch,
      isMember: seat !== null,
      height: head.header.height,
      head,
      pendingTransactions: pendingRequests,
      evidence: this.evidence().length,
      recovering,
      creditsConserved: await this.creditsConserved(),
    };
  }

  replicas(): consensusNodeApi.Replicas {
    const { certifiers, nextSet } = this.ledger.head;
    const { view, primary } = this.shell.report();
    return { view, primary: certifiers[primary]?.id ?? '', certifiers: toldSet(certifiers), next: toldSet(nextSet) };
  }

  report() {
    return this.shell.report();
  }

  get logSyncs(): number {
    return this.wal.syncs;
  }

  /** Inputs of the protocol, and transactions to be checked, that wait for this replica. */
  get waiting(): { readonly inputs: number; readonly unchecked: number } {
    return this.shell.waiting;
  }

  /** Its voice counts: it is a member, knows what it has promised, and has not stopped. */
  get isVoting(): boolean {
    const { seat, recovering, diverged } = this.shell.report();
    return seat !== null && !recovering && !diverged && !this.#failed;
  }

  /** Whether the state holds the credits that were minted and not redeemed. It is walked over for that, a slice at a time. */
  async creditsConserved(): Promise<boolean> {
    return areConserved(await this.#credits.totals());
  }

  #announce(certificate: CommitCertificate | null, block: Block): void {
    if (certificate === null) return;
    const { height } = block.header;
    const message = { height, block: encodeBlock(block), certificate: encodeCommitCertificate(certificate) };
    this.dependencies.publisher
      .publish(BLOCK_COMMITTED, message, { key: this.dependencies.settings.replica })
      .catch((error: unknown) => this.dependencies.log.error('block-not-announced', error, { height }));
  }
}

const toldSet = (set: ReplicaSet) => set.map(({ id, publicKey }) => ({ id, publicKey: toBase64Url(publicKey) }));

type OpenedLog = Awaited<ReturnType<typeof WalFile.open>>;

/**
 * Whether what this replica has promised is unknown (docs/consensus.md, "A wiped replica"): it has taken part before, and its
 * log holds nothing. A replica's first log gets an entry before the mark is set, and the mark is set before the first vote.
 */
async function isLogLost({ wal, entries }: OpenedLog, heightBefore: number, started: StartMark): Promise<boolean> {
  const tookPart = (await started.isSet()) || heightBefore > 0;
  if (entries.length === 0 && !tookPart) await wal.append([{ type: 'recovered' }]);
  await started.set();
  return entries.length === 0 && tookPart;
}
