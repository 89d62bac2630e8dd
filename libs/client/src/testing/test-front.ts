import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromBase64Url, type Id, isCodedError, type RandomBytes, toBase64Url } from '@medveil/encoding';
import { type SigningKeyPair, signingKeyFromSeed } from '@medveil/identity';
import {
  type Block, type BlockHeader, encodeReceiptProof, encodeReplicaSetChange, encodeStateProof, type Genesis, headerHash, Ledger, MemoryStore, type StateMachine, transactionIdOf,
} from '@medveil/ledger';
import { type CommitCertificate, commitPayload, ed25519Signer, quorumSize } from '@medveil/pbft';
import { toWire } from '../ledger/verified-block.js';

export interface TestReplica {
  readonly id: string;
  readonly key: SigningKeyPair;
}

export const testReplicas = (count: number, random: RandomBytes, prefix = 'replica'): TestReplica[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${prefix}-${index}`, key: signingKeyFromSeed(random(32)) }));

/** A block's certificate by a quorum of real keys. @param epoch first height of the set that these are */
export function certifyBlock(header: BlockHeader, replicas: readonly TestReplica[], epoch = 1): CommitCertificate {
  const vote = { epoch, view: 0, sequence: header.height, digest: headerHash(header) };
  const payload = commitPayload(header.chainId, vote);
  const signatures = replicas.slice(0, quorumSize(replicas.length)).map(({ key }, replica) => ({ replica, signature: ed25519Signer(key.secretKey).sign(payload) }));
  return { ...vote, signatures };
}

type Answer = unknown;

const WAIT_STEP_MS = 5;
/** Waits no longer, whatever is asked: a test's clock runs faster than its front. */
const LONGEST_WAIT_MS = 250;

/**
 * The contract's front for tests, over loopback HTTP: a real ledger with real certificates, without replicas. Each
 * submitted transaction gets a block, and that one the block that proves it. What it answers can be falsified.
 */
export class TestFront {
  /** Every request, as `GET /v1/blocks?…`. */
  readonly requests: string[] = [];
  /** While false, submitted transactions are lost. */
  takesTransactions = true;
  /** Changes answers before they leave; may throw `{ status, code }`. */
  falsify: (path: string, answer: Answer) => Answer = (_path, answer) => answer;
  /** Answers of other services that are to stand at this address, bytes as they are; undefined: the front's own. */
  others: (path: string) => Answer = () => undefined;
  /** Who certifies the next block. */
  replicas: readonly TestReplica[];
  #growing: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(
    readonly ledger: Ledger,
    replicas: readonly TestReplica[],
    private readonly server: Server,
    readonly timeMs: () => number,
  ) {
    this.replicas = replicas;
  }

  static async open(options: { genesis: Genesis; replicas: readonly TestReplica[]; stateMachine: StateMachine; timeMs: () => number }): Promise<TestFront> {
    const ledger = await Ledger.open({ genesis: options.genesis, store: new MemoryStore(), stateMachine: options.stateMachine });
    const server = createServer();
    const front = new TestFront(ledger, options.replicas, server, options.timeMs);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void front.#serve(request, response));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Applies one block; growth is one block after another. */
  grow(transactions: readonly Uint8Array[] = []): Promise<Block> {
    const grown = this.#growing.then(async () => {
      const { block } = await this.ledger.buildBlock({ transactions, timeMs: this.timeMs(), proposer: this.replicas[0]?.id ?? '' });
      await this.ledger.applyBlock(block, certifyBlock(block.header, this.replicas, this.ledger.head.epoch));
      return block;
    });
    this.#growing = grown.catch(() => undefined);
    return grown;
  }

  /** A block with these transactions, and the one that proves what it did. */
  async commit(...transactions: Uint8Array[]): Promise<void> {
    await this.grow(transactions);
    await this.grow();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.server.closeAllConnections();
    await new Promise((resolve) => { this.server.close(resolve); });
    await this.#growing;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    this.requests.push(`${request.method ?? ''} ${url.pathname}${url.search}`);
    const reply = (status: number, type: string, body: unknown): void => void response.writeHead(status, { 'content-type': type }).end(body instanceof Uint8Array ? body : JSON.stringify(body));
    try {
      reply(200, 'application/json', this.falsify(url.pathname, await this.#answer(request, url)));
    } catch (error) {
      const code = isCodedError(error) ? error.code : 'test/failed';
      const status = code === 'ledger/not-proven-yet' ? 409 : (error as { status?: number }).status ?? 500;
      reply(status, 'application/problem+json', { type: 'about:blank', title: 'problem', status, code });
    }
  }

  async #answer(request: IncomingMessage, url: URL): Promise<Answer> {
    const number = (name: string): number => Number(url.searchParams.get(name) ?? 0);
    const other = this.others(url.pathname);
    if (other !== undefined) return other;
    const [, , what, id] = url.pathname.split('/');
    if (request.method === 'POST') return this.#submit(await readJson(request));
    if (what === 'blocks') return this.#blocks(number('from'), number('limit') || 20, number('reach'), number('waitMs'));
    if (what === 'state') return { proof: toBase64Url(encodeStateProof(await this.ledger.proofs.state(url.searchParams.get('key') ?? ''))) };
    if (what === 'replica-set-changes') {
      return { items: (await this.ledger.proofs.replicaSetChanges(number('after'))).map((change) => toBase64Url(encodeReplicaSetChange(change))) };
    }
    if (what === 'transactions' && id !== undefined) return this.#transaction(id as Id<'txn'>, number('waitMs'));
    throw Object.assign(new Error('no such path'), { status: 404 });
  }

  #submit({ transaction }: { transaction: string }): Answer {
    const bytes = fromBase64Url(transaction);
    if (this.takesTransactions) void this.commit(bytes);
    return { transactionId: transactionIdOf(bytes) };
  }

  async #blocks(from: number, limit: number, reach: number, waitMs: number): Promise<Answer> {
    const height = (): number => this.ledger.head.header.height;
    await this.#until(() => height() >= reach, waitMs);
    const items = [];
    for (let at = from; at <= Math.min(from + limit - 1, height()); at += 1) {
      const stored = await this.ledger.store.block(at);
      if (stored?.certificate != null) items.push(toWire({ block: stored.block, certificate: stored.certificate, receipts: stored.receipts }));
    }
    return { items, height: height() };
  }

  async #transaction(transactionId: Id<'txn'>, waitMs: number): Promise<Answer> {
    const proof = async (): Promise<Uint8Array | null> => this.ledger.proofs.receipt(transactionId).then(encodeReceiptProof, () => null);
    let found = await proof();
    await this.#until(async () => (found = await proof()) !== null, waitMs);
    const [location] = await this.ledger.store.transactions([transactionId]);
    const status = location === undefined ? 'unknown' : 'committed';
    return { transactionId, status, height: location?.height ?? null, transaction: null, receiptProof: found === null ? null : toBase64Url(found) };
  }

  async #until(done: () => boolean | Promise<boolean>, waitMs: number): Promise<void> {
    for (let leftMs = Math.min(waitMs, LONGEST_WAIT_MS); leftMs > 0 && !this.#closed && !(await done()); leftMs -= WAIT_STEP_MS) {
      await new Promise((resolve) => { setTimeout(resolve, WAIT_STEP_MS); });
    }
  }
}

async function readJson(request: IncomingMessage): Promise<{ transaction: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as { transaction: string };
}
