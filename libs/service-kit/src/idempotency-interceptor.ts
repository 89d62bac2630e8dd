import { Readable } from 'node:stream';
import { type CallHandler, type ExecutionContext, type NestInterceptor, StreamableFile } from '@nestjs/common';
import type { IdempotencyStore } from '@medveil/database';
import { CodedError, digest } from '@medveil/encoding';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type { Principal } from './access.js';
import type { HttpErrorCode } from './errors.js';

const KEY = /^[\x21-\x7e]{1,128}$/;

/**
 * `Idempotency-Key` on POST: the first request with a key has its effect, a repetition gets the same answer. Answers with an
 * error are not kept: such a request may be tried again. A streamed body is not part of the comparison.
 */
export class IdempotencyInterceptor implements NestInterceptor {
  readonly #store: IdempotencyStore | undefined;

  constructor(store: IdempotencyStore | undefined) {
    this.#store = store;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & { principal?: Principal }>();
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || key === undefined) return next.handle();
    if (typeof key !== 'string' || !KEY.test(key)) throw refusal('http/idempotency-key-invalid', 'an Idempotency-Key is 1 to 128 visible characters');
    if (this.#store === undefined) throw refusal('http/idempotency-key-invalid', 'this service takes no Idempotency-Key');
    const scope = `${request.principal?.subject ?? request.ip} POST ${request.routeOptions.url ?? ''}`;
    return from(this.#once(this.#store, { scope, key, digest: requestDigest(request) }, http.getResponse<FastifyReply>(), next));
  }

  async #once(store: IdempotencyStore, asked: { scope: string; key: string; digest: Uint8Array }, reply: FastifyReply, next: CallHandler): Promise<unknown> {
    const state = await store.begin(asked);
    if (state.kind === 'mismatch') throw refusal('http/idempotency-key-reused', 'the Idempotency-Key was used for another request');
    if (state.kind === 'in-progress') throw refusal('http/idempotency-in-progress', 'the same request is being worked on');
    if (state.kind === 'done') {
      void reply.status(state.response.status).header('idempotency-replayed', 'true');
      return JSON.parse(state.response.body) as unknown;
    }
    let answer: unknown;
    try {
      answer = await lastValueFrom(next.handle(), { defaultValue: undefined });
    } catch (error) {
      await store.abandon(state.ticket);
      throw error;
    }
    const isStream = answer instanceof StreamableFile || answer instanceof Readable;
    if (isStream) await store.abandon(state.ticket);
    else await store.complete(state.ticket, { status: reply.statusCode, body: JSON.stringify(answer ?? null) });
    return answer;
  }
}

const requestDigest = (request: FastifyRequest): Uint8Array =>
  digest('medveil/http-request/1', [request.method, request.url, request.body instanceof Readable ? null : (JSON.stringify(request.body) ?? null)]);

const refusal = (code: HttpErrorCode, message: string) => new CodedError<HttpErrorCode>(code, message);
