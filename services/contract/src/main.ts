import { runAlone } from '@medveil/host';
import { contractSettings } from './settings.js';
import { startContract, STORES } from './start.js';

await runAlone('contract', contractSettings, startContract, () => STORES);
