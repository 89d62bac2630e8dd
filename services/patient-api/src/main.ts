import { runAlone } from '@medveil/host';
import { patientApiSettings } from './settings.js';
import { startPatientApi, STORES } from './start.js';

await runAlone('patient-api', patientApiSettings, (settings, infrastructure) => startPatientApi(settings, infrastructure), () => STORES);
