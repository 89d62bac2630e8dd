import { toHex } from '@medveil/encoding';
import type { Admission, BlockContext, ExecutionResult, LedgerEvent, StateMachine, StateView } from '@medveil/ledger';
import { dueDeadlines, earliestDeadlineMs } from './deadlines.js';
import { Draft } from './draft.js';
import { senderOf, type Transaction } from './envelope.js';
import { AgreementsFault, ensure, Rejection } from './errors.js';
import type { AgreementEvent } from './events.js';
import { ReadTransactions } from './read-transactions.js';
import { admitSender, checkEnvelope } from './rules/accounts.js';
import { type Call, readChain, readParameters, type State } from './rules/call.js';
import { RULES, type Rules } from './rules/index.js';
import { accountTable, type Readable, rulesTable, verificationKeysTable } from './state.js';
import type { Verifiers } from './verifiers.js';

export interface ContractOptions {
  readonly verifiers: Verifiers;
  /** By version; those of this package unless given. */
  readonly rules?: ReadonlyMap<number, Rules>;
}

/** How far ahead of an account's nonce a pool may hold its transactions. */
export const NONCES_AHEAD_MAX = 64;

/** The contract as the ledger runs it. Every replica executes the same; nothing but its arguments enters a result. */
export function createContract({ verifiers, rules = RULES }: ContractOptions): StateMachine {
  const transactions = new ReadTransactions(verifiers);
  const callOn = (state: State, block: BlockContext): { call: Call; events: AgreementEvent[] } => {
    const events: AgreementEvent[] = [];
    const emit: Call['emit'] = (type, data) => void events.push({ type, data } as AgreementEvent);
    return { events, call: { state, block, verifiers, chain: readChain(state), parameters: readParameters(state), emit } };
  };
  return {
    beginBlock: (view, block) => {
      takeUpRules(view, block);
      requireVerificationKeys(view, verifiers);
      const inForce = rulesInForce(view, rules);
      const { deadlinesPerBlock } = readParameters(view);
      const draft = new Draft(view);
      const { call, events } = callOn(draft, block);
      for (const due of dueDeadlines(view, block.timeMs, deadlinesPerBlock)) inForce.meetDeadline(call, due);
      draft.commit(view);
      return events.map(toLedgerEvent);
    },

    execute: (view, block, bytes) => {
      const draft = new Draft(view);
      const { call, events } = callOn(draft, block);
      const result = refusing((): ExecutionResult => {
        const { transaction, isSigned } = transactions.read(bytes);
        checkEnvelope(call, transaction, isSigned);
        rulesInForce(view, rules).apply(admitSender(call, transaction), transaction.body);
        return { ok: true, events: events.map(toLedgerEvent) };
      });
      if (result.ok) draft.commit(view);
      return result;
    },

    nextDeadlineMs: earliestDeadlineMs,

    checkTransaction: (view, block, bytes) => {
      const { call } = callOn(new Draft(view), block);
      return refusing((): Admission => {
        const { transaction, isSigned } = transactions.read(bytes);
        checkEnvelope(call, transaction, isSigned);
        checkPoolable(call, transaction);
        return { ok: true, sender: senderOf(transaction), nonce: transaction.nonce };
      });
    },
  };
}

/** Turns a rejection into a result; anything else is a fault of the machine and is passed on. */
function refusing<Result>(work: () => Result): Result | { ok: false; code: string; reason: string } {
  try {
    return work();
  } catch (error) {
    if (error instanceof Rejection) return { ok: false, code: error.code, reason: error.message };
    throw error;
  }
}

/** A pool keeps what may still become next: an account may send several transactions ahead. */
function checkPoolable(call: Call, transaction: Transaction): void {
  const account = accountTable.read(call.state, senderOf(transaction));
  const expected = account?.nonce ?? 0;
  ensure(transaction.nonce >= expected && transaction.nonce < expected + NONCES_AHEAD_MAX, 'agreements/wrong-nonce', 'the nonce is used, or too far ahead', {
    given: transaction.nonce, expected,
  });
  if (transaction.nonce === expected) admitSender(call, transaction);
}

/** At its height a version voted for becomes the one in force. */
function takeUpRules(view: StateView, block: BlockContext): void {
  const entry = rulesTable.read(view);
  if (entry?.next && block.height >= entry.next.height) rulesTable.write(view, { version: entry.next.version, next: null });
}

/** @throws AgreementsFault `agreements/missing-verification-key`: a replica that cannot check what others can would fall out with them */
function requireVerificationKeys(view: Readable, verifiers: Verifiers): void {
  for (const { instance, hash } of verificationKeysTable.read(view) ?? []) {
    if (!verifiers.hasVerificationKey(hash)) {
      throw new AgreementsFault('agreements/missing-verification-key', 'a verification key that the ledger pins is not loaded', { instance, hash: toHex(hash) });
    }
  }
}

/** @throws AgreementsFault `agreements/unsupported-rules`: this program is too old, and stops rather than guess */
function rulesInForce(view: Readable, rules: ReadonlyMap<number, Rules>): Rules {
  const version = rulesTable.read(view)?.version;
  const found = version === undefined ? undefined : rules.get(version);
  if (found === undefined) throw new AgreementsFault('agreements/unsupported-rules', 'this program does not know the rules in force', { version: version ?? null });
  return found;
}

const toLedgerEvent = (event: AgreementEvent): LedgerEvent => ({ type: event.type, data: event.data });
