import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isCodedError } from '@medveil/encoding';

export interface SpecRequest {
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly bearer: string;
}

/** `GET /v1/bodies/([0-9a-f]+)`: what stands in brackets becomes a parameter. */
export type Routes = Readonly<Record<string, (request: SpecRequest) => unknown>>;

export class SpecHttpError extends Error {
  constructor(readonly status: number, readonly code: string) {
    super(code);
  }
}

/** A counterpart's front on loopback: JSON, or bytes where the handler gives bytes; errors as problem+json. */
export async function serve(routes: Routes): Promise<{ url: string; close(): Promise<void> }> {
  const table = Object.entries(routes).map(([route, handle]) => ({ pattern: new RegExp(`^${route}$`), handle }));
  const server: Server = createServer((request, response) => {
    void answer(request).then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body));
  });
  const answer = async (request: IncomingMessage): Promise<{ status: number; type: string; body: string | Uint8Array }> => {
    try {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const text = await readAll(request);
      for (const { pattern, handle } of table) {
        const match = pattern.exec(`${request.method} ${url.pathname}`);
        if (match === null) continue;
        const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '');
        const body = await handle({ params: match.slice(1), query: url.searchParams, body: text === '' ? undefined : JSON.parse(text), bearer });
        if (body instanceof Uint8Array) return { status: 200, type: 'application/octet-stream', body };
        return body === undefined ? { status: 204, type: 'application/json', body: '' } : { status: 200, type: 'application/json', body: JSON.stringify(body) };
      }
      throw new SpecHttpError(404, 'http/not-found');
    } catch (error) {
      const status = error instanceof SpecHttpError ? error.status : isCodedError(error) ? (error.code === 'http/unauthenticated' ? 401 : 422) : 500;
      const code = error instanceof SpecHttpError || isCodedError(error) ? error.code : 'http/internal';
      return { status, type: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title: String(error), status, code }) };
    }
  };
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
