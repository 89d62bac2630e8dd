import type { Clock } from '@medveil/encoding';
import { and, eq, lt } from 'drizzle-orm';
import type { Inbox } from './outbox-port.js';
import type { Database } from './port.js';
import { infrastructureTables } from './tables.js';

export function createInbox(database: Database, clock: Clock): Inbox {
  const { inbox } = infrastructureTables(database.schema);
  const markOnce: Inbox['markOnce'] = async (tx, message) => {
    const rows = await tx
      .insert(inbox)
      .values({ ...message, processedAtMs: clock() })
      .onConflictDoNothing()
      .returning({ messageId: inbox.messageId });
    return rows.length > 0;
  };
  return {
    markOnce,
    processOnce: async (message, effect) =>
      database.transaction(async (tx) => {
        if (!(await markOnce(tx, message))) return 'duplicate';
        await effect(tx);
        return 'processed';
      }),
    has: async ({ consumer, messageId }, queries = database.queries) => {
      const rows = await queries
        .select({ messageId: inbox.messageId })
        .from(inbox)
        .where(and(eq(inbox.consumer, consumer), eq(inbox.messageId, messageId)));
      return rows.length > 0;
    },
    prune: async (beforeMs, consumer) => {
      const isOld = and(lt(inbox.processedAtMs, beforeMs), consumer === undefined ? undefined : eq(inbox.consumer, consumer));
      const rows = await database.queries.delete(inbox).where(isOld).returning({ messageId: inbox.messageId });
      return rows.length;
    },
  };
}
