import { runAlone } from '@medveil/host';
import { pkgSettings } from './settings.js';
import { startPkg, STORES } from './start.js';

await runAlone('pkg', pkgSettings, (settings, infrastructure) => startPkg(settings, infrastructure), () => STORES);
