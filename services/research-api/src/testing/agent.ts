import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheSettings, openCache } from '@medveil/cache';
import { ApiError, delay, HttpClient, ResearchApiClient } from '@medveil/client';
import { type DatabaseEngine, PgliteEngine } from '@medveil/database';
import { openTestEngine } from '@medveil/database/testing';
import { random } from '@medveil/delivery/testing';
import { toBase64Url } from '@medveil/encoding';
import { ensureKeyFile, OPERATOR, partyTokenSource } from '@medveil/host';
import { signingKeyFromSeed } from '@medveil/identity';
import { objectStoreSettings, openObjectStore } from '@medveil/object-store';
import type { RunningService } from '@medveil/service-kit';
import { SCOPES } from '../scopes.js';
import { researchApiSettings } from '../settings.js';
import { startResearchApi } from '../start.js';
import type { SpecNetwork } from './spec-network.js';

/** For `assert.rejects`: the problem+json's code and status. */
export const problem = (code: string, status: number, path?: string) => (error: unknown): true => {
  assert.ok(error instanceof ApiError, `not an answer of the API: ${String(error)}`);
  assert.deepEqual({ code: error.code, status: error.status, path: error.details['path'] }, { code, status, path });
  return true;
};

/** The agent under test on a folder of its own, to be stopped and started again. */
export class SpecAgent {
  readonly #operator = signingKeyFromSeed(random(32));
  #service: RunningService | undefined;
  #engine: DatabaseEngine | undefined;

  private constructor(
    readonly folder: string,
    private readonly spec: SpecNetwork,
    private readonly circuitFolder: string,
  ) {}

  static async open(spec: SpecNetwork, circuitFolder: string): Promise<SpecAgent> {
    const folder = await mkdtemp(join(tmpdir(), 'medveil-research-'));
    await ensureKeyFile(join(folder, 'vault.key'), random);
    const agent = new SpecAgent(folder, spec, circuitFolder);
    const engine = await openTestEngine({ dataDir: join(folder, 'database') });
    await engine.close();
    return agent;
  }

  async start(changes: object = {}): Promise<void> {
    const { folder } = this;
    const { clock } = this.spec;
    this.#engine = await PgliteEngine.start({ dataDir: join(folder, 'database'), clock });
    this.#service = await startResearchApi(
      researchApiSettings.parse({
        mode: 'development', logLevel: 'silent', networkFile: await this.spec.writeNetworkFile(folder), ...this.spec.urls,
        vault: { folder: join(folder, 'vault'), keyFile: join(folder, 'vault.key') }, operatorPublicKey: toBase64Url(this.#operator.publicKey),
        circuitFolders: [this.circuitFolder], bodyAttempts: 3, bodyRetryMs: 20, bodyRetryMaxMs: 50, webhooks: { hosts: ['127.0.0.1'], privateAddresses: true }, ...changes,
      }),
      {
        clock, random, cache: openCache(cacheSettings.parse({ kind: 'memory' }), clock), databases: this.#engine, measureProcess: false,
        openObjectStore: () => openObjectStore(objectStoreSettings.parse({ kind: 'folder', folder: join(folder, 'objects') }), random),
      },
    );
  }

  client(scopes: readonly string[] = Object.values(SCOPES)): ResearchApiClient {
    const token = partyTokenSource(OPERATOR, this.#operator, { scopes, audience: 'research-api' }, { clock: this.spec.clock, random });
    return new ResearchApiClient(new HttpClient({ baseUrl: this.#service?.url ?? '', token }));
  }

  get anonymous(): ResearchApiClient {
    return new ResearchApiClient(new HttpClient({ baseUrl: this.#service?.url ?? '' }));
  }

  async stop(): Promise<void> {
    await this.#service?.close();
    await this.#engine?.close();
    this.#service = undefined;
    this.#engine = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Long polls until the answer is as wanted. */
export async function until<T>(look: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  let value = await look();
  for (let tries = 0; tries < 100 && !wanted(value); tries += 1) {
    await delay(50);
    value = await look();
  }
  assert.ok(wanted(value), `it did not come to that: ${JSON.stringify(value)}`);
  return value;
}
