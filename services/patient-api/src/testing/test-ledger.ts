import { type AgreementEvent, type Body, buildTransaction, createContract, createVerifiers, type EventData, eventSchema, readNonce } from '@medveil/agreements';
import { type CertifiedBlock, certifiedHeader, delay, fromWire, type VerifiedBlock, verifyContents } from '@medveil/client';
import { loadVerifier, type VerificationKey } from '@medveil/eligibility';
import type { Clock } from '@medveil/encoding';
import { LedgerReader } from '@medveil/explorer';
import type { SigningKeyPair } from '@medveil/identity';
import { type Genesis, headerHash, Ledger, MemoryStore, type Receipt, transactionIdOf } from '@medveil/ledger';
import { commitPayload, ed25519Signer } from '@medveil/pbft';
import { afgh06, loadEngine } from '@medveil/pre';

/** The real ledger and the real contract with one replica, which certifies alone: every transaction has a block, and one after it. */
export class TestLedger {
  readonly reader: LedgerReader;
  readonly events: AgreementEvent[] = [];
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly ledger: Ledger,
    private readonly replica: SigningKeyPair,
    private readonly clock: Clock,
  ) {
    this.reader = new LedgerReader(ledger, clock);
  }

  static async open(genesis: Genesis, replica: SigningKeyPair, keys: readonly VerificationKey[], clock: Clock): Promise<TestLedger> {
    await loadVerifier();
    const stateMachine = createContract({ verifiers: createVerifiers({ pre: afgh06(await loadEngine()), verificationKeys: keys }) });
    const opened = new TestLedger(await Ledger.open({ genesis, store: new MemoryStore(), stateMachine }), replica, clock);
    await opened.submit(null);
    return opened;
  }

  /** @returns the transaction's receipt */
  submit(transaction: Uint8Array | null): Promise<Receipt | undefined> {
    const mine = this.#tail.then(async () => {
      const receipts = await this.#block(transaction === null ? [] : [transaction]);
      await this.#block([]);
      return transaction === null ? undefined : receipts.find(({ transactionId }) => transactionId === transactionIdOf(transaction));
    });
    this.#tail = mine.catch(() => undefined);
    return mine;
  }

  /** Signs, submits and expects acceptance. */
  async execute(account: SigningKeyPair, body: Body): Promise<Receipt> {
    const nonce = readNonce(this.ledger.view(), account.publicKey);
    const { bytes } = buildTransaction({ chainId: this.ledger.chainId, account, nonce, validUntilMs: this.clock() + 60_000, body });
    const receipt = await this.submit(bytes);
    if (receipt?.ok !== true) throw new Error(`${body.type}: ${receipt?.code ?? 'no receipt'}: ${receipt?.reason ?? ''}`);
    return receipt;
  }

  /** What was delivered for a claim; waits for it. */
  async delivery(claimId: string): Promise<EventData<'delivery-recorded'>> {
    for (;;) {
      for (const event of this.events) if (event.type === 'delivery-recorded' && event.data.claimId === claimId) return event.data;
      await delay(20);
    }
  }

  /** The whole chain as a follower sees it. */
  async blocks(): Promise<VerifiedBlock[]> {
    const items: CertifiedBlock[] = [];
    for (;;) {
      const answer = await this.reader.blocks({ from: items.length + 1, limit: 50, reach: 0, waitMs: 0 });
      if (answer.items.length === 0) break;
      items.push(...answer.items.map(fromWire));
    }
    return items.slice(0, -1).map((item, index) => verifyContents(item, certifiedHeader(items[index + 1] as CertifiedBlock)));
  }

  async #block(transactions: readonly Uint8Array[]): Promise<readonly Receipt[]> {
    const { block } = await this.ledger.buildBlock({ transactions, timeMs: this.clock(), proposer: 'replica-0' });
    const vote = { epoch: 1, view: 0, sequence: block.header.height, digest: headerHash(block.header) };
    const signature = ed25519Signer(this.replica.secretKey).sign(commitPayload(this.ledger.chainId, vote));
    const { receipts } = await this.ledger.applyBlock(block, { ...vote, signatures: [{ replica: 0, signature }] });
    for (const receipt of receipts) if (receipt.ok) this.events.push(...receipt.events.map((event) => eventSchema.parse(event)));
    this.reader.signal.grown();
    return receipts;
  }
}
