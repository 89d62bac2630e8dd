import { runAlone } from '@medveil/host';
import { contractSettings } from './settings.js';
import { startContract } from './start.js';

await runAlone('contract', contractSettings, startContract);
