import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isCodedError } from '@medveil/encoding';
import type { AccountPrincipal, TokenService } from '@medveil/host';
import { tokenRequestSchema } from '@medveil/client';

export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly json: () => unknown;
  /** of the access token */
  readonly caller: AccountPrincipal | null;
}
/** Answers a request, or nothing for a path that it does not know. */
export type Route = (method: string, asked: Asked) => Promise<unknown>;

export interface LoopbackServer {
  readonly url: string;
  /** `METHOD path subject` of every request, in order */
  readonly seen: string[];
  close(): Promise<void>;
}

/** A counterpart of the agent on a free loopback port: its tokens are the real ones. */
export async function serve(tokens: TokenService, route: Route): Promise<LoopbackServer> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    void answer(request, response, tokens, route, seen);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen, close: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, tokens: TokenService, route: Route, seen: string[]): Promise<void> {
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', 'http://localhost');
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const json = (): unknown => JSON.parse(body.toString());
    if (url.pathname === '/v1/token') return send(response, 200, await tokens.exchange(tokenRequestSchema.parse(json())));
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const caller = bearer === undefined ? null : await tokens.verify(bearer);
    seen.push(`${method} ${url.pathname} ${caller?.subject ?? '-'}`);
    const answered = await route(method, { path: url.pathname, query: url.searchParams, body, json, caller });
    if (answered === undefined) return send(response, 404, problem(404, 'http/not-found'));
    return send(response, 200, answered);
  } catch (error) {
    const status = isCodedError(error) && error.code === 'http/unavailable' ? 503 : 422;
    return send(response, status, problem(status, isCodedError(error) ? error.code : 'http/internal'));
  }
}

const problem = (status: number, code: string) => ({ type: 'about:blank', title: code, status, code });

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(body));
}
