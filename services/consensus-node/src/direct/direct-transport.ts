import { equalBytes, type RandomBytes } from '@medveil/encoding';
import type { Genesis, ReplicaIdentity, ReplicaSet } from '@medveil/ledger';
import type { MessageType } from '@medveil/pbft';
import type { OpenTransport } from '../replica-shell.js';
import { type Credentials, replicaCredentials } from './credentials.js';
import { PROTOCOL_VERSION } from './hello.js';
import { Listener } from './listener.js';
import { type Address, OutgoingLink } from './outgoing-link.js';
import { LINK_TIMING, type LinkTiming } from './timing.js';

export interface DirectTransportOptions {
  /** identifier of this replica */
  readonly self: string;
  /** seed of the key that the ledger has for it, as of now */
  readonly key: () => Uint8Array;
  readonly genesis: Genesis;
  /** who is listened to, and spoken to, as of now */
  readonly replicas: () => ReplicaSet;
  readonly listen: Address;
  /** where the others listen, by identifier */
  readonly addresses: Readonly<Record<string, Address>>;
  readonly maxMessageBytes: number;
  /** @returns null, or what to wait for before more of this peer is read */
  readonly receive: (from: string, message: Uint8Array) => Promise<void> | null;
  readonly observer: DirectObserver;
  readonly random: RandomBytes;
  readonly timing?: LinkTiming;
}

export interface DirectObserver {
  opened(peer: string): void;
  /** `code` says what ended the stream to this peer, or kept it from opening */
  closed(peer: string, code: string, wasOpen: boolean): void;
  /** somebody was not let in, or not any longer */
  refused(code: string): void;
  dropped(kind: MessageType): void;
}

/** Bytes handed to the sockets, and what stands ready, for metrics. */
export interface DirectCounts {
  readonly connectedTo: number;
  readonly connectedFrom: number;
  readonly queuedBytes: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

type Dial = (peer: ReplicaIdentity, address: Address, credentials: Credentials) => OutgoingLink;

/**
 * Replica to replica over mutually authenticated TLS 1.3, one stream for each direction. Whoever shows a key that the ledger has in
 * its replica set is that replica; nobody else is listened to.
 */
export class DirectTransport implements OpenTransport {
  readonly #options: DirectTransportOptions;
  readonly #links = new Map<string, OutgoingLink>();
  readonly #listener: Listener;
  readonly #dial: Dial;
  #closed = false;
  #sentBytes = 0;
  #receivedBytes = 0;
  #key: Uint8Array;
  #credentials: Credentials;
  #changing: Promise<void> = Promise.resolve();

  private constructor(options: DirectTransportOptions, listener: Listener, dial: Dial, key: Uint8Array, credentials: Credentials) {
    this.#key = key;
    this.#credentials = credentials;
    this.#options = options;
    this.#listener = listener;
    this.#dial = dial;
  }

  /** Listens, and begins to connect. @throws CodedError `consensus-node/cannot-listen` */
  static async open(options: DirectTransportOptions): Promise<DirectTransport> {
    const { self, genesis, random, observer, timing = LINK_TIMING } = options;
    const key = options.key();
    const credentials = await replicaCredentials(self, key, random);
    const hello = { protocol: PROTOCOL_VERSION, chainId: genesis.document.chainId, genesis: genesis.hash };
    const listener = await Listener.open({
      listen: options.listen, credentials, hello, timing,
      maxMessageBytes: options.maxMessageBytes,
      peers: () => options.replicas().filter(({ id }) => id !== self),
      receive: (from, message) => transport.#receive(from, message),
      onRefused: (code) => observer.refused(code),
    });
    const jitter = (): number => (random(1)[0] ?? 0) / 255;
    const transport: DirectTransport = new DirectTransport(options, listener, (peer, address, own) =>
      new OutgoingLink({
        address, peer, credentials: own, hello, timing, jitter,
        onOpen: () => observer.opened(peer.id),
        onClosed: (code, wasOpen) => observer.closed(peer.id, code, wasOpen),
        onSent: (bytes) => { transport.#sentBytes += bytes; },
        onDropped: (messages) => { for (const { kind } of messages) observer.dropped(kind); },
      }), key, credentials);
    transport.#connect();
    return transport;
  }

  get port(): number {
    return this.#listener.port;
  }

  counts(): DirectCounts {
    const links = [...this.#links.values()];
    return {
      connectedTo: links.filter(({ isOpen }) => isOpen).length,
      connectedFrom: this.#listener.connectedPeers,
      queuedBytes: links.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0),
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
    };
  }

  send(to: string, kind: MessageType, bytes: Uint8Array): void {
    if (to === 'all') {
      for (const link of this.#links.values()) link.send({ kind, bytes });
      return;
    }
    this.#links.get(to)?.send({ kind, bytes });
  }

  /** To be called when the ledger has another replica set: opens and ends streams accordingly, under another key if need be. */
  replicasChanged(): void {
    this.#changing = this.#changing.then(async () => this.#change());
  }

  async #change(): Promise<void> {
    const { self, random } = this.#options;
    const key = this.#options.key();
    if (!equalBytes(key, this.#key)) {
      this.#key = key;
      this.#credentials = await replicaCredentials(self, key, random);
      this.#listener.present(this.#credentials);
      const links = [...this.#links.values()];
      this.#links.clear();
      await Promise.all(links.map(async (link) => link.close()));
    }
    if (!this.#closed) this.#connect();
  }

  #connect(): void {
    const { self, addresses } = this.#options;
    const peers = new Map(this.#options.replicas().filter(({ id }) => id !== self).map((peer) => [peer.id, peer]));
    this.#listener.dropStrangers();
    const gone = [...this.#links].filter(([id, link]) => !isSamePeer(link.peer, peers.get(id)));
    for (const [id] of gone) this.#links.delete(id);
    for (const [id, peer] of peers) {
      const address = addresses[id];
      if (address !== undefined && !this.#links.has(id)) this.#links.set(id, this.#dial(peer, address, this.#credentials));
    }
    for (const [, link] of gone) link.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#changing;
    await Promise.all([this.#listener.close(), ...[...this.#links.values()].map(async (link) => link.close())]);
    this.#links.clear();
  }

  #receive(from: ReplicaIdentity, message: Uint8Array): Promise<void> | null {
    this.#receivedBytes += message.length;
    return this.#options.receive(from.id, message);
  }
}

const isSamePeer = (a: ReplicaIdentity, b: ReplicaIdentity | undefined): boolean => b !== undefined && equalBytes(a.publicKey, b.publicKey);
