import type { LedgerEvent } from './receipt.js';
import type { StateReader, StateView } from './state-view.js';

/** What a transaction may know of the block that carries it: nothing else enters its result. */
export interface BlockContext {
  readonly chainId: string;
  /** 1 for the first block after the genesis. */
  readonly height: number;
  /** The block's time, UTC ms; never smaller than the previous block's. The only clock there is. */
  readonly timeMs: number;
  /** Replica that proposed the block. */
  readonly proposer: string;
}

/** A rejected transaction (`ok: false`) has a code; what it wrote is undone, its events are dropped. */
export type ExecutionResult =
  | { readonly ok: true; readonly events: readonly LedgerEvent[] }
  | { readonly ok: false; readonly code: string; readonly reason: string };

/** Of the pool's cheap check. `sender` is what limits per sender count by. */
export type Admission =
  /** `nonce`: its place among the sender's transactions. */
  | { readonly ok: true; readonly sender: string; readonly nonce: number }
  | { readonly ok: false; readonly code: string; readonly reason: string };

/**
 * The contract, provided by the agreements library: deterministic, synchronous, without clock, randomness or
 * I/O. The ledger calls `beginBlock` once and then `execute` per transaction, in order.
 */
export interface StateMachine {
  /**
   * Block-level changes: timeouts that the block's time has passed. Its events stand in the block's own receipt.
   * The block's transactions are handed over for batch verification only; they must not change the result.
   * At most `LEDGER_LIMITS.eventsPerReceipt` events: what more is due waits for the next block.
   * A throw is a fault of the machine: the block is not applied and the replica stops.
   */
  beginBlock(view: StateView, context: BlockContext, transactions: readonly Uint8Array[]): readonly LedgerEvent[];
  /**
   * Runs one transaction, untrusted bytes of at most `LEDGER_LIMITS.transactionBytes`.
   * A throw counts as a rejection with `ledger/execution-failed` and is reported as a fault.
   */
  execute(view: StateView, context: BlockContext, transaction: Uint8Array): ExecutionResult;
  /** When the earliest timeout falls due, UTC ms: an idle leader proposes an empty block then. */
  nextDeadlineMs(view: StateReader): number | null;
  /** Whether a pool should hold this transaction; it may still be rejected when it is executed. */
  checkTransaction(view: StateReader, context: BlockContext, transaction: Uint8Array): Admission;
}
