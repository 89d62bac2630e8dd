import { type Body, buildTransaction, readAccount, readNonce, readProposal, readReplicaFault } from '@medveil/agreements';
import type { Clock, Id } from '@medveil/encoding';
import { accountId, type SigningKeyPair } from '@medveil/identity';
import type { AppliedBlock, Ledger, StateReader } from '@medveil/ledger';
import { encodeEvidence, type Evidence } from '@medveil/pbft';
import type { KnownProposal } from './proposals.js';

const LIFETIME_MS = 60_000;
const MAX_QUEUED = 1_000;

interface Task {
  readonly body: Body;
  /** Another has done it, it is too late, or it was done: there is nothing left to send. */
  readonly isSettled: (view: StateReader) => boolean;
  readonly onSettled?: () => void;
}

/** What this member sends by its own account, one after another: each takes the account's next nonce once the one before is in a block. */
export class OperatorQueue {
  readonly #tasks = new Map<string, Task>();
  #underway: { readonly transactionId: Id<'txn'>; readonly name: string; readonly untilMs: number } | undefined;

  constructor(
    private readonly ledger: Ledger,
    private readonly operator: SigningKeyPair,
    private readonly clock: Clock,
    private readonly submit: (transaction: Uint8Array) => void,
  ) {}

  get account(): Id<'acc'> {
    return accountId(this.operator.publicKey);
  }

  /** @returns false where too much waits already */
  vote({ proposalId, proposal }: KnownProposal): boolean {
    const isSettled = (view: StateReader): boolean => {
      const entry = readProposal(view, proposalId);
      return entry?.decidedAtMs != null || entry?.votes.includes(this.account) === true || proposal.voteUntilMs < this.clock();
    };
    return this.#add(proposalId, { body: { type: 'vote', proposal }, isSettled });
  }

  /**
   * Has a replica's contradiction recorded. Every node that knows of it tries; the ledger keeps the first.
   * @param onSettled it is on record
   * @returns false where too much waits already
   */
  report(name: string, evidence: Evidence, onSettled: () => void): boolean {
    const isSettled = (view: StateReader): boolean => readReplicaFault(view, evidence) !== null;
    return this.#add(name, { body: { type: 'report-evidence', evidence: encodeEvidence(evidence) }, isSettled, onSettled });
  }

  #add(name: string, task: Task): boolean {
    if (this.#tasks.size >= MAX_QUEUED && !this.#tasks.has(name)) return false;
    this.#tasks.set(name, task);
    this.#next();
    return true;
  }

  afterBlock({ transactionIds, receipts }: Pick<AppliedBlock, 'transactionIds' | 'receipts'>): void {
    const underway = this.#underway;
    const index = underway === undefined ? -1 : transactionIds.indexOf(underway.transactionId);
    if (underway !== undefined && index >= 0) {
      this.#underway = undefined;
      // What the contract refuses would be refused again; what came out of turn is repeated.
      const code = receipts[index + 1]?.code ?? null;
      if (code !== 'agreements/wrong-nonce') this.#end(underway.name);
    }
    this.#next();
  }

  /** To be called now and then: what was lost on its way is sent again. */
  wake(): void {
    this.#next();
  }

  #end(name: string): void {
    const task = this.#tasks.get(name);
    this.#tasks.delete(name);
    task?.onSettled?.();
  }

  #next(): void {
    // What is in no block until its time is over is sent again.
    if (this.#underway !== undefined && this.clock() <= this.#underway.untilMs) return;
    const view = this.ledger.view();
    for (const [name, task] of this.#tasks) if (task.isSettled(view)) this.#end(name);
    const [next] = this.#tasks;
    // A node whose operator has no account (yet) watches.
    if (next === undefined || readAccount(view, this.account)?.role !== 'consortium') return;
    const [name, { body }] = next;
    const untilMs = this.clock() + LIFETIME_MS;
    const { transactionId, bytes } = buildTransaction({
      chainId: this.ledger.chainId,
      account: this.operator,
      nonce: readNonce(view, this.operator.publicKey),
      validUntilMs: untilMs,
      body,
    });
    this.#underway = { transactionId, name, untilMs };
    this.submit(bytes);
  }
}
