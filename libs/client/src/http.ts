import type { z } from 'zod';
import { inSpan, outgoingHeaders } from '@medveil/correlation';
import { CodedError, concatBytes } from '@medveil/encoding';
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
  /**
   * Send request, exchange and trace ids along: between services of one trust domain. Never from an agent to others, for whom such an
   * id would tie a patient's enrolment, or several pseudonyms, together.
   */
  readonly propagate?: boolean;
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
  /** longer answers are refused while they arrive */
  readonly maxAnswerBytes?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_JSON_BYTES = 64 * 1024 * 1024;
const MAX_PROBLEM_BYTES = 1024 * 1024;
/** A ciphertext body; the proxy's own limit is lower. */
const MAX_CONTENT_BYTES = 2 * 1024 * 1024 * 1024;
const MAX_BACKOFF_MS = 5_000;

/** One service's HTTP API: authentication, deadlines, bounded retries and answers, problem+json as `ApiError`. */
export class HttpClient {
  constructor(readonly options: HttpOptions) {}

  /** @throws ApiError, or CodedError<ClientErrorCode> */
  async json<Schema extends z.ZodType>(path: string, schema: Schema, request: RequestOptions = {}): Promise<z.infer<Schema>> {
    const parsed = schema.safeParse(parseJson(await this.send(path, request, MAX_JSON_BYTES)));
    if (!parsed.success) {
      throw clientError('client/unexpected-answer', `${path}: the answer is not of the documented form`, { path });
    }
    return parsed.data;
  }

  async bytes(path: string, request: RequestOptions = {}): Promise<Uint8Array> {
    return this.send(path, request, MAX_CONTENT_BYTES);
  }

  async none(path: string, request: RequestOptions = {}): Promise<void> {
    await this.send(path, request, MAX_JSON_BYTES);
  }

  private async send(path: string, request: RequestOptions, maxBytes: number): Promise<Uint8Array> {
    const method = request.method ?? 'GET';
    const repeatable = method !== 'POST' || request.idempotencyKey !== undefined;
    const tries = 1 + (repeatable ? (this.options.retries ?? 3) : 0);
    let renewed = false;
    let renew = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await inSpan(method, { role: 'client', attributes: { 'http.request.method': method } }, async () =>
          this.once(path, method, request, renew, request.maxAnswerBytes ?? maxBytes));
      } catch (error) {
        renew = false;
        if (error instanceof ApiError && error.status === 401 && !renewed && this.options.token !== undefined) {
          renewed = true;
          renew = true;
          continue;
        }
        if (attempt >= tries || !isPassing(error)) throw error;
        await delay(error instanceof ApiError && error.retryAfterMs !== null ? error.retryAfterMs : 100 * 2 ** attempt, request.signal);
      }
    }
  }

  private async once(path: string, method: string, request: RequestOptions, renew: boolean, maxBytes: number): Promise<Uint8Array> {
    const url = new URL(path, this.options.baseUrl);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers = await this.#headers(request, renew);
    const body = request.json === undefined ? request.body : JSON.stringify(request.json);
    const deadline = new Deadline(request.timeoutMs ?? this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS, request.signal);
    try {
      // A redirect is not followed: no service of medveil makes one, and the credential is for this origin alone.
      const response = await fetch(url, { method, headers, signal: deadline.signal, redirect: 'manual', ...(body === undefined ? {} : { body }) });
      if (!response.ok) throw await toApiError(response, url);
      return await readWhole(response, url, maxBytes);
    } catch (cause) {
      if (cause instanceof CodedError || request.signal?.aborted === true) throw cause;
      throw deadline.isOver
        ? clientError('client/timeout', `${method} ${url.pathname}: no answer in time`, { path: url.pathname }, cause)
        : clientError('client/unreachable', `${method} ${url.origin}: not reachable`, { origin: url.origin }, cause);
    } finally {
      deadline.end();
    }
  }

  async #headers(request: RequestOptions, renew: boolean): Promise<Record<string, string>> {
    const headers: Record<string, string> = {
      accept: 'application/json, application/problem+json', ...(this.options.propagate === true ? outgoingHeaders() : {}), ...request.headers,
    };
    if (this.options.token !== undefined) headers['authorization'] = `Bearer ${await this.options.token({ renew })}`;
    if (request.idempotencyKey !== undefined) headers['idempotency-key'] = request.idempotencyKey;
    if (request.json !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
    else if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/octet-stream';
    return headers;
  }
}

/** One request's deadline together with its caller's signal; nothing of it stays behind on a signal that lives long. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #abort = (): void => this.#controller.abort(this.#outer?.reason);
  isOver = false;

  constructor(timeoutMs: number, outer: AbortSignal | undefined) {
    this.#outer = outer;
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.#controller.abort();
    }, timeoutMs);
    if (outer?.aborted === true) this.#abort();
    else outer?.addEventListener('abort', this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#abort);
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

const PASSING_STATUSES: ReadonlySet<unknown> = new Set([429, 502, 503, 504]);

function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return PASSING_STATUSES.has(error.status);
  if (!(error instanceof CodedError)) return false;
  return error.code === 'client/unreachable' || (error.code === 'client/not-a-problem' && PASSING_STATUSES.has(error.details['status']));
}

async function toApiError(response: Response, url: URL): Promise<Error> {
  const parsed = problemSchema.safeParse(parseJson(await readWhole(response, url, MAX_PROBLEM_BYTES)));
  if (!parsed.success) {
    return clientError('client/not-a-problem', `${url.pathname}: status ${response.status} without problem+json`, { path: url.pathname, status: response.status });
  }
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError(parsed.data, url.pathname, Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter * 1_000 : null);
}

/** @throws CodedError `client/too-large` as soon as there is too much of it */
async function readWhole(response: Response, url: URL, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw clientError('client/too-large', `${url.pathname}: the answer is too large`, { path: url.pathname, maxBytes });
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : concatBytes(...chunks);
}

/** @returns undefined where it is not JSON */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

export const clientError = (
  code: ClientErrorCode,
  message: string,
  details: Record<string, string | number> = {},
  cause?: unknown,
): CodedError<ClientErrorCode> => new CodedError(code, message, details, cause === undefined ? undefined : { cause });
