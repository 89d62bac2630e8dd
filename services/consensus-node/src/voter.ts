import { buildTransaction, readNonce, readProposal } from '@medveil/agreements';
import type { Clock, Id } from '@medveil/encoding';
import { accountId, type SigningKeyPair } from '@medveil/identity';
import type { AppliedBlock, Ledger } from '@medveil/ledger';
import type { KnownProposal } from './proposals.js';

const VOTE_LIFETIME_MS = 60_000;
const MAX_QUEUED = 1_000;

/** This member's votes, one after another: each takes the account's next nonce once the one before is in a block. */
export class Voter {
  readonly #queue = new Map<Id<'prp'>, KnownProposal>();
  #underway: { readonly transactionId: Id<'txn'>; readonly proposalId: Id<'prp'>; readonly untilMs: number } | undefined;

  constructor(
    private readonly ledger: Ledger,
    private readonly operator: SigningKeyPair,
    private readonly clock: Clock,
    private readonly submit: (transaction: Uint8Array) => void,
  ) {}

  get account(): Id<'acc'> {
    return accountId(this.operator.publicKey);
  }

  /** @returns false where too many votes wait already */
  vote(known: KnownProposal): boolean {
    if (this.#queue.size >= MAX_QUEUED && !this.#queue.has(known.proposalId)) return false;
    this.#queue.set(known.proposalId, known);
    this.#next();
    return true;
  }

  afterBlock({ transactionIds, receipts }: Pick<AppliedBlock, 'transactionIds' | 'receipts'>): void {
    const underway = this.#underway;
    const index = underway === undefined ? -1 : transactionIds.indexOf(underway.transactionId);
    if (underway !== undefined && index >= 0) {
      this.#underway = undefined;
      // A vote that the contract refuses would be refused again; one that came out of turn is repeated.
      const code = receipts[index + 1]?.code ?? null;
      if (code !== 'agreements/wrong-nonce') this.#queue.delete(underway.proposalId);
    }
    this.#next();
  }

  /** To be called now and then: a vote that was lost on its way is sent again. */
  wake(): void {
    this.#next();
  }

  #next(): void {
    // A vote that is in no block until its time is over is sent again.
    if (this.#underway !== undefined && this.clock() <= this.#underway.untilMs) return;
    for (const [proposalId, { proposal }] of this.#queue) {
      const entry = readProposal(this.ledger.view(), proposalId);
      if (entry?.decidedAtMs != null || entry?.votes.includes(this.account) === true || proposal.voteUntilMs < this.clock()) {
        this.#queue.delete(proposalId);
        continue;
      }
      const untilMs = this.clock() + VOTE_LIFETIME_MS;
      const { transactionId, bytes } = buildTransaction({
        chainId: this.ledger.chainId,
        account: this.operator,
        nonce: readNonce(this.ledger.view(), this.operator.publicKey),
        validUntilMs: untilMs,
        body: { type: 'vote', proposal },
      });
      this.#underway = { transactionId, proposalId, untilMs };
      this.submit(bytes);
      return;
    }
  }
}
