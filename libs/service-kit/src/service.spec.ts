import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openTestEngine } from '@medveil/database/testing';
import { type Demo, postJson, startDemo } from './demo-service.fixture.js';
import type { Problem } from './index.js';

let engine: Awaited<ReturnType<typeof openTestEngine>>;
let demo: Demo;
before(async () => {
  engine = await openTestEngine();
  demo = await startDemo('demo', engine);
});
after(async () => {
  await demo.service.close();
  await engine.close();
});

const problem = async (response: Response): Promise<Problem> => {
  assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  return (await response.json()) as Problem;
};

const post = async (text: unknown) => demo.fetch('/v1/notes', { ...postJson({ text }), token: await demo.token(['notes:write']) });

describe('access', () => {
  it('refuses a route that declares nothing, also to a bearer of every scope', async () => {
    const response = await demo.fetch('/v1/notes/forgotten', { token: await demo.token(['notes:read', 'notes:write']) });
    assert.deepEqual([response.status, (await problem(response)).code], [403, 'http/undeclared-access']);
  });

  it('lets a caller in who has one of the scopes, and nobody without', async () => {
    assert.equal((await demo.fetch('/v1/notes', { token: await demo.token(['notes:read']) })).status, 200);
    const wrongScope = await demo.fetch('/v1/notes', { token: await demo.token(['notes:write']) });
    assert.deepEqual([wrongScope.status, (await problem(wrongScope)).code], [403, 'http/forbidden']);
    const none = await demo.fetch('/v1/notes');
    assert.deepEqual([none.status, none.headers.get('www-authenticate'), (await problem(none)).code], [401, 'Bearer', 'http/unauthenticated']);
  });

  it('refuses a token that is expired, for another service, signed by another key, or unsigned', async () => {
    const scopes = ['notes:read'];
    const good = await demo.token(scopes);
    const [, payload] = good.split('.');
    const unsigned = `${Buffer.from(JSON.stringify({ alg: 'none', kid: 'k1' })).toString('base64url')}.${payload ?? ''}.`;
    const tokens = [
      await demo.token(scopes, { ttlMs: -60_000 }),
      await demo.token(scopes, { audience: 'another' }),
      await demo.token(scopes, { secret: new Uint8Array(32).fill(8) }),
      unsigned,
      'garbage',
    ];
    for (const token of tokens) assert.equal((await demo.fetch('/v1/notes', { token })).status, 401);
    assert.equal((await demo.fetch('/v1/notes', { token: good })).status, 200);
  });

  it('opens a public route, the probes, the metrics and the documentation to everyone', async () => {
    for (const path of ['/v1/notes/open/x', '/health/live', '/health/ready', '/health/started', '/metrics', '/docs', '/docs/swagger-ui.css']) {
      assert.equal((await demo.fetch(path)).status, 200, path);
    }
  });
});

describe('errors', () => {
  it('shows a declared code with its status and details', async () => {
    const response = await post('refused');
    const body = await problem(response);
    assert.deepEqual([response.status, body.status, body.code, body.details], [409, 409, 'demo/refused', { limit: 3 }]);
    assert.equal(body.requestId, response.headers.get('x-request-id'));
  });

  it('names what does not fit the schema, and where', async () => {
    const response = await post('');
    const body = await problem(response);
    assert.deepEqual([response.status, body.code, body.issues?.map(({ path }) => path)], [400, 'http/invalid-request', ['text']]);
    const extra = await demo.fetch('/v1/notes', { ...postJson({ text: 'a', more: 1 }), token: await demo.token(['notes:write']) });
    assert.equal(extra.status, 400);
  });

  it('tells of an unexpected error only that it happened, to the caller and to the log', async () => {
    const linesBefore = demo.logLines.length;
    for (const text of ['crash', 'unmapped']) {
      const response = await post(text);
      const body = await problem(response);
      assert.deepEqual([response.status, body.code, body.detail], [500, 'http/internal', undefined]);
    }
    const logged = demo.logLines.slice(linesBefore).join('');
    assert.match(logged, /unexpected-error/);
    assert.match(logged, /demo-service/, 'the stack is there');
    assert.doesNotMatch(logged, /crash with data/);
  });

  it('keeps the form for what never reaches a handler, and quotes nothing of it', async () => {
    const token = await demo.token(['notes:write']);
    const headers = { 'content-type': 'application/json' };
    const cases: [Response, number, string][] = [
      [await demo.fetch('/v1/patient-named-jane'), 404, 'http/not-found'],
      [await demo.fetch('/v1/notes', { method: 'POST', body: '{"jane": ', headers, token }), 400, 'http/bad-request'],
      [await demo.fetch('/v1/notes', { method: 'POST', body: 'jane', headers: { 'content-type': 'text/jane' }, token }), 415, 'http/bad-request'],
      [await demo.fetch('/v1/notes', { ...postJson({ text: 'jane'.repeat(300_000) }), token }), 413, 'http/too-large'],
    ];
    for (const [response, status, code] of cases) {
      const body = await problem(response);
      assert.deepEqual([response.status, body.code], [status, code]);
      assert.doesNotMatch(JSON.stringify(body), /jane/);
    }
  });
});

describe('requests', () => {
  it('carry their ids through the handler, the answer and the log, whatever the body', async () => {
    const headers = { 'x-request-id': 'request-12345', 'x-exchange-id': 'exc_00000000000000000000000000000001' };
    const expected = { requestId: headers['x-request-id'], exchangeId: headers['x-exchange-id'] };
    const open = await demo.fetch('/v1/notes/open/x', { headers });
    assert.deepEqual(((await open.json()) as { correlation: object }).correlation, expected);
    assert.equal(open.headers.get('x-request-id'), 'request-12345');
    const linesBefore = demo.logLines.length;
    await demo.fetch('/v1/notes', { ...postJson({ text: 'logged' }, headers), token: await demo.token(['notes:write']) });
    const line = demo.logLines.slice(linesBefore).map((text) => JSON.parse(text) as Record<string, unknown>).find(({ event }) => event === 'note-added');
    assert.deepEqual({ requestId: line?.['requestId'], exchangeId: line?.['exchangeId'], service: line?.['service'] }, { ...expected, service: 'demo' });
    const forged = await demo.fetch('/v1/notes/open/x', { headers: { 'x-request-id': 'a b' } });
    assert.notEqual(forged.headers.get('x-request-id'), 'a b');
  });

  it('stream bodies of the streamed types past the limit of JSON bodies', async () => {
    const size = 3 * 1024 * 1024;
    const response = await demo.fetch('/v1/notes/size', { method: 'POST', body: new Uint8Array(size), headers: { 'content-type': 'application/octet-stream' } });
    assert.equal(((await response.json()) as { bytes: number }).bytes, size);
  });

  it('with an Idempotency-Key have one effect and one answer', async () => {
    const token = await demo.token(['notes:write']);
    const count = demo.state.notes.length;
    const send = async (text: string, key: string, by = token) => demo.fetch('/v1/notes', { ...postJson({ text }, { 'idempotency-key': key }), token: by });
    const [first, second] = [await send('once', 'key-1'), await send('once', 'key-1')];
    assert.deepEqual([first.status, second.status], [201, 201]);
    assert.deepEqual(await second.json(), await first.json());
    assert.deepEqual([first.headers.get('idempotency-replayed'), second.headers.get('idempotency-replayed')], [null, 'true']);
    assert.equal(demo.state.notes.length, count + 1);
    assert.equal((await problem(await send('other', 'key-1'))).code, 'http/idempotency-key-reused');
    assert.equal((await send('other', 'key-1', await demo.token(['notes:write'], { subject: 'bob' }))).status, 201, 'keys of others are others');
    assert.equal((await send('refused', 'key-2')).status, 409);
    assert.equal((await send('fine now', 'key-2')).status, 201, 'a refused request does not use up its key');
    assert.equal((await send('x', 'ü'.normalize('NFC'))).status, 400);
  });

  it('are listed page by page, and a foreign cursor is refused', async () => {
    const token = await demo.token(['notes:read']);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const response = await demo.fetch(`/v1/notes?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`, { token });
      const page = (await response.json()) as { items: { text: string }[]; nextCursor?: string };
      assert.ok(page.items.length <= 2);
      seen.push(...page.items.map(({ text }) => text));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(seen, demo.state.notes);
    assert.equal((await problem(await demo.fetch('/v1/notes?cursor=AAAA', { token }))).code, 'http/bad-cursor');
    assert.equal((await problem(await demo.fetch('/v1/notes?limit=3', { token }))).code, 'http/invalid-request');
  });
});

describe('OpenAPI', () => {
  it('describes bodies, queries and answers by the schemas that check them', async () => {
    const document = (await (await demo.fetch('/docs/openapi.json')).json()) as {
      info: { version: string };
      paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: { properties: object } }> }; parameters?: { name: string }[]; responses: object }>>;
    };
    assert.equal(document.info.version, '1.2.3');
    const notes = document.paths['/v1/notes'];
    assert.deepEqual(notes?.['post']?.requestBody?.content['application/json']?.schema.properties, { text: { type: 'string', minLength: 1, maxLength: 100 } });
    assert.deepEqual(notes?.['get']?.parameters?.map(({ name }) => name).toSorted(), ['cursor', 'limit']);
    assert.match(JSON.stringify(notes?.['get']?.responses), /nextCursor/);
  });
});

describe('metrics', () => {
  it('count by route pattern, not by URL, each service its own', async () => {
    const other = await startDemo('other-demo', engine);
    await demo.fetch('/v1/notes/open/somebody');
    const text = await (await demo.fetch('/metrics')).text();
    assert.ok(text.includes('medveil_http_request_duration_seconds_count{service_name="demo",method="GET",route="/v1/notes/open/:name",status="2xx"}'));
    assert.ok(!text.includes('somebody'));
    const others = await (await other.fetch('/metrics')).text();
    assert.ok(!others.includes('notes') && !others.includes('service_name="demo"'));
    await other.service.close();
  });
});
