import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { isCodedError } from '@medveil/encoding';
import { z } from 'zod';
import { ApiError, delay, HttpClient, type HttpOptions } from './index.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const answer = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json', ...headers }).end(JSON.stringify(body));
};
const problemOf = (status: number, code: string) => ({ type: 'about:blank', title: 'x', status, code, details: { bytes: 3 } });
const schema = z.object({ ok: z.boolean() });
const busy: Handler = (_request, response) => answer(response, 503, problemOf(503, 'contract/busy'), { 'retry-after': '0' });
const fine: Handler = (_request, response) => answer(response, 200, { ok: true });
const withCode = (code: string) => (error: unknown) => {
  assert.ok(isCodedError(error), String(error));
  assert.equal(error.code, code);
  return true;
};

describe('HTTP client', () => {
  let server: Server;
  let url = '';
  let handlers: Handler[] = [];
  let seen: IncomingMessage[] = [];
  before(async () => {
    server = createServer((request, response) => {
      seen.push(request);
      const handler = handlers.length > 1 ? handlers.shift() : handlers[0];
      request.resume().on('end', () => handler?.(request, response));
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
  });
  beforeEach(() => {
    handlers = [(_request, response) => answer(response, 200, { ok: true })];
    seen = [];
  });
  const client = (options: Partial<HttpOptions> = {}) => new HttpClient({ baseUrl: url, ...options });

  it('sends what it is told, and reads an answer of the documented form only', async () => {
    assert.deepEqual(await client({ token: () => 'secret' }).json('/x', schema, { query: { a: 1, b: undefined }, method: 'POST', json: { c: 2 }, idempotencyKey: 'k' }), { ok: true });
    const [request] = seen;
    assert.deepEqual([request?.method, request?.url], ['POST', '/x?a=1']);
    const { authorization, 'content-type': type, 'idempotency-key': key } = request?.headers ?? {};
    assert.deepEqual([authorization, type, key], ['Bearer secret', 'application/json', 'k']);
    for (const body of ['{"ok":1}', 'not JSON', '']) {
      handlers = [(_request, response) => void response.end(body)];
      await assert.rejects(client().json('/x', schema), withCode('client/unexpected-answer'));
    }
  });

  it('gives a problem by its own code, and what is none by its status', async () => {
    handlers = [(_request, response) => answer(response, 422, problemOf(422, 'agreements/bad-terms'))];
    await assert.rejects(client().json('/x', schema), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.code, error.status, error.details], ['agreements/bad-terms', 422, { bytes: 3 }]);
      return true;
    });
    handlers = [(_request, response) => void response.writeHead(500).end('<html>')];
    await assert.rejects(client().json('/x', schema), withCode('client/not-a-problem'));
  });

  it('repeats what may be repeated, and nothing else', async () => {
    handlers = [busy, (_request, response) => void response.writeHead(502, { 'retry-after': '0' }).end('gateway'), fine];
    assert.deepEqual(await client().json('/x', schema), { ok: true });
    assert.equal(seen.length, 3);
    for (const [expected, request] of [[1, { method: 'POST' }], [3, { method: 'POST', idempotencyKey: 'k' }], [3, { method: 'PUT' }]] as const) {
      handlers = [busy];
      seen = [];
      await assert.rejects(client({ retries: 2 }).json('/x', schema, { ...request, json: {} }), withCode('contract/busy'));
      assert.equal(seen.length, expected);
    }
    handlers = [(_request, response) => answer(response, 404, problemOf(404, 'http/not-found'))];
    seen = [];
    await assert.rejects(client().json('/x', schema), withCode('http/not-found'));
    assert.equal(seen.length, 1);
  });

  it('renews a refused token once', async () => {
    const renewals: boolean[] = [];
    const token = ({ renew }: { renew: boolean }) => {
      renewals.push(renew);
      return renew ? 'new' : 'old';
    };
    handlers = [(request, response) => (request.headers.authorization === 'Bearer new' ? answer(response, 200, { ok: true }) : answer(response, 401, problemOf(401, 'http/unauthenticated')))];
    assert.deepEqual(await client({ token }).json('/x', schema, { method: 'POST', json: {} }), { ok: true });
    assert.deepEqual(renewals, [false, true]);
    handlers = [(_request, response) => answer(response, 401, problemOf(401, 'http/unauthenticated'))];
    seen = [];
    await assert.rejects(client({ token }).json('/x', schema), withCode('http/unauthenticated'));
    assert.equal(seen.length, 2);
  });

  it('ends at its deadline, also within an answer, and with its caller’s signal', async () => {
    handlers = [() => undefined];
    await assert.rejects(client().json('/x', schema, { timeoutMs: 20 }), withCode('client/timeout'));
    handlers = [(_request, response) => void response.writeHead(200).write('{')];
    await assert.rejects(client().json('/x', schema, { timeoutMs: 20 }), withCode('client/timeout'));
    const controller = new AbortController();
    handlers = [() => controller.abort()];
    await assert.rejects(client().json('/x', schema, { signal: controller.signal }), { name: 'AbortError' });
    await assert.rejects(delay(10_000, controller.signal));
  });

  it('says that nobody is there, and breaks off an answer that is too large', async () => {
    await assert.rejects(new HttpClient({ baseUrl: 'http://127.0.0.1:1', retries: 0 }).bytes('/x'), withCode('client/unreachable'));
    handlers = [(_request, response) => void response.end(Buffer.alloc(100_000))];
    await assert.rejects(client().bytes('/x', { maxAnswerBytes: 99_999 }), withCode('client/too-large'));
    assert.equal((await client().bytes('/x', { maxAnswerBytes: 100_000 })).length, 100_000);
  });

  it('follows no redirect: the credential is for one origin', async () => {
    handlers = [(_request, response) => void response.writeHead(307, { location: `${url}/elsewhere` }).end()];
    await assert.rejects(client({ token: () => 'secret' }).json('/x', schema), withCode('client/not-a-problem'));
    assert.equal(seen.length, 1);
  });
});
