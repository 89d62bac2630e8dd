import { accountTable, type Body, buildTransaction, createContract, stateKeys, type Verifiers } from '@medveil/agreements';
import type { Clock, Id } from '@medveil/encoding';
import { HeadSignal, LedgerReader } from '@medveil/explorer';
import { accountId, type SigningKeyPair } from '@medveil/identity';
import { type Genesis, headerHash, Ledger, MemoryStore, type Receipt, transactionIdOf } from '@medveil/ledger';
import { commitPayload, ed25519Signer } from '@medveil/pbft';

/** A chain of one replica: real blocks, certificates, rules and proofs; only the agreement of several is missing. */
export class SpecLedger {
  readonly reader: LedgerReader;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly ledger: Ledger,
    private readonly replica: SigningKeyPair,
    private readonly clock: Clock,
  ) {
    this.reader = new LedgerReader(ledger, () => Date.now(), new HeadSignal());
  }

  static async open(genesis: Genesis, verifiers: Verifiers, replica: SigningKeyPair, clock: Clock): Promise<SpecLedger> {
    return new SpecLedger(await Ledger.open({ genesis, store: new MemoryStore(), stateMachine: createContract({ verifiers }) }), replica, clock);
  }

  /** One block for the transaction, and one more that proves its receipt. */
  submit(transaction: Uint8Array): Promise<Receipt | undefined> {
    const mine = this.#tail.then(async () => {
      const receipts = await this.#grow([transaction]);
      await this.#grow([]);
      this.reader.signal.grown();
      const transactionId = transactionIdOf(transaction);
      return receipts.find((receipt) => receipt.transactionId === transactionId);
    });
    this.#tail = mine.catch(() => undefined);
    return mine;
  }

  /** @throws Error with the code of a refusal */
  async send(account: SigningKeyPair, body: Body, certificate: Uint8Array | null = null): Promise<Receipt> {
    const nonce = this.entry(accountId(account.publicKey))?.nonce ?? 0;
    const { bytes } = buildTransaction({ chainId: this.ledger.chainId, account, certificate, nonce, validUntilMs: this.clock() + 60_000, body });
    const receipt = await this.submit(bytes);
    if (receipt?.ok !== true) throw new Error(`${body.type}: ${receipt?.code ?? 'in no block'} ${receipt?.reason ?? ''}`);
    return receipt;
  }

  entry(account: Id<'acc'>) {
    const value = this.ledger.view().get(stateKeys.account(account));
    return value === undefined ? undefined : accountTable.decode(value);
  }

  async #grow(transactions: readonly Uint8Array[]): Promise<readonly Receipt[]> {
    const { block } = await this.ledger.buildBlock({ transactions, timeMs: this.clock(), proposer: 'replica-0' });
    await this.ledger.validateBlock(block);
    const vote = { epoch: 1, view: 0, sequence: block.header.height, digest: headerHash(block.header) };
    const signature = ed25519Signer(this.replica.secretKey).sign(commitPayload(block.header.chainId, vote));
    return (await this.ledger.applyBlock(block, { ...vote, signatures: [{ replica: 0, signature }] })).receipts;
  }
}
