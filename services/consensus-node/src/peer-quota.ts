const MAX_MESSAGES = 4_096;
const MAX_BYTES = 64 * 1024 * 1024;
/** Where a transport can hold a peer back it does so from here on, long before anything is lost. */
const ENOUGH_MESSAGES = 512;
const ENOUGH_BYTES = 8 * 1024 * 1024;

/** Of each peer's messages that wait: whoever floods loses their own, and nobody else's. */
export class PeerQuota {
  readonly #waiting = new Map<string, { readonly messages: number; readonly bytes: number }>();
  readonly #heldBack = new Map<string, () => void>();

  /** @returns false where too much of this peer waits */
  take(peer: string, bytes: number): boolean {
    const waiting = this.#waiting.get(peer) ?? { messages: 0, bytes: 0 };
    if (waiting.messages >= MAX_MESSAGES || waiting.bytes + bytes > MAX_BYTES) return false;
    this.#waiting.set(peer, { messages: waiting.messages + 1, bytes: waiting.bytes + bytes });
    return true;
  }

  giveBack(peer: string, bytes: number): void {
    const waiting = this.#waiting.get(peer);
    if (waiting !== undefined) this.#waiting.set(peer, { messages: waiting.messages - 1, bytes: waiting.bytes - bytes });
    if (this.#hasEnough(peer)) return;
    this.#heldBack.get(peer)?.();
    this.#heldBack.delete(peer);
  }

  /** @returns null, or, where enough of this peer waits, what resolves once there is room for more */
  room(peer: string): Promise<void> | null {
    if (!this.#hasEnough(peer)) return null;
    return new Promise((resolve) => {
      const earlier = this.#heldBack.get(peer);
      this.#heldBack.set(peer, () => {
        earlier?.();
        resolve();
      });
    });
  }

  #hasEnough(peer: string): boolean {
    const { messages, bytes } = this.#waiting.get(peer) ?? { messages: 0, bytes: 0 };
    return messages >= ENOUGH_MESSAGES || bytes >= ENOUGH_BYTES;
  }
}
