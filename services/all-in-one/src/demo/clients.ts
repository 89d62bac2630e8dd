import { AuditorClient, ConsensusNodeClient, ContractClient, HttpClient, PatientApiClient, PkgClient, ResearchApiClient } from '@medveil/client';
import type { SystemUrls } from '../system.js';

/** All that the demo knows of the system: addresses and a token. An outside program could do the same. */
export interface Clients {
  readonly pkg: PkgClient;
  readonly contract: ContractClient;
  readonly patient: PatientApiClient;
  readonly research: ResearchApiClient;
  readonly nodes: readonly ConsensusNodeClient[];
  readonly auditors: readonly AuditorClient[];
}

/** @param retries of requests that may be repeated, while a service is away */
export function connect(urls: SystemUrls, token: string, retries = 3): Clients {
  const http = (baseUrl: string) => new HttpClient({ baseUrl, token: () => token, retries });
  return {
    pkg: new PkgClient(http(urls.pkg)),
    contract: new ContractClient(http(urls.contract)),
    patient: new PatientApiClient(http(urls['patient-api'])),
    research: new ResearchApiClient(http(urls['research-api'])),
    nodes: urls.replicas.map((url) => new ConsensusNodeClient(http(url))),
    auditors: urls.auditors.map((url) => new AuditorClient(http(url))),
  };
}

const POLL_MS = 200;

/** Asks until the answer is as wanted. @throws Error naming what was waited for */
export async function until<T>(what: string, ask: () => Promise<T>, wanted: (answer: T) => boolean, timeoutMs: number): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}
