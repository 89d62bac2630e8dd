/** Milliseconds. */
export interface LinkTiming {
  /** from the first packet to the peer's hello */
  readonly handshakeMs: number;
  /** between two pings of an open stream */
  readonly pingMs: number;
  /** silence after which the other end is taken for gone */
  readonly silenceMs: number;
  /** before the second attempt to connect; doubles up to `maxBackoffMs` */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
}

export const LINK_TIMING: LinkTiming = { handshakeMs: 10_000, pingMs: 5_000, silenceMs: 15_000, minBackoffMs: 50, maxBackoffMs: 5_000 };

/** Before attempt number `failures` + 1; between half of the doubled wait and all of it, so that replicas do not knock in step. */
export function backoffMs({ minBackoffMs, maxBackoffMs }: LinkTiming, failures: number, jitter: number): number {
  const full = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(failures, 30));
  return Math.round(full * (0.5 + jitter / 2));
}
