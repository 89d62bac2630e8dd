/** Reading a ledger over HTTP, the same on a consensus node and on the contract's front. */
export { HeadSignal } from './head-signal.js';
export { LedgerReader } from './ledger-reader.js';
