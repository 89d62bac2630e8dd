/** The PKG of the paper: Setup's public parameters, enrolment (E-Certs), pseudonyms (T-Certs), accredited issuers. */
export type { LedgerConnection, LedgerPort } from './ledger-port.js';
export { pkgSettings, type PkgSettings } from './settings.js';
export { type ConnectLedger, startPkg } from './start.js';
