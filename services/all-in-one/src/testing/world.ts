import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clients, connect } from '../demo/clients.js';
import { Narrator } from '../demo/narrator.js';
import { startSystem, type System, type SystemOptions } from '../system.js';

/** In-process delivery as a broker may do it: some messages twice, late, out of order across keys. */
export const BUS_FAULTS = { seed: 11, duplicateRate: 0.05, maxDelayMs: 5, reorder: true } as const;

/** A whole system in a temporary folder, and what an outside program has of it: addresses and a token. */
export interface World {
  readonly folder: string;
  readonly system: System;
  readonly clients: Clients;
  /** keeps the account of checks, prints nothing */
  readonly out: Narrator;
  /** The system stops; the folder goes. */
  end(): Promise<void>;
}

export async function startWorld(options: Partial<SystemOptions> = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'medveil-spec-'));
  try {
    const system = await startSystem({
      dataFolder: folder, circuits: ['everyday'], basePort: 0, logLevel: 'silent', busFaults: BUS_FAULTS, onProgress: () => undefined, ...options,
    });
    return {
      folder,
      system,
      clients: connect(system.urls, system.operatorToken),
      out: new Narrator(() => undefined),
      end: async () => {
        await system.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
