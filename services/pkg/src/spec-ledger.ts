import { accountTable, type Body, buildTransaction, createContract, createVerifiers, stateKeys, type Verifiers } from '@medveil/agreements';
import { type CborValue, type Clock, CodedError } from '@medveil/encoding';
import { accountId, type SigningKeyPair } from '@medveil/identity';
import { type Genesis, type StateMachine, WorkingState } from '@medveil/ledger';
import type { Afgh06 } from '@medveil/pre';
import type { LedgerConnection } from './ledger-port.js';

/** The contract's own rules on its own state, a block for each transaction; without replicas, proofs and HTTP. */
export class SpecLedger implements LedgerConnection {
  /** Bodies that the PKG had accepted. */
  readonly accepted: Body[] = [];
  /** While false, transactions do not get through. */
  isReachable = true;
  /** Called before a transaction of the PKG is executed. */
  beforeExecute: (() => void) | undefined;
  #height = 0;
  #state: WorkingState;
  readonly #machine: StateMachine;

  /** No claim is proved here, so the circuit's key that the genesis pins is not needed. */
  static verifiers(pre: Afgh06): Verifiers {
    return { ...createVerifiers({ pre, verificationKeys: [] }), hasVerificationKey: () => true };
  }

  constructor(
    genesis: Genesis,
    pre: Afgh06,
    private readonly pkgAccount: SigningKeyPair,
    private readonly clock: Clock,
  ) {
    this.#state = WorkingState.from(genesis.entries);
    this.#machine = createContract({ verifiers: SpecLedger.verifiers(pre) });
    this.chainId = genesis.document.chainId;
  }

  private readonly chainId: string;

  async readState(key: string): Promise<CborValue | undefined> {
    return this.#state.get(key);
  }

  async execute(body: Body): Promise<void> {
    if (!this.isReachable) throw new CodedError('client/unreachable', 'the contract is away');
    this.beforeExecute?.();
    this.send(this.pkgAccount, body);
    this.accepted.push(body);
  }

  /** @throws CodedError with the rejection's code */
  send(account: SigningKeyPair, body: Body, certificate: Uint8Array | null = null): void {
    const key = stateKeys.account(accountId(account.publicKey));
    const value = this.#state.get(key);
    const nonce = value === undefined ? 0 : accountTable.decode(value).nonce;
    const { bytes } = buildTransaction({ chainId: this.chainId, account, certificate, nonce, validUntilMs: this.clock() + 60_000, body });
    this.#height += 1;
    const next = this.#state.fork();
    const context = { chainId: this.chainId, height: this.#height, timeMs: this.clock(), proposer: 'replica-0' };
    this.#machine.beginBlock(next, context, [bytes]);
    const result = this.#machine.execute(next, context, bytes);
    if (!result.ok) throw new CodedError(result.code, result.reason);
    this.#state = next;
  }

  async close(): Promise<void> {
    this.beforeExecute = undefined;
  }
}
