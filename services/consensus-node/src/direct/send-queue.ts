import type { MessageType } from '@medveil/pbft';

export interface OutgoingMessage {
  readonly kind: MessageType;
  readonly bytes: Uint8Array;
}

export interface QueueLimits {
  readonly messages: number;
  readonly bytes: number;
}

/** What the protocol says again by itself, or its asker asks for again: it gives way first where a peer is slow. */
const GIVES_WAY: ReadonlySet<MessageType> = new Set(['status', 'request', 'fetch', 'fetch-proposal', 'fetched', 'proposal']);

/**
 * What waits for one peer, within limits and in order. Where a new message finds no room the oldest that give way are dropped,
 * then the oldest of the others: what a peer that is behind needs most is what was said last.
 */
export class SendQueue {
  // Two lines, so that the oldest of either is at hand; numbers, so that both are sent in the order they came in.
  readonly #firm = new Map<number, OutgoingMessage>();
  readonly #soft = new Map<number, OutgoingMessage>();
  #next = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#firm.size + this.#soft.size;
  }

  /** @returns the messages that had to go, this one if it is larger than the whole queue */
  push(message: OutgoingMessage, limits: QueueLimits): OutgoingMessage[] {
    if (message.bytes.length > limits.bytes) return [message];
    const dropped: OutgoingMessage[] = [];
    while (this.length + 1 > limits.messages || this.#bytes + message.bytes.length > limits.bytes) {
      const oldest = this.#take(this.#soft) ?? this.#take(this.#firm);
      if (oldest === null) break;
      dropped.push(oldest);
    }
    (GIVES_WAY.has(message.kind) ? this.#soft : this.#firm).set(this.#next, message);
    this.#next += 1;
    this.#bytes += message.bytes.length;
    return dropped;
  }

  /** The oldest message, taken out. */
  shift(): OutgoingMessage | null {
    const [firm] = this.#firm.keys();
    const [soft] = this.#soft.keys();
    if (firm === undefined || (soft !== undefined && soft < firm)) return this.#take(this.#soft);
    return this.#take(this.#firm);
  }

  /** @returns how many it held */
  clear(): number {
    const { length } = this;
    this.#firm.clear();
    this.#soft.clear();
    this.#bytes = 0;
    return length;
  }

  #take(line: Map<number, OutgoingMessage>): OutgoingMessage | null {
    for (const [number, message] of line) {
      line.delete(number);
      this.#bytes -= message.bytes.length;
      return message;
    }
    return null;
  }
}
