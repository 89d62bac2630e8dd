import type { ReplicaId } from '@medveil/pbft';

const MAX_MESSAGES = 4_096;
const MAX_BYTES = 64 * 1024 * 1024;

/** Of each peer's messages that wait: whoever floods loses their own, and nobody else's. */
export class PeerQuota {
  readonly #waiting = new Map<ReplicaId, { readonly messages: number; readonly bytes: number }>();

  /** @returns false where too much of this peer waits */
  take(peer: ReplicaId, bytes: number): boolean {
    const waiting = this.#waiting.get(peer) ?? { messages: 0, bytes: 0 };
    if (waiting.messages >= MAX_MESSAGES || waiting.bytes + bytes > MAX_BYTES) return false;
    this.#waiting.set(peer, { messages: waiting.messages + 1, bytes: waiting.bytes + bytes });
    return true;
  }

  giveBack(peer: ReplicaId, bytes: number): void {
    const waiting = this.#waiting.get(peer);
    if (waiting !== undefined) this.#waiting.set(peer, { messages: waiting.messages - 1, bytes: waiting.bytes - bytes });
  }
}
