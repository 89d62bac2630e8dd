import type { RejectionCode } from '@medveil/agreements';
import { type CborValue, type Clock, CodedError } from '@medveil/encoding';
import type { Ledger, StateMachine, StateReader, StateView } from '@medveil/ledger';

/**
 * What no later state can mend: refused here, so that the replicas are spared. Everything that depends on the state is
 * theirs to decide and to record.
 */
const HOPELESS: ReadonlySet<string> = new Set<RejectionCode>([
  'agreements/malformed',
  'agreements/too-large',
  'agreements/wrong-chain',
  'agreements/expired-transaction',
  'agreements/valid-too-long',
  'agreements/bad-signature',
  'agreements/bad-certificate',
  'agreements/bad-delegatee-key',
  'agreements/bad-terms',
  'agreements/bad-sample-proof',
  'agreements/bad-eligibility-proof',
  'agreements/bad-reencryption-proof',
]);

/** Runs a transaction against the last state, throws the result away, and refuses it where it can never be accepted. */
export class EarlyCheck {
  constructor(
    private readonly ledger: Ledger,
    private readonly machine: StateMachine,
    private readonly clock: Clock,
  ) {}

  /** @throws CodedError with the contract's own code */
  refuseHopeless(transaction: Uint8Array): void {
    const { header } = this.ledger.head;
    const context = {
      chainId: this.ledger.chainId,
      height: header.height + 1,
      timeMs: Math.max(header.timeMs, this.clock()),
      proposer: '',
    };
    const result = this.machine.execute(new Scratch(this.ledger.view()), context, transaction);
    if (!result.ok && HOPELESS.has(result.code)) throw new CodedError(result.code, result.reason);
  }
}

/** A view whose changes go nowhere. Nothing reads after a write within one dry run but through the contract's own draft. */
class Scratch implements StateView {
  readonly #changes = new Map<string, CborValue | undefined>();

  constructor(private readonly state: StateReader) {}

  get(key: string): CborValue | undefined {
    return this.#changes.has(key) ? this.#changes.get(key) : this.state.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  entries(prefix: string, options?: { readonly after?: string }): IterableIterator<[key: string, value: CborValue]> {
    return this.state.entries(prefix, options);
  }

  put(key: string, value: CborValue): void {
    this.#changes.set(key, value);
  }

  delete(key: string): void {
    this.#changes.set(key, undefined);
  }
}
