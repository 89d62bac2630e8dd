import { runAlone } from '@medveil/host';
import { proxyCloudSettings } from './settings.js';
import { startProxyCloud, STORES } from './start.js';

await runAlone('proxy-cloud', proxyCloudSettings, startProxyCloud, () => STORES);
