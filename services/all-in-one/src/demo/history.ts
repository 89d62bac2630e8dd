import { decodeTransaction, eventSchema } from '@medveil/agreements';
import { type ContractClient, LedgerFollower, type VerifiedBlock } from '@medveil/client';
import { fromBase64Url } from '@medveil/encoding';

export interface History {
  readonly height: number;
  readonly blocks: number;
  readonly claimsAccepted: number;
  /** codes of the claims that the ledger refused */
  readonly claimsRejected: readonly string[];
  readonly settled: number;
  readonly paid: number;
}

/** Follows the chain as an outsider would, from the genesis document alone, and counts what it proves. */
export class HistoryReader {
  readonly #follower: LedgerFollower;
  readonly #rejected: string[] = [];
  #blocks = 0;
  #accepted = 0;
  #settled = 0;
  #paid = 0;

  constructor(genesis: string, contract: ContractClient) {
    let cursor: { height: number; hash: Uint8Array } | null = null;
    this.#follower = new LedgerFollower({
      genesis: fromBase64Url(genesis),
      contract,
      cursor: { load: async () => cursor, save: async (next) => { cursor = next; } },
      handle: async (block) => this.#count(block),
    });
  }

  start(): Promise<void> {
    return this.#follower.start();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  /** What is proved up to a height. */
  async upTo(height: number): Promise<History> {
    await this.#follower.reached(height);
    return {
      height: this.#follower.height, blocks: this.#blocks, claimsAccepted: this.#accepted, claimsRejected: this.#rejected, settled: this.#settled, paid: this.#paid,
    };
  }

  #count({ transactions, receipts }: VerifiedBlock): void {
    this.#blocks += 1;
    for (const { ok, code, index, events } of receipts) {
      const transaction = index < 0 ? undefined : transactions[index];
      if (!ok && transaction !== undefined && decodeTransaction(transaction).body.type === 'submit-claim') this.#rejected.push(code ?? 'unknown');
      for (const event of events) {
        const { type, data } = eventSchema.parse(event);
        if (type === 'claim-accepted') this.#accepted += 1;
        if (type === 'settled') {
          this.#settled += 1;
          this.#paid += data.paid;
        }
      }
    }
  }
}
