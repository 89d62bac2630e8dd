import { setImmediate } from 'node:timers/promises';
import { type Clock, isCodedError } from '@medveil/encoding';
import { type Admission, type AppliedBlock, type Block, blockOfProposal, blockProposalReader, encodeBlock, type Ledger, type LedgerHead as ChainHead, proposalOfBlock, transactionIdOf } from '@medveil/ledger';
import {
  type CertifiedProposal,
  type Configuration,
  createReplica,
  type Effect,
  type Input,
  type LedgerHead,
  type MessageType,
  type PoolRequest,
  type Replica,
  type ReplicaConfig,
  type ReplicaId,
  type ReplicaReport,
  type ReplicaPorts,
  type TimerId,
  type Verifier,
  type WalEntry,
} from '@medveil/pbft';
import { PeerQuota } from './peer-quota.js';
import type { PoolWatch } from './pool-watch.js';
import { BUSY, type Origin, POOL_FULL, RequestIntake, STOPPED } from './request-intake.js';

/** The write-ahead log as the shell needs it: resolved means durable. */
export interface WriteAheadLog {
  append(entries: readonly WalEntry[]): Promise<void>;
  compact(entries: readonly WalEntry[]): Promise<void>;
}

/** How messages reach other replicas; delivery is best effort, the protocol repeats itself. */
export interface ReplicaTransport {
  /** @param to a replica's name, member or not; 'all': every other replica */
  send(to: string, kind: MessageType, bytes: Uint8Array): void;
}

/** A transport as a node holds it. */
export interface OpenTransport extends ReplicaTransport {
  /** The ledger has another replica set. */
  replicasChanged(): void;
  /** What is under way may still be sent; nothing comes after. */
  close(): Promise<void>;
}

export interface ShellObserver {
  applied(applied: AppliedBlock, block: Block): void;
  viewEntered(view: number, primary: ReplicaId): void;
  reconfigured(effect: Extract<Effect, { type: 'reconfigured' }>): void;
  evidence(effect: Extract<Effect, { type: 'evidence' }>): void;
  /** The ledger refuses what a primary proposed; `ledger/wrong-time`: one of the two clocks is off. */
  proposalRefused(sequence: number, code: string): void;
  /** The replica can no longer be trusted with a vote: it stops. */
  failed(error: unknown): void;
}

export interface ShellOptions {
  readonly config: ReplicaConfig;
  readonly signerOf: ReplicaPorts['signerOf'];
  readonly verifier: Verifier;
  readonly ledger: Ledger;
  /** this replica's identifier in the ledger's replica set */
  readonly proposer: string;
  readonly wal: WriteAheadLog;
  readonly walEntries: readonly WalEntry[];
  /** the log is known to be lost */
  readonly recovering: boolean;
  readonly transport: ReplicaTransport;
  readonly pool: PoolWatch;
  readonly clock: Clock;
  /** how far a proposal's time may be from this replica's clock */
  readonly clockToleranceMs: number;
  readonly observer: ShellObserver;
}

/** Inputs taken into one group commit. */
const MAX_INPUTS_PER_ROUND = 256;
const MAX_QUEUED_INPUTS = 50_000;
/** Rounds that unchecked transactions let pass before a few of them are checked though the protocol still has something to do. */
const PATIENT_ROUNDS = 16;
/** How often a due timeout of the contract or an unproven result is looked for. */
const DUE_POLL_MS = 200;
/** How long results wait for a next block that comes anyway, before one is asked for that proves them: less than anybody notices. */
const PROVEN_WITHIN_MS = 20;
/** How often, in such polls, the pool is searched for transactions whose time is over. */
const SWEEP_POLLS = 25;

/**
 * The I/O around the pure replica: feeds inputs one after another, carries effects out in order, and lets nothing leave
 * before what it rests on is in the write-ahead log. The inputs that are waiting share one fsync (group commit). Transactions are
 * checked while no input waits: a flood of them does not hold the agreement up.
 */
export class ReplicaShell {
  readonly #options: ShellOptions;
  readonly #replica: Replica;
  readonly #inputs: Input[] = [];
  /** Who waits to hear what the pool said to an input of requests. */
  readonly #answers = new Map<Input, (refused: readonly string[] | 'stopped') => void>();
  readonly #timers = new Map<TimerId, NodeJS.Timeout>();
  readonly #quota = new PeerQuota();
  readonly #intake: RequestIntake;
  #pollsUntilSweep = SWEEP_POLLS;
  #working: Promise<void> | undefined;
  #duePoll: NodeJS.Timeout | undefined;
  #dueSoon: NodeJS.Timeout | undefined;
  #started = false;
  #stopped = false;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.#replica = createReplica(options.config, {
      signerOf: options.signerOf,
      verifier: options.verifier,
      proposals: blockProposalReader,
    });
    const { ledger, clock } = options;
    this.#intake = new RequestIntake((transaction) => ledger.checkTransaction(transaction, clock()));
  }

  start(): void {
    const { ledger, walEntries, recovering } = this.#options;
    this.#started = true;
    this.feed({ type: 'start', entries: walEntries, head: headOf(ledger), recovering });
    this.#duePoll = setInterval(this.#failing(() => this.#poll()), DUE_POLL_MS);
  }

  /** Finishes the round in hand; what is queued is dropped, as after a crash. */
  async stop(): Promise<void> {
    this.#end();
    await this.#working;
  }

  #end(): void {
    this.#stopped = true;
    clearInterval(this.#duePoll);
    clearTimeout(this.#dueSoon);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#inputs.length = 0;
    for (const input of this.#answers.keys()) this.#answer(input, 'stopped');
    this.#intake.stop();
  }

  report(): ReplicaReport {
    return this.#replica.report();
  }

  /** Inputs and unchecked transactions in the queues. */
  get waiting(): { readonly inputs: number; readonly unchecked: number } {
    return { inputs: this.#inputs.length, unchecked: this.#intake.size };
  }

  /** @returns false before the start, for peers speak as soon as they reach it, and where the queue is full: the input is dropped, as a network may */
  feed(input: Input): boolean {
    if (!this.#started || this.#stopped) return false;
    if (this.#inputs.length >= MAX_QUEUED_INPUTS) return false;
    this.#inputs.push(input);
    this.#wake();
    return true;
  }

  get #hasWork(): boolean {
    return this.#inputs.length > 0 || !this.#intake.isEmpty;
  }

  #wake(): void {
    if (!this.#hasWork) return;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      this.#wake();
    });
  }

  /** A peer's message, as `feed`; also false where too many of this peer wait. */
  feedMessage(from: string, bytes: Uint8Array): boolean {
    if (!this.#quota.take(from, bytes.length)) return false;
    if (this.feed({ type: 'message', from, bytes })) return true;
    this.#quota.giveBack(from, bytes.length);
    return false;
  }

  /** For a transport that can hold a peer back: null, or what to wait for before more of this peer is fed. */
  room(from: string): Promise<void> | null {
    return this.#quota.room(from);
  }

  /**
   * Transactions from clients: those that a pool should hold are the protocol's from here on.
   * @returns what was said of each (`RequestIntake.take`): refused ones are not held, those with `consensus-node/busy` and
   *   `consensus-node/pool-full` may be sent again
   */
  submit(transactions: readonly Uint8Array[]): Promise<readonly Admission[]> {
    return this.#takeRequests(transactions, 'client');
  }

  /** A transaction that this node has made itself, one at a time: it does not stand in line. */
  submitOwn(transaction: Uint8Array): void {
    const { ledger, clock } = this.#options;
    void this.#feedRequests([transaction], [ledger.checkTransaction(transaction, clock())], 'client');
  }

  async #work(): Promise<void> {
    try {
      // Lets inputs that arrive in the same turn join the round.
      await Promise.resolve();
      for (let rounds = 1; this.#hasWork; rounds += 1) {
        if (this.#inputs.length > 0) await this.#round();
        if (this.#intake.isEmpty || (this.#inputs.length > 0 && rounds % PATIENT_ROUNDS !== 0)) continue;
        this.#intake.checkSome();
        // Lets in what has arrived meanwhile.
        await setImmediate();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #round(): Promise<void> {
    const effects: Effect[] = [];
    for (const input of this.#inputs.splice(0, MAX_INPUTS_PER_ROUND)) {
      if (input.type === 'message') this.#quota.giveBack(input.from, input.bytes.length);
      const caused = this.#replica.step(input);
      if (input.type === 'requests') this.#answer(input, caused.flatMap((effect) => (effect.type === 'requests-refused' ? effect.ids : [])));
      effects.push(...caused);
    }
    await this.#persist(effects);
    for (const effect of effects) await this.#carryOut(effect);
  }

  #answer(input: Input, refused: readonly string[] | 'stopped'): void {
    this.#answers.get(input)?.(refused);
    this.#answers.delete(input);
  }

  /** What it has promised may not be on disk, or its state may not be the others': it says nothing any more. */
  #fail(error: unknown): void {
    this.#end();
    this.#options.observer.failed(error);
  }

  /** One write and one fsync for the whole round, before anything of it is said. */
  async #persist(effects: readonly Effect[]): Promise<void> {
    const { wal } = this.#options;
    let pending: WalEntry[] = [];
    let whole: readonly WalEntry[] | undefined;
    for (const effect of effects) {
      if (effect.type === 'persist') pending.push(...effect.entries);
      if (effect.type === 'compact-log') {
        whole = effect.entries;
        pending = [];
      }
    }
    if (whole !== undefined) await wal.compact([...whole, ...pending]);
    else if (pending.length > 0) await wal.append(pending);
  }

  async #carryOut(effect: Effect): Promise<void> {
    const { transport, observer } = this.#options;
    switch (effect.type) {
      case 'persist':
      case 'compact-log':
      case 'requests-refused':
        return; // done for the whole round
      case 'send':
        return transport.send(effect.to, effect.kind, effect.bytes);
      case 'broadcast':
        return transport.send('all', effect.kind, effect.bytes);
      case 'set-timer':
        return this.#setTimer(effect.id, effect.delayMs);
      case 'cancel-timer':
        return this.#cancelTimer(effect.id);
      case 'deliver':
        return this.#deliver(effect);
      case 'build-proposal':
        return this.#build(effect);
      case 'validate-proposal':
        return this.#validate(effect);
      case 'check-requests':
        return void this.#takeRequests(effect.transactions, effect.from).catch((error: unknown) => this.#fail(error));
      case 'read-blocks':
        return this.#readBlocks(effect);
      case 'evidence':
        return observer.evidence(effect);
      case 'reconfigured':
        return observer.reconfigured(effect);
      case 'view-entered':
        return observer.viewEntered(effect.view, effect.primary);
      case 'diverged':
        throw new Error(`the state after block ${effect.sequence} is not the one that a quorum has`);
    }
  }

  #setTimer(id: TimerId, delayMs: number): void {
    this.#cancelTimer(id);
    this.#timers.set(id, setTimeout(() => {
      this.#timers.delete(id);
      this.feed({ type: 'timer', id });
    }, delayMs));
  }

  #cancelTimer(id: TimerId): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  async #deliver({ sequence, proposal, certificate }: Extract<Effect, { type: 'deliver' }>): Promise<void> {
    const { ledger, observer, pool } = this.#options;
    // After a restart the protocol may deliver again what the ledger already holds.
    if (sequence > ledger.head.header.height) {
      const block = blockOfProposal(proposal);
      const applied = await ledger.applyBlock(block, certificate);
      observer.applied(applied, block);
      const dropped = pool.afterBlock(applied.transactionIds, block.transactions);
      this.feed({ type: 'executed', sequence, stateDigest: applied.head.resultDigest, requestIds: [...applied.transactionIds], configuration: configurationOf(applied.head) });
      this.#drop(dropped);
      clearTimeout(this.#dueSoon);
      if (applied.head.hasUnprovenResults && !this.#stopped) this.#dueSoon = setTimeout(this.#failing(() => this.#lookForDueWork()), PROVEN_WITHIN_MS);
    }
  }

  async #build(effect: Extract<Effect, { type: 'build-proposal' }>): Promise<void> {
    const { ledger, clock, proposer, pool } = this.#options;
    const { view, sequence } = effect;
    const nothing = (unusable: readonly string[]) => this.feed({ type: 'proposal-built', view, sequence, proposal: null, unusable });
    if (sequence !== ledger.head.header.height + 1 + effect.ancestors.length) return void nothing([]);
    const { block, unusable } = await ledger.buildBlock({
      transactions: pool.inTurn(effect.requests).map(({ bytes }) => bytes),
      timeMs: clock(),
      proposer,
      maxBytes: effect.maxBytes,
      ancestors: effect.ancestors.map((ancestor) => blockOfProposal(ancestor)),
    });
    if (block.transactions.length === 0 && !effect.evenIfEmpty) return void nothing(unusable);
    this.feed({ type: 'proposal-built', view, sequence, proposal: proposalOfBlock(block), unusable });
  }

  async #validate({ sequence, digest, proposal, ancestors, certified }: Extract<Effect, { type: 'validate-proposal' }>): Promise<void> {
    const { ledger, clock, clockToleranceMs, observer } = this.#options;
    const nowMs = clock();
    const bounds = certified ? undefined : { earliestMs: nowMs - clockToleranceMs, latestMs: nowMs + clockToleranceMs };
    try {
      const before = ancestors.map((ancestor) => blockOfProposal(ancestor));
      await ledger.validateBlock(blockOfProposal(proposal), { ...(bounds === undefined ? {} : { bounds }), ancestors: before });
      this.feed({ type: 'proposal-validated', sequence, digest, ok: true });
    } catch (error) {
      if (!isCodedError(error)) throw error;
      observer.proposalRefused(sequence, error.code);
      this.feed({ type: 'proposal-validated', sequence, digest, ok: false, reason: error.code });
    }
  }

  /** Every `check-requests` of a peer has its answer, if need be an empty one. */
  async #takeRequests(transactions: readonly Uint8Array[], origin: Origin): Promise<readonly Admission[]> {
    const taken = this.#intake.take(transactions, origin);
    this.#wake();
    return this.#feedRequests(transactions, await taken, origin);
  }

  /** @returns the admissions, and `consensus-node/pool-full` for what was admitted and found no room */
  async #feedRequests(transactions: readonly Uint8Array[], admissions: readonly Admission[], origin: Origin): Promise<readonly Admission[]> {
    const requests: PoolRequest[] = [];
    const nonces: number[] = [];
    for (const [index, bytes] of transactions.entries()) {
      const admission = admissions[index];
      if (admission?.ok !== true) continue;
      requests.push({ id: transactionIdOf(bytes), sender: admission.sender, bytes });
      nonces.push(admission.nonce);
    }
    if (requests.length === 0 && origin === 'client') return admissions;
    const input: Input = { type: 'requests', requests, origin };
    const allButRefused = (instead: Admission) => admissions.map((admission) => (admission.ok ? instead : admission));
    if (!this.feed(input)) return allButRefused(BUSY);
    this.#options.pool.watch(requests, nonces);
    const refused = await new Promise<readonly string[] | 'stopped'>((resolve) => { this.#answers.set(input, resolve); });
    if (refused === 'stopped') return allButRefused(STOPPED);
    this.#options.pool.forget(refused);
    const withoutRoom = new Set(refused);
    return transactions.map((bytes, index) => (withoutRoom.has(transactionIdOf(bytes)) ? POOL_FULL : (admissions[index] ?? BUSY)));
  }

  async #readBlocks(effect: Extract<Effect, { type: 'read-blocks' }>): Promise<void> {
    const { ledger } = this.#options;
    const blocks: CertifiedProposal[] = [];
    let room = effect.maxBytes;
    for (let height = effect.from; height <= effect.until; height += 1) {
      const stored = await ledger.store.block(height);
      if (stored?.certificate == null) break;
      const proposal = encodeBlock(stored.block);
      room -= proposal.length;
      if (room < 0 && blocks.length > 0) break;
      blocks.push({ proposal, certificate: stored.certificate });
    }
    this.feed({ type: 'blocks', to: effect.to, blocks });
  }

  #poll(): void {
    this.#lookForDueWork();
    this.#pollsUntilSweep -= 1;
    if (this.#pollsUntilSweep > 0) return;
    this.#pollsUntilSweep = SWEEP_POLLS;
    this.#drop(this.#options.pool.sweep());
  }

  /** A timeout of the contract has passed, or there is something that no certified header proves yet: results of the last block, or genesis. */
  #lookForDueWork(): void {
    const { ledger, clock } = this.#options;
    const deadlineMs = ledger.nextDeadlineMs();
    const { header, hasUnprovenResults } = ledger.head;
    if (header.height === 0 || hasUnprovenResults || (deadlineMs !== null && deadlineMs <= clock())) this.feed({ type: 'work-due' });
  }

  /** For timers: whatever is thrown stops the replica. */
  #failing(work: () => void): () => void {
    return () => {
      try {
        work();
      } catch (error) {
        this.#fail(error);
      }
    };
  }

  #drop(ids: readonly string[]): void {
    if (ids.length > 0) this.feed({ type: 'requests-dropped', ids });
  }
}

/** Who agrees on the block after `head`: what the ledger says, not what genesis said. */
export const configurationOf = ({ epoch, certifiers }: ChainHead): Configuration => ({
  epoch,
  names: certifiers.map(({ id }) => id),
  replicaSet: { publicKeys: certifiers.map(({ publicKey }) => publicKey) },
});

export function headOf(ledger: Ledger): LedgerHead {
  const { header, hash, resultDigest, certificate } = ledger.head;
  return { sequence: header.height, digest: hash, stateDigest: resultDigest, certificate };
}
