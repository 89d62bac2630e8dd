import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkConservation, createContract, type Verifiers } from '@medveil/agreements';
import { type Clock, CodedError, type Id, type RandomBytes } from '@medveil/encoding';
import { HeadSignal, LedgerReader } from '@medveil/explorer';
import type { SigningKeyPair } from '@medveil/identity';
import { type Admission, type Block, encodeBlock, type Genesis, Ledger } from '@medveil/ledger';
import { LevelStore } from '@medveil/ledger/level';
import { BLOCK_COMMITTED, type MessagePublisher } from '@medveil/messaging';
import { type CommitCertificate, ed25519Signer, ed25519Verifier, encodeCommitCertificate, encodeEvidence, replicaConfig, type ReplicaId } from '@medveil/pbft';
import type { ServiceLog, ServiceMetrics } from '@medveil/service-kit';
import { openNodeTransport } from './node-transport.js';
import { PoolWatch } from './pool-watch.js';
import { type KnownProposal, ProposalBoard } from './proposals.js';
import { type OpenTransport, ReplicaShell } from './replica-shell.js';
import type { ConsensusNodeSettings } from './settings.js';
import { Voter } from './voter.js';
import { WalFile } from './wal-file.js';

export interface NodeDependencies {
  readonly settings: ConsensusNodeSettings;
  readonly genesis: Genesis;
  readonly verifiers: Verifiers;
  readonly replicaKey: Uint8Array;
  readonly operator: SigningKeyPair;
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

const MAX_EVIDENCE = 1_000;
/** How often a vote that was lost on its way is looked for. */
const VOTE_POLL_MS = 2_000;
/** A block that stands in a bus message; larger ones are fetched from a node. */
const MAX_PROPOSAL_BYTES = 768 * 1024;

/** One consortium member's replica: its ledger, its part in the protocol, its vote. */
export class ConsensusNode {
  readonly proposals = new ProposalBoard();
  readonly evidence: Uint8Array[] = [];
  #failed = false;
  #votePoll: NodeJS.Timeout | undefined;
  #conservation: { readonly height: number; readonly holds: boolean } | undefined;

  private constructor(
    private readonly dependencies: NodeDependencies,
    readonly replicaId: ReplicaId,
    readonly ledger: Ledger,
    readonly reader: LedgerReader,
    private readonly wal: WalFile,
    private readonly shell: ReplicaShell,
    private readonly transport: OpenTransport,
    private readonly voter: Voter,
  ) {}

  static async open(dependencies: NodeDependencies): Promise<ConsensusNode> {
    const { settings, genesis, verifiers } = dependencies;
    const replica = genesis.document.replicaSet.findIndex(({ id }) => id === settings.replica);
    if (replica < 0) throw new CodedError('consensus-node/unknown-replica', 'this replica is not in the genesis document', { replica: settings.replica });
    await mkdir(settings.dataFolder, { recursive: true });
    const store = await LevelStore.open(join(settings.dataFolder, 'ledger'));
    try {
      const ledger = await Ledger.open({ genesis, store, stateMachine: createContract({ verifiers }) });
      const log = await WalFile.open(settings.dataFolder);
      try {
        const recovering = await isLogLost(log, ledger, dependencies.started);
        return await ConsensusNode.#assemble(dependencies, replica, ledger, log, recovering);
      } catch (error) {
        await log.wal.close();
        throw error;
      }
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  static async #assemble(dependencies: NodeDependencies, replica: ReplicaId, ledger: Ledger, { wal, entries }: OpenedLog, recovering: boolean): Promise<ConsensusNode> {
    const { settings, genesis, replicaKey, clock, log } = dependencies;
    const { replicaSet, chainId } = genesis.document;
    const signal = new HeadSignal();
    const transport = await openNodeTransport({
      ...dependencies, replica, ledger, replicas: () => ledger.head.nextSet, maxProposalBytes: MAX_PROPOSAL_BYTES, shell: () => shell,
    });
    const config = replicaConfig({
      chainId,
      replica,
      replicaSet: { publicKeys: replicaSet.map(({ publicKey }) => publicKey) },
      progressTimeoutMs: settings.progressTimeoutMs,
      batchDelayMs: settings.batchDelayMs,
      maxProposalBytes: MAX_PROPOSAL_BYTES,
      maxRequestBytes: 128 * 1024,
    });
    const shell: ReplicaShell = new ReplicaShell({
      config,
      signer: ed25519Signer(replicaKey),
      verifier: ed25519Verifier,
      ledger,
      proposer: settings.replica,
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
          voter.afterBlock(applied);
          for (const { transactionId, error } of applied.faults) log.error('execution-fault', error, { transactionId });
          if (block.header.proposer === settings.replica) node.#announce(applied.head.certificate, block);
        },
        viewEntered: (view, primary) => log.info('view-entered', { view, replica: primary }),
        evidence: ({ evidence }) => {
          log.warn('evidence', { code: evidence.kind, replica: evidence.replica, view: evidence.view, sequence: evidence.sequence });
          if (node.evidence.length < MAX_EVIDENCE) node.evidence.push(encodeEvidence(evidence));
        },
        failed: (error) => {
          node.#failed = true;
          log.error('replica-stopped', error, { replica });
        },
      },
    });
    const voter = new Voter(ledger, dependencies.operator, clock, (transaction) => void shell.submit([transaction]));
    const node = new ConsensusNode(dependencies, replica, ledger, new LedgerReader(ledger, clock, signal), wal, shell, transport, voter);
    return node;
  }

  start(): void {
    this.shell.start();
    this.#votePoll = setInterval(() => this.voter.wake(), VOTE_POLL_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#votePoll);
    this.reader.stop();
    await this.shell.stop();
    await this.transport.close();
    await this.wal.close();
    await this.ledger.store.close();
  }

  /** The replica votes and follows: a readiness check. */
  check(): void {
    if (this.#failed) throw new CodedError('consensus-node/replica-stopped', 'the replica has stopped');
  }

  get operatorAccount(): Id<'acc'> {
    return this.voter.account;
  }

  /** @returns what was said of each: those admitted are passed on to the other replicas */
  takeTransactions(transactions: readonly Uint8Array[]): Admission[] {
    return this.shell.submit(transactions);
  }

  takeConsensusMessage(from: ReplicaId, bytes: Uint8Array): void {
    this.shell.feedMessage(from, bytes);
  }

  takeProposal(known: KnownProposal): void {
    this.proposals.add(known);
    if (this.dependencies.settings.autoApproveMembers && known.proposal.action.kind === 'pin-member') this.vote(known);
  }

  /** Queues this member's vote; the ledger decides. @throws CodedError `consensus-node/busy` */
  vote(known: KnownProposal): void {
    if (!this.voter.vote(known)) throw new CodedError('consensus-node/busy', 'too many votes wait to be recorded');
  }

  status() {
    const { head } = this.ledger;
    const { view, primary, pendingRequests } = this.shell.report();
    return {
      replica: this.dependencies.settings.replica,
      chainId: this.ledger.chainId,
      view,
      primary: this.ledger.genesis.document.replicaSet[primary]?.id ?? '',
      height: head.header.height,
      head,
      pendingTransactions: pendingRequests,
      evidence: this.evidence.length,
      creditsConserved: this.#creditsConserved(),
    };
  }

  report() {
    return this.shell.report();
  }

  /** Counted once for each block: it walks over the whole state. */
  #creditsConserved(): boolean {
    const { height } = this.ledger.head.header;
    if (this.#conservation?.height !== height) this.#conservation = { height, holds: holdsConservation(this.ledger) };
    return this.#conservation.holds;
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

type OpenedLog = Awaited<ReturnType<typeof WalFile.open>>;

/**
 * Whether what this replica has promised is unknown (docs/consensus.md, "A wiped replica"): it has taken part before, and its
 * log holds nothing. A replica's first log gets an entry before the mark is set, and the mark is set before the first vote.
 */
async function isLogLost({ wal, entries }: OpenedLog, ledger: Ledger, started: StartMark): Promise<boolean> {
  const tookPart = (await started.isSet()) || ledger.head.header.height > 0;
  if (entries.length === 0 && !tookPart) await wal.append([{ type: 'recovered' }]);
  await started.set();
  return entries.length === 0 && tookPart;
}

function holdsConservation(ledger: Ledger): boolean {
  try {
    checkConservation(ledger.view());
    return true;
  } catch {
    return false;
  }
}
