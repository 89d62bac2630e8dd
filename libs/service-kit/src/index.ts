export type { ErrorStatuses, HttpErrorCode } from './errors.js';
export { Caller, Public, Scopes, type Principal, type TokenVerifier } from './access.js';
export { type Correlation, currentCorrelation, withCorrelation } from './correlation.js';
export { Health, type HealthCheck, type HealthReport } from './health.js';
export { createLog, type LogFields, type LogOptions, ServiceLog } from './log.js';
export { ServiceMetrics, type CounterMetric, type DurationMetric, type GaugeMetric, type MetricDefinition } from './metrics.js';
export { commonSettings, httpSettings, type HttpSettings, logLevelSchema, type LogLevel, type Mode, modeSchema } from './settings.js';
export type { RunningService, ServiceOptions } from './service-port.js';
