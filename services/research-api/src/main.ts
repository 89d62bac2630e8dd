import { runAlone } from '@medveil/host';
import { researchApiSettings } from './settings.js';
import { startResearchApi } from './start.js';

await runAlone('research-api', researchApiSettings, startResearchApi);
