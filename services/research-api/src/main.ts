import { runAlone } from '@medveil/host';
import { researchApiSettings } from './settings.js';
import { startResearchApi, STORES } from './start.js';

await runAlone('research-api', researchApiSettings, startResearchApi, () => STORES);
