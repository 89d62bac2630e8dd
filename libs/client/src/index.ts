/** The SDK: one zod schema per request and answer (the services validate with the same), and typed clients over HTTP. */
export * from './api/common.js';
export * as auditorApi from './api/auditor.js';
export * as consensusNodeApi from './api/consensus-node.js';
export * as contractApi from './api/contract.js';
export * as patientApi from './api/patient-api.js';
export * as pkgApi from './api/pkg.js';
export * as proxyApi from './api/proxy-cloud.js';
export * as researchApi from './api/research-api.js';
export * from './clients.js';
export { ApiError, type ClientErrorCode, isAway } from './errors.js';
export { delay, HttpClient, type HttpOptions, type RequestOptions, type TokenSource } from './http.js';
export { KeyedQueue } from './keyed-queue.js';
export { isEarlyRefusal, LedgerAccess, LedgerRejection, type PreparedTransaction, type TransactionAuthor } from './ledger/access.js';
export { type CursorStore, type FollowerCursor, type FollowerOptions, isForgery, LedgerFollower, type TransactionWatch } from './ledger/follower.js';
export { type PlacedEvent, placedEvents, TrailReader } from './ledger/trail-reader.js';
export { certifiedHeader, type CertifiedBlock, fromWire, toWire, type VerifiedBlock, verifyContents } from './ledger/verified-block.js';
