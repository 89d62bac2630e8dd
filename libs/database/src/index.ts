export type * from './port.js';
export type * from './outbox-port.js';
export type * from './idempotency-port.js';
export * from './jobs-port.js';
