import { type Id, isCodedError } from '@medveil/encoding';
import type { Block } from './block.js';
import { LEDGER_LIMITS } from './limits.js';
import { encodeReceipt, type LedgerEvent, type Receipt, transactionIdOf } from './receipt.js';
import type { BlockContext, ExecutionResult, StateMachine } from './state-machine.js';
import type { WorkingState } from './working-state.js';

/** A transaction at which the state machine threw: a bug of the machine, to be logged and looked into. */
export interface ExecutionFault {
  readonly transactionId: Id<'txn'>;
  readonly error: unknown;
}

export interface Execution {
  /** The block's own first. */
  readonly receipts: readonly Receipt[];
  /** Canonical bytes of the same. */
  readonly encodedReceipts: readonly Uint8Array[];
  readonly faults: readonly ExecutionFault[];
}

/**
 * Runs a block against `state`, which holds the result afterwards. What a rejected transaction wrote is undone.
 * @throws whatever `beginBlock` throws; `state` is to be dropped then
 */
export function executeBlock(state: WorkingState, machine: StateMachine, block: Block): Execution {
  const { chainId, height, timeMs, proposer } = block.header;
  const context: BlockContext = { chainId, height, timeMs, proposer };
  const own = { transactionId: null, height, index: -1, ok: true, code: null, reason: null };
  const receipts: Receipt[] = [{ ...own, events: machine.beginBlock(state, context, block.transactions) }];
  const encodedReceipts: Uint8Array[] = receipts.map((receipt) => encodeReceipt(receipt));
  const faults: ExecutionFault[] = [];

  for (const [index, transaction] of block.transactions.entries()) {
    const transactionId = transactionIdOf(transaction);
    const place = { transactionId, height, index };
    state.begin();
    let receipt: Receipt;
    let encoded: Uint8Array;
    try {
      receipt = receiptOf(place, machine.execute(state, context, transaction));
      encoded = encodeReceipt(receipt);
    } catch (error) {
      faults.push({ transactionId, error });
      receipt = faultReceipt(place, error);
      encoded = encodeReceipt(receipt);
    }
    if (receipt.ok) state.commit();
    else state.rollback();
    receipts.push(receipt);
    encodedReceipts.push(encoded);
  }
  return { receipts, encodedReceipts, faults };
}

type Place = Pick<Receipt, 'transactionId' | 'height' | 'index'>;

function receiptOf(place: Place, result: ExecutionResult): Receipt {
  if (result.ok) return { ...place, ok: true, code: null, reason: null, events: result.events };
  const reason = result.reason.slice(0, LEDGER_LIMITS.reasonLength);
  return { ...place, ok: false, code: result.code, reason, events: [] };
}

/** The error itself stays out of the receipt: its text need not be the same on every replica. */
function faultReceipt(place: Place, error: unknown): Receipt {
  const tooLarge = isCodedError(error) && error.code === 'ledger/too-large';
  const code = tooLarge ? 'ledger/result-too-large' : 'ledger/execution-failed';
  const events: readonly LedgerEvent[] = [];
  return { ...place, ok: false, code, reason: 'the contract could not execute this transaction', events };
}
