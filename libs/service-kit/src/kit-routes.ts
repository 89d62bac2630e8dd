import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import type { Health } from './health.js';
import type { ServiceMetrics } from './metrics.js';

/** What probes and Prometheus read: no credential, no data. */
export function addProbeRoutes(fastify: FastifyInstance, health: Health, metrics: ServiceMetrics): void {
  fastify.get('/health/live', async () => ({ ok: true }));
  fastify.get('/health/started', async (_request, reply) => {
    const ok = health.phase !== 'starting';
    return reply.status(ok ? 200 : 503).send({ ok });
  });
  fastify.get('/health/ready', async (_request, reply) => {
    const report = await health.ready();
    return reply.status(report.ok ? 200 : 503).send(report);
  });
  fastify.get('/metrics', async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()));
}

const require = createRequire(import.meta.url);

const ASSETS: Readonly<Record<string, string>> = { 'swagger-ui.css': 'text/css', 'swagger-ui-bundle.js': 'text/javascript' };

const START_UI = "SwaggerUIBundle({ url: '/docs/openapi.json', dom_id: '#ui' });\n";

const page = (title: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
`;

/** OpenAPI at /docs (a page) and /docs/openapi.json. */
export function addDocsRoutes(fastify: FastifyInstance, title: string, openApiDocument: () => object): void {
  let document: object | undefined;
  fastify.get('/docs', async (_request, reply) => reply.type('text/html').send(page(title)));
  fastify.get('/docs/openapi.json', async () => (document ??= openApiDocument()));
  fastify.get('/docs/start.js', async (_request, reply) => reply.type('text/javascript').send(START_UI));
  for (const [name, contentType] of Object.entries(ASSETS)) {
    fastify.get(`/docs/${name}`, async (_request, reply) => reply.type(contentType).send(await readFile(require.resolve(`swagger-ui-dist/${name}`))));
  }
}
