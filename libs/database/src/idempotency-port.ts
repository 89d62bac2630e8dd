/** Responses to POST requests by Idempotency-Key, so that a retried request has one effect and one answer. */
export interface IdempotencyStore {
  /**
   * Claims the key for this request.
   * @param request.scope who asks for what, for example credential and route: keys of others never collide
   * @param request.digest 32 bytes over the request's method, path and body: the same key with another request is refused
   */
  begin(request: { readonly scope: string; readonly key: string; readonly digest: Uint8Array }): Promise<IdempotencyState>;
  /** Stores the response; only the holder of `ticket` can. */
  complete(ticket: string, response: StoredResponse): Promise<void>;
  /** Frees the key: the request had no effect and may be tried again. */
  abandon(ticket: string): Promise<void>;
  /** @returns how many were forgotten */
  prune(): Promise<number>;
}

export type IdempotencyState =
  /** First time: do it, then `complete` or `abandon`. */
  | { readonly kind: 'begun'; readonly ticket: string }
  /** Done before: answer this. */
  | { readonly kind: 'done'; readonly response: StoredResponse }
  /** Being done elsewhere right now. */
  | { readonly kind: 'in-progress' }
  /** The key was used for another request. */
  | { readonly kind: 'mismatch' };

export interface StoredResponse {
  readonly status: number;
  /** JSON text */
  readonly body: string;
}
