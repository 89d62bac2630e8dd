/**
 * What every service shares: configuration, bootstrap on Nest and Fastify, credentials, errors, logs, metrics, health, shutdown.
 */
export type { ErrorStatuses, HttpErrorCode } from './errors.js';
export { Caller, Public, Scopes, type Principal, type TokenVerifier } from './access.js';
export { type ConfigDefinition, ConfigError, type ConfigSources, defineConfig, describeConfig, loadConfig, printConfig, secret, variableName } from './config.js';
export { type Correlation, currentCorrelation, withCorrelation } from '@medveil/correlation';
export { Health, type HealthCheck, type HealthReport } from './health.js';
export { STREAMED_CONTENT_TYPES } from './http-hooks.js';
export { CLOCK, defineModule, RANDOM_BYTES } from './kit-module.js';
export { createLog, type LogFields, type LogOptions, ServiceLog } from './log.js';
export { closeOnSignal, type ProcessLike, runMain } from './main.js';
export { ServiceMetrics, type CounterMetric, type CounterName, type DurationMetric, type DurationName, type GaugeMetric, type MetricDefinition } from './metrics.js';
export { jobObserver, measureJobs, measureOutbox, messageObserver, type ObservedMessages, type ReadMessages } from './work-metrics.js';
export { decodeCursor, encodeCursor, type Page, pageOf, pageQuery, pageSchema } from './pagination.js';
export { createErrorMapper, InvalidRequestError, type Problem, problemSchema } from './problem.js';
export { runService } from './run-service.js';
export type { RunningService, ServiceOptions } from './service-port.js';
export { commonSettings, httpSettings, type HttpSettings, logLevelSchema, type LogLevel, type Mode, modeSchema } from './settings.js';
export { Shutdown } from './shutdown.js';
export { createTokenVerifier, issueToken, type TokenKey, type TokenRequest, type TokenSigningKey, type TokenVerifierOptions } from './tokens.js';
/** Decorators that say in OpenAPI what a route answers: `@ApiOkResponse({ standardSchema: zodSchema })`. */
export { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
