import type { Clock } from '@medveil/encoding';
import { z } from 'zod';
import { PgliteEngine } from './pglite.js';
import type { DatabaseEngine } from './port.js';

/** Which database: a service's `database` setting. One kind so far; others join the union. */
export const databaseSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('pglite'),
    /** Folder of the embedded database; one process at a time has it. */
    dataDir: z.string().min(1),
  }),
]);
export type DatabaseSettings = z.infer<typeof databaseSettings>;

/** Starts the engine; in one process it is started once and each service opens its own schema on it. */
export const openEngine = async (settings: DatabaseSettings, clock: Clock): Promise<DatabaseEngine> =>
  PgliteEngine.start({ dataDir: settings.dataDir, clock });
