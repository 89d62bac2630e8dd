import { createServer, type Server, type TLSSocket } from 'node:tls';
import { CodedError, isCodedError } from '@medveil/encoding';
import type { ReplicaIdentity } from '@medveil/ledger';
import { type Credentials, peerOf, tlsOptions } from './credentials.js';
import { encodeFrame, FRAME, frameHeader, FrameReader } from './frames.js';
import { encodeHello, type Hello, MAX_HELLO_BYTES, requireSameChain } from './hello.js';
import type { LinkTiming } from './timing.js';

export interface ListenerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly credentials: Credentials;
  /** whom the ledger has as other replicas, as of now */
  readonly peers: () => readonly ReplicaIdentity[];
  readonly hello: Hello;
  readonly timing: LinkTiming;
  readonly maxMessageBytes: number;
  /** @returns null, or what to wait for before more of this peer is read */
  readonly receive: (from: ReplicaIdentity, message: Uint8Array) => Promise<void> | null;
  readonly onRefused: (code: string) => void;
}

/** Connections of whoever has not shown a certificate yet, beside one of every peer. */
const MAX_STRANGERS = 64;

/** Takes streams from peers that show the key of a replica. A peer has one; a newer takes the older's place. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #streams = new Map<string, TLSSocket>();
  readonly #sockets = new Set<TLSSocket>();

  private constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer({ ...tlsOptions(options.credentials), handshakeTimeout: options.timing.handshakeMs });
    this.#server.maxConnections = 2 * 64 + MAX_STRANGERS;
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException) => options.onRefused(error.code ?? 'tls'));
    this.#server.on('secureConnection', (socket) => this.#accept(socket));
  }

  /** @throws CodedError `consensus-node/cannot-listen` */
  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    const { host, port } = options.listen;
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', (cause) => reject(new CodedError('consensus-node/cannot-listen', `replicas cannot be listened for at ${host}:${port}`, { host, port }, { cause })));
      listener.#server.listen(port, host, resolve);
    });
    return listener;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get connectedPeers(): number {
    return this.#streams.size;
  }

  /** From now on this side is known by another certificate; streams that are open stay so. */
  present(credentials: Credentials): void {
    this.#server.setSecureContext({ ...tlsOptions(credentials) });
  }

  /** Ends the streams of those who are no replicas any more. */
  dropStrangers(): void {
    const peers = this.#options.peers();
    for (const [id, socket] of this.#streams) if (peerOf(socket, peers)?.id !== id) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => { this.#server.close(() => resolve()); });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: TLSSocket): void {
    const { peers, onRefused, timing } = this.#options;
    socket.on('error', () => socket.destroy());
    const peer = peerOf(socket, peers());
    if (peer === null) {
      onRefused('unknown-peer');
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#streams.get(peer.id) === socket) this.#streams.delete(peer.id);
    });
    socket.setNoDelay(true);
    socket.setTimeout(timing.silenceMs, () => socket.destroy());
    this.#read(socket, peer).catch((error: unknown) => {
      socket.destroy();
      // What a peer's end breaks off is no fault.
      if (isCodedError(error)) onRefused(error.code);
    });
  }

  async #read(socket: TLSSocket, peer: ReplicaIdentity): Promise<void> {
    const reader = new FrameReader(MAX_HELLO_BYTES);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== null; frame = reader.next()) {
        const isGreeted = this.#streams.get(peer.id) === socket;
        if (!isGreeted && frame.kind !== FRAME.hello) throw new CodedError('consensus-node/bad-hello', 'the peer did not begin with a hello');
        switch (frame.kind) {
          case FRAME.hello:
            this.#greet(socket, peer, frame.payload);
            reader.maxPayloadBytes = this.#options.maxMessageBytes;
            break;
          case FRAME.message: {
            const room = this.#options.receive(peer, frame.payload);
            if (room !== null) await room;
            break;
          }
          case FRAME.ping:
            socket.write(frameHeader(FRAME.pong, 0));
            break;
          case FRAME.pong:
          default:
            break;
        }
      }
    }
  }

  #greet(socket: TLSSocket, peer: ReplicaIdentity, payload: Uint8Array): void {
    const { hello } = this.#options;
    requireSameChain(payload, hello);
    this.#streams.get(peer.id)?.destroy();
    this.#streams.set(peer.id, socket);
    socket.write(encodeFrame(FRAME.hello, encodeHello(hello)));
  }
}
