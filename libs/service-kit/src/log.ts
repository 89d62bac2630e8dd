import { currentCorrelation } from '@medveil/correlation';
import { type Clock, type Id, isCodedError } from '@medveil/encoding';
import { type DestinationStream, pino, type Logger as Pino } from 'pino';
import type { LogLevel } from './settings.js';

/**
 * Everything that may stand in a log. The list is closed on purpose: identifiers, codes, counts and durations, no free text, so
 * that neither a secret nor a medical value can be logged by construction. Add a field here when something is missing.
 */
export interface LogFields {
  readonly accountId?: Id<'acc'>;
  readonly claimId?: Id<'clm'>;
  readonly exchangeId?: Id<'exc'>;
  readonly institutionId?: Id<'ins'>;
  readonly jobId?: Id<'job'>;
  readonly messageId?: Id<'msg'>;
  readonly patientId?: Id<'pat'>;
  readonly proposalId?: Id<'prp'>;
  readonly recordId?: Id<'rec'>;
  readonly requirementId?: Id<'req'>;
  readonly transactionId?: Id<'txn'>;
  /** A stable name: error code, drop reason, state. */
  readonly code?: string;
  readonly reason?: string;
  readonly state?: string;
  readonly outcome?: string;
  readonly method?: string;
  /** The route's pattern, never the URL with its values. */
  readonly route?: string;
  readonly status?: number;
  readonly topic?: string;
  readonly messageType?: string;
  readonly sender?: string;
  readonly group?: string;
  readonly jobKind?: string;
  readonly transactionType?: string;
  readonly check?: string;
  readonly resource?: string;
  readonly component?: string;
  /** A listening address of the service's own. */
  readonly url?: string;
  readonly version?: string;
  readonly mode?: string;
  readonly signal?: string;
  readonly height?: number;
  readonly view?: number;
  readonly sequence?: number;
  readonly replica?: number;
  readonly attempt?: number;
  readonly count?: number;
  readonly sizeBytes?: number;
  readonly durationMs?: number;
  readonly atMs?: number;
}

/**
 * One service's structured log: JSON lines with `timeMs`, `level`, `service`, `event`, correlation ids and typed fields.
 * A class, so that Nest can inject it by its type.
 */
export abstract class ServiceLog {
  /** @param event what happened, in kebab-case: a constant, never built from data */
  abstract debug(event: string, fields?: LogFields): void;
  abstract info(event: string, fields?: LogFields): void;
  abstract warn(event: string, fields?: LogFields): void;
  /**
   * Of the error its code, or its class and stack frames: never its message, unless it is a `CodedError`, whose message is
   * written to be shown.
   */
  abstract error(event: string, error: unknown, fields?: LogFields): void;
}

export interface LogOptions {
  readonly service: string;
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

const MAX_TEXT_LENGTH = 256;
const LOOKS_SECRET = /bearer\s|eyJ[\w-]{8,}\.|-----BEGIN/iu;

export function createLog(options: LogOptions): ServiceLog {
  const settings = {
    level: options.level,
    base: { service: options.service },
    messageKey: 'event',
    timestamp: () => `,"timeMs":${options.clock()}`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const out = options.destination === undefined ? pino(settings) : pino(settings, options.destination);
  return new PinoServiceLog(out);
}

class PinoServiceLog extends ServiceLog {
  readonly #out: Pino;

  constructor(out: Pino) {
    super();
    this.#out = out;
  }

  override debug(event: string, fields: LogFields = {}): void {
    if (this.#out.isLevelEnabled('debug')) this.#out.debug(line(fields), event);
  }

  override info(event: string, fields: LogFields = {}): void {
    if (this.#out.isLevelEnabled('info')) this.#out.info(line(fields), event);
  }

  override warn(event: string, fields: LogFields = {}): void {
    this.#out.warn(line(fields), event);
  }

  override error(event: string, error: unknown, fields: LogFields = {}): void {
    this.#out.error({ ...line(fields), error: describeError(error) }, event);
  }
}

const line = (fields: LogFields): object => ({ ...currentCorrelation(), ...redact(fields) });

/** A second net under the types: long texts are cut, and what looks like a credential is masked. */
function redact(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? safeText(value) : value]),
  );
}

const safeText = (text: string): string => (LOOKS_SECRET.test(text) ? '[masked]' : text.slice(0, MAX_TEXT_LENGTH));

function describeError(error: unknown): object {
  if (isCodedError(error)) return { code: error.code, message: safeText(error.message), cause: causeName(error) };
  if (!(error instanceof Error)) return { name: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((text) => /^\s+at /u.test(text)).slice(0, 12);
  const code: unknown = 'code' in error ? error.code : undefined;
  return { name: error.name, ...(typeof code === 'string' ? { code } : {}), stack: frames.map((frame) => frame.trim()), cause: causeName(error) };
}

const causeName = (error: Error): string | undefined => {
  if (isCodedError(error.cause)) return error.cause.code;
  return error.cause instanceof Error ? error.cause.name : undefined;
};
