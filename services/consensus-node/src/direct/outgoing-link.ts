import { connect, type TLSSocket } from 'node:tls';
import { CodedError, isCodedError } from '@medveil/encoding';
import type { ReplicaIdentity } from '@medveil/ledger';
import { type Credentials, peerOf, tlsOptions } from './credentials.js';
import { encodeFrame, FRAME, frameHeader, FrameReader } from './frames.js';
import { encodeHello, type Hello, MAX_HELLO_BYTES, requireSameChain } from './hello.js';
import { type OutgoingMessage, type QueueLimits, SendQueue } from './send-queue.js';
import { backoffMs, type LinkTiming } from './timing.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface OutgoingLinkOptions {
  readonly address: Address;
  /** who must answer there */
  readonly peer: ReplicaIdentity;
  readonly credentials: Credentials;
  readonly hello: Hello;
  readonly timing: LinkTiming;
  /** 0 to 1, for jitter */
  readonly jitter: () => number;
  readonly onOpen: () => void;
  /** `code` of what ended it or kept it from opening */
  readonly onClosed: (code: string, wasOpen: boolean) => void;
  readonly onSent: (bytes: number) => void;
  readonly onDropped: (messages: readonly OutgoingMessage[]) => void;
}

/** What waits for a peer that is connected, and what is kept for one that is not: it will need what was said last. */
const OPEN_LIMITS: QueueLimits = { messages: 8_192, bytes: 64 * 1024 * 1024 };
const CLOSED_LIMITS: QueueLimits = { messages: 256, bytes: 4 * 1024 * 1024 };
/** Handed to the socket at a time: one record batch, one system call. */
const FLUSH_BYTES = 256 * 1024;

/**
 * The stream to one peer. It carries messages one way; the peer's own come on the stream that the peer opens. It is opened
 * again, with growing waits, until it is closed for good.
 */
export class OutgoingLink {
  readonly #options: OutgoingLinkOptions;
  readonly #queue = new SendQueue();
  #socket: TLSSocket | undefined;
  #isOpen = false;
  #isFlushing = false;
  #failures = 0;
  #lastHeardMs = 0;
  #retry: NodeJS.Timeout | undefined;
  #pinger: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: OutgoingLinkOptions) {
    this.#options = options;
    this.#dial();
  }

  get peer(): ReplicaIdentity {
    return this.#options.peer;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get queuedBytes(): number {
    return this.#queue.bytes + (this.#socket?.writableLength ?? 0);
  }

  send(message: OutgoingMessage): void {
    if (this.#ended) return;
    const dropped = this.#queue.push(message, this.#isOpen ? OPEN_LIMITS : CLOSED_LIMITS);
    if (dropped.length > 0) this.#options.onDropped(dropped);
    this.#scheduleFlush();
  }

  /** Whatever waits is lost, as on any network. */
  async close(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#retry);
    const socket = this.#socket;
    if (socket === undefined) return;
    const closed = new Promise<void>((resolve) => { socket.once('close', () => resolve()); });
    socket.destroy();
    await closed;
  }

  #dial(): void {
    const { address, peer, credentials, hello, timing } = this.#options;
    const socket = connect({ ...tlsOptions(credentials), host: address.host, port: address.port, checkServerIdentity: () => undefined });
    this.#socket = socket;
    const reader = new FrameReader(MAX_HELLO_BYTES);
    let failure = 'closed';
    const fail = (error: unknown): void => {
      failure = isCodedError(error) ? error.code : ((error as NodeJS.ErrnoException).code ?? 'failed');
      socket.destroy();
    };
    const patience = setTimeout(() => fail(new CodedError('consensus-node/handshake-timeout', 'no hello in time')), timing.handshakeMs);
    socket.setNoDelay(true);
    socket.once('secureConnect', () => {
      if (peerOf(socket, [peer]) === null) return fail(new CodedError('consensus-node/wrong-peer', 'another answers at this address', { peer: peer.id }));
      socket.write(encodeFrame(FRAME.hello, encodeHello(hello)));
    });
    socket.on('data', (chunk: Buffer) => {
      this.#lastHeardMs = performance.now();
      reader.push(chunk);
      try {
        for (let frame = reader.next(); frame !== null; frame = reader.next()) {
          if (this.#isOpen) continue; // pongs: that it was heard is all they say
          if (frame.kind !== FRAME.hello) throw new CodedError('consensus-node/bad-hello', 'the peer did not begin with a hello');
          requireSameChain(frame.payload, hello);
          clearTimeout(patience);
          this.#opened();
        }
      } catch (error) {
        fail(error);
      }
    });
    socket.on('drain', () => this.#scheduleFlush());
    socket.on('error', fail);
    socket.once('close', () => {
      clearTimeout(patience);
      this.#closed(failure);
    });
  }

  #opened(): void {
    this.#isOpen = true;
    this.#failures = 0;
    this.#pinger = setInterval(() => this.#ping(), this.#options.timing.pingMs);
    this.#options.onOpen();
    this.#scheduleFlush();
  }

  #closed(code: string): void {
    clearInterval(this.#pinger);
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#socket = undefined;
    this.#queue.clear();
    if (this.#ended) return;
    this.#options.onClosed(code, wasOpen);
    this.#retry = setTimeout(() => this.#dial(), backoffMs(this.#options.timing, this.#failures, this.#options.jitter()));
    this.#failures += 1;
  }

  #ping(): void {
    if (performance.now() - this.#lastHeardMs > this.#options.timing.silenceMs) this.#socket?.destroy(new CodedError('consensus-node/peer-silent', 'the peer answers no more'));
    else this.#socket?.write(frameHeader(FRAME.ping, 0));
  }

  /** After the turn in hand, so that what a round says to this peer leaves together. */
  #scheduleFlush(): void {
    if (this.#isFlushing || !this.#isOpen || this.#queue.length === 0) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const socket = this.#socket;
    if (!this.#isOpen || socket === undefined || socket.writableNeedDrain) return;
    socket.cork();
    let bytes = 0;
    while (bytes < FLUSH_BYTES) {
      const message = this.#queue.shift();
      if (message === null) break;
      socket.write(frameHeader(FRAME.message, message.bytes.length));
      socket.write(message.bytes);
      bytes += message.bytes.length;
    }
    socket.uncork();
    this.#options.onSent(bytes);
    if (!socket.writableNeedDrain) this.#scheduleFlush();
  }
}
