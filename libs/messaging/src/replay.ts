/** Remembers message ids for a while. May forget: then the inbox in the database catches the replay. */
export interface ReplayGuard {
  seen(messageId: string): Promise<boolean>;
  remember(messageId: string): Promise<void>;
}

/** The two operations of @medveil/cache's `Cache` that a replay guard needs. */
export interface ReplayCache {
  get(key: string): Promise<Uint8Array | undefined>;
  set(key: string, value: Uint8Array, options: { ttlMs: number }): Promise<void>;
}

const SEEN = new Uint8Array([1]);

/** @param group the consumer group: each sees every message once */
export const cacheReplayGuard = (cache: ReplayCache, group: string, ttlMs: number): ReplayGuard => ({
  seen: async (messageId) => (await cache.get(replayKey(group, messageId))) !== undefined,
  remember: async (messageId) => cache.set(replayKey(group, messageId), SEEN, { ttlMs }),
});

const replayKey = (group: string, messageId: string): string => `replay:${group}:${messageId}`;
