import { CodedError } from '@medveil/encoding';
import type { Infrastructure } from '@medveil/host';
import type { RunningService } from '@medveil/service-kit';
import type { ResearchApiSettings } from './settings.js';

export type ResearchInfrastructure = Pick<Infrastructure, 'clock' | 'random' | 'databases' | 'measureProcess' | 'openObjectStore'>;

/** Starts the agent: serves at once; enrols, releases, receives and checks in the background. */
export async function startResearchApi(settings: ResearchApiSettings, infrastructure: ResearchInfrastructure): Promise<RunningService> {
  throw new CodedError('research-api/not-ready', `${settings.http.host} ${infrastructure.clock()}`);
}
