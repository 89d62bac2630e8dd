import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { type Database, createIdempotencyStore, type DatabaseEngine } from '@medveil/database';
import { CodedError, type Clock } from '@medveil/encoding';
import { z } from 'zod';
import {
  ApiOkResponse, Caller, CLOCK, createLog, createTokenVerifier, currentCorrelation, decodeCursor, defineModule, Health, httpSettings, issueToken,
  pageOf, pageQuery, pageSchema, type Principal, Public, runService, type RunningService, Scopes, ServiceLog, ServiceMetrics, type ServiceOptions, Shutdown,
} from './index.js';

const noteSchema = z.strictObject({ text: z.string().min(1).max(100) });
const notesQuery = pageQuery(2);

/** What the demo's handlers did, and how a test holds them up. */
export class DemoState {
  readonly notes: string[] = [];
  hold: Promise<void> = Promise.resolve();
  /** Resolved when a handler has reached the hold. */
  onHeld: () => void = () => undefined;
}

@Controller('notes')
class NotesController {
  constructor(
    private readonly state: DemoState,
    private readonly log: ServiceLog,
    private readonly shutdown: Shutdown,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @Scopes('notes:read')
  @ApiOkResponse({ standardSchema: pageSchema(noteSchema) })
  list(@Query({ schema: notesQuery }) query: z.infer<typeof notesQuery>) {
    const from = query.cursor === undefined ? 0 : decodeCursor(z.int(), query.cursor);
    const rows = this.state.notes.map((text, index) => ({ text, position: index + 1 })).slice(from, from + query.limit + 1);
    return pageOf(rows, query.limit, (row) => row.position);
  }

  @Post()
  @Scopes('notes:write', 'notes:admin')
  add(@Body({ schema: noteSchema }) note: z.infer<typeof noteSchema>, @Caller() caller: Principal) {
    if (note.text === 'refused') throw new CodedError('demo/refused', 'such a note is not taken', { limit: 3 });
    if (note.text === 'unmapped') throw new CodedError('elsewhere/secret-thing', `never show ${note.text}`);
    if (note.text === 'crash') throw new Error(`crash with data: ${note.text}`);
    this.state.notes.push(note.text);
    this.log.info('note-added', { count: this.state.notes.length });
    return { by: caller.subject, number: this.state.notes.length, atMs: this.clock() };
  }

  @Get('open/:name')
  @Public()
  open(@Param('name') name: string) {
    return { length: name.length, correlation: currentCorrelation() };
  }

  @Get('forgotten')
  forgotten() {
    return { secret: true };
  }

  @Post('size')
  @HttpCode(200)
  @Public()
  async size(@Body() body: Readable) {
    let bytes = 0;
    for await (const chunk of body) bytes += (chunk as Uint8Array).length;
    return { bytes, correlation: currentCorrelation() };
  }

  @Get('held')
  @Public()
  async held() {
    this.state.onHeld();
    await this.state.hold;
    return { stopping: this.shutdown.signal.aborted };
  }
}

const SECRET = new Uint8Array(32).fill(7);
const clock = () => Date.now();
const random = (length: number) => new Uint8Array(randomBytes(length));

export interface Demo {
  readonly service: RunningService;
  readonly state: DemoState;
  readonly health: Health;
  readonly metrics: ServiceMetrics;
  readonly closed: string[];
  readonly logLines: string[];
  readonly fetch: (path: string, init?: RequestInit & { token?: string }) => Promise<Response>;
  readonly token: (scopes: readonly string[], change?: { audience?: string; ttlMs?: number; subject?: string; secret?: Uint8Array }) => Promise<string>;
}

/** A tiny service with one of everything, on a free loopback port. */
export async function startDemo(
  name: string,
  engine: DatabaseEngine,
  http: Record<string, unknown> = {},
  more: Partial<ServiceOptions> = {},
): Promise<Demo> {
  const state = new DemoState();
  const logLines: string[] = [];
  const closed: string[] = [];
  const log = createLog({ service: name, level: 'debug', clock, destination: { write: (line) => { logLines.push(line); } } });
  const metrics = new ServiceMetrics({ service: name, process: false });
  const health = new Health();
  const database: Database = await engine.open({ schema: name.replaceAll('-', '_') });
  const module = defineModule(name, { controllers: [NotesController], providers: [{ provide: DemoState, useValue: state }] });
  const service = await runService({
    name, version: '1.2.3', mode: 'development', module, http: httpSettings.parse(http), log, metrics, health, clock, random,
    tokens: createTokenVerifier({ issuer: 'demo', audience: name, clock, keys: [{ algorithm: 'HS256', keyId: 'k1', secret: SECRET }] }),
    errors: { 'demo/refused': 409 },
    idempotency: createIdempotencyStore({ database, clock, random }),
    resources: ['first', 'second'].map((resource) => ({ name: resource, close: async () => { closed.push(resource); } })),
    ...more,
  });
  return {
    service, state, health, metrics, closed, logLines,
    fetch: async (path, { token, ...init } = {}) =>
      fetch(new URL(path, service.url), { ...init, headers: { ...(init.headers as Record<string, string>), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) } }),
    token: async (scopes, { audience = name, ttlMs = 60_000, subject = 'alice', secret = SECRET } = {}) =>
      issueToken({ algorithm: 'HS256', keyId: 'k1', secret }, { issuer: 'demo', audience, subject, scopes, ttlMs }, { clock, random }),
  };
}

export const postJson = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers },
});
