import { runAlone } from '@medveil/host';
import { auditorSettings } from './settings.js';
import { startAuditor, storesOf } from './start.js';

await runAlone('auditor', auditorSettings, startAuditor, storesOf);
