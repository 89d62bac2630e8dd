/** The semi-trusted proxy: stores ciphertext, re-encrypts for claims that the ledger has accepted. */
export { grantContext } from './grant-format.js';
export { proxyCloudSettings, type ProxyCloudSettings } from './settings.js';
export { startProxyCloud } from './start.js';
