import type { z } from 'zod';
import { CodedError } from '@medveil/encoding';
import { problemSchema } from './api/common.js';
import { ApiError, type ClientErrorCode } from './errors.js';

/** A bearer token, or how to get one (called again after a 401). */
export type TokenSource = (options: { renew: boolean }) => Promise<string> | string;

export interface HttpOptions {
  readonly baseUrl: string;
  readonly token?: TokenSource;
  readonly timeoutMs?: number;
  /** further tries after a refused connection, 429 or 503; only for requests that may be repeated */
  readonly retries?: number;
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly json?: unknown;
  readonly body?: Uint8Array;
  readonly contentType?: string;
  readonly idempotencyKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_BACKOFF_MS = 5_000;

/** One service's HTTP API: authentication, deadlines, bounded retries, problem+json as `ApiError`. */
export class HttpClient {
  constructor(readonly options: HttpOptions) {}

  /** @throws ApiError, or CodedError<ClientErrorCode> */
  async json<Schema extends z.ZodType>(path: string, schema: Schema, request: RequestOptions = {}): Promise<z.infer<Schema>> {
    const response = await this.send(path, request);
    const parsed = schema.safeParse(await response.json());
    if (!parsed.success) {
      throw clientError('client/unexpected-answer', `${path}: the answer is not of the documented form`, { path });
    }
    return parsed.data;
  }

  async bytes(path: string, request: RequestOptions = {}): Promise<Uint8Array> {
    return new Uint8Array(await (await this.send(path, request)).arrayBuffer());
  }

  async none(path: string, request: RequestOptions = {}): Promise<void> {
    await (await this.send(path, request)).arrayBuffer();
  }

  private async send(path: string, request: RequestOptions): Promise<Response> {
    const method = request.method ?? 'GET';
    const repeatable = method !== 'POST' || request.idempotencyKey !== undefined;
    const tries = 1 + (repeatable ? (this.options.retries ?? 3) : 0);
    let renew = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(path, method, request, renew);
      } catch (error) {
        if (error instanceof ApiError && error.status === 401 && !renew && this.options.token !== undefined) {
          renew = true;
          continue;
        }
        if (attempt >= tries || !isPassing(error)) throw error;
        await delay(error instanceof ApiError && error.retryAfterMs !== null ? error.retryAfterMs : 100 * 2 ** attempt, request.signal);
      }
    }
  }

  private async once(path: string, method: string, request: RequestOptions, renew: boolean): Promise<Response> {
    const url = new URL(path, this.options.baseUrl);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = { accept: 'application/json, application/problem+json', ...request.headers };
    if (this.options.token !== undefined) headers['authorization'] = `Bearer ${await this.options.token({ renew })}`;
    if (request.idempotencyKey !== undefined) headers['idempotency-key'] = request.idempotencyKey;
    const body = request.json === undefined ? request.body : JSON.stringify(request.json);
    if (body !== undefined) headers['content-type'] = request.contentType ?? (request.json === undefined ? 'application/octet-stream' : 'application/json');
    const deadline = AbortSignal.timeout(request.timeoutMs ?? this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
    const response = await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) }).catch((cause: unknown) => {
      if (request.signal?.aborted === true) throw cause;
      throw deadline.aborted
        ? clientError('client/timeout', `${method} ${url.pathname}: no answer in time`, { path: url.pathname }, cause)
        : clientError('client/unreachable', `${method} ${url.origin}: not reachable`, { origin: url.origin }, cause);
    });
    if (!response.ok) throw await toApiError(response, url);
    return response;
  }
}

/** Waits, unless the signal ends it; never longer than MAX_BACKOFF_MS. */
export function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, Math.min(milliseconds, MAX_BACKOFF_MS));
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

const isPassing = (error: unknown): boolean =>
  error instanceof ApiError ? error.status === 429 || error.status === 503 : error instanceof CodedError && error.code === 'client/unreachable';

async function toApiError(response: Response, url: URL): Promise<Error> {
  const text = await response.text();
  let problem: unknown;
  try {
    problem = JSON.parse(text);
  } catch {
    problem = undefined;
  }
  const parsed = problemSchema.safeParse(problem);
  if (!parsed.success) {
    return clientError('client/not-a-problem', `${url.pathname}: status ${response.status} without problem+json`, { path: url.pathname, status: response.status });
  }
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError(parsed.data, url.pathname, Number.isFinite(retryAfter) ? retryAfter * 1_000 : null);
}

export const clientError = (
  code: ClientErrorCode,
  message: string,
  details: Record<string, string | number> = {},
  cause?: unknown,
): CodedError<ClientErrorCode> => new CodedError(code, message, details, cause === undefined ? undefined : { cause });
