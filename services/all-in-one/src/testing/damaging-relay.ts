import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { flipped } from './delivery.js';

export interface DamagingRelay {
  readonly url: string;
  /** Where requests go from now on. */
  target: string;
  close(): Promise<void>;
}

/** What stands between an institution and the proxy and is broken: every body that comes through has a wrong bit, everything else passes. */
export async function damagingRelay(): Promise<DamagingRelay> {
  let target = '';
  const server = createServer((request, response) => {
    relay(target, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get target() { return target; },
    set target(url) { target = url; },
    close: async () => {
      const closed = new Promise((resolve) => { server.close(resolve); });
      server.closeAllConnections();
      await closed;
    },
  };
}

async function relay(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  const headers = Object.entries(request.headers).filter(([name]) => name === 'authorization' || name === 'content-type' || name === 'range');
  const answer = await fetch(new URL(request.url ?? '', target), {
    method: request.method ?? 'GET', headers: headers.map(([name, value]): [string, string] => [name, String(value)]), ...(body.length === 0 ? {} : { body }),
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const type = answer.headers.get('content-type') ?? '';
  response.writeHead(answer.status, { 'content-type': type });
  response.end(type.startsWith('application/octet-stream') ? flipped(bytes, -1) : bytes);
}
