/** `@medveil/pre/bulk`: the scheme on worker threads, for services with much of one kind of work. */
export { type Bulk, type BulkOptions, openBulk } from './pool.js';
export { cpuQuota, type QuotaSources } from './quota.js';
export type { Outcome } from './tasks.js';
