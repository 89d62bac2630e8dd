import { currentCorrelation } from '@medveil/correlation';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type Observable, throwError } from 'rxjs';
import type { ServiceLog } from './log.js';
import type { MappedError } from './problem.js';

const RETRY_AFTER_SECONDS = 5;

/** Answers errors of HTTP requests as problem+json, and hands errors of message handlers on to the bus as they are. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #map: (error: unknown) => MappedError;
  readonly #log: ServiceLog;

  constructor(map: (error: unknown) => MappedError, log: ServiceLog) {
    this.#map = map;
    this.#log = log;
  }

  catch(error: unknown, host: ArgumentsHost): Observable<never> | void {
    if (host.getType() !== 'http') return throwError(() => error);
    const { problem, isUnexpected } = this.#map(error);
    if (isUnexpected) this.#log.error('unexpected-error', error);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent || reply.raw.headersSent) {
      // Half an answer is out: all that is left is to break it off, so that nobody takes it for a whole one.
      reply.raw.destroy();
      return undefined;
    }
    const { requestId } = currentCorrelation();
    const retryAfter = problem.details?.['retryAfterSeconds'] ?? RETRY_AFTER_SECONDS;
    if (problem.status === 429 || problem.status === 503) void reply.header('retry-after', String(retryAfter));
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
    void reply
      .status(problem.status)
      .type('application/problem+json')
      .send({ ...problem, ...(requestId === undefined ? {} : { requestId }) });
    return undefined;
  }
}
