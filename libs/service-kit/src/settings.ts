import { z } from 'zod';

/** `development` admits development proving keys and generated credentials; `production` refuses both. */
export const modeSchema = z.enum(['development', 'production']);
export type Mode = z.infer<typeof modeSchema>;

/** The HTTP edge of a service. */
export const httpSettings = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0: a free port */
  port: z.int().min(0).max(65_535).default(0),
  /** Of a JSON body; streamed bodies have their route's own limit. */
  bodyLimitBytes: z.int().min(1024).max(64 * 1024 * 1024).default(1024 * 1024),
  /** Longest time for the head and a JSON body to arrive. */
  requestTimeoutMs: z.int().min(1000).max(3_600_000).default(120_000),
  requestsPerMinutePerAddress: z.int().min(1).default(6_000),
  requestsPerMinutePerCredential: z.int().min(1).default(3_000),
  /** Take the client's address from X-Forwarded-For: only behind a proxy that sets it. */
  trustProxy: z.boolean().default(false),
  /** Serve OpenAPI at /docs. */
  docs: z.boolean().default(true),
  /** Between readiness going down and the first refused connection, so that load balancers notice. */
  drainDelayMs: z.int().min(0).max(60_000).default(0),
  shutdownTimeoutMs: z.int().min(100).max(300_000).default(25_000),
});
export type HttpSettings = z.infer<typeof httpSettings>;

export const logLevelSchema = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']);
export type LogLevel = z.infer<typeof logLevelSchema>;

/** Settings that every service has; spread into the service's own schema: `z.strictObject({ ...commonSettings, ... })`. */
export const commonSettings = {
  mode: modeSchema,
  logLevel: logLevelSchema.default('info'),
  http: httpSettings.prefault({}),
} as const;
