/**
 * What comes from outside. What is no FHIR bundle, or too much of one: refused by name and reason, the rest carries on, nothing half-registered.
 * Who has no credential, or a wrong one: closed at every route of every service.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ApiError } from '@medveil/client';
import type { Id } from '@medveil/encoding';
import { OPERATOR, type PartyToken, signPartyToken } from '@medveil/host';
import { signingKeyFromSeed, type SigningKeyPair } from '@medveil/identity';
import { readBundles, syntheticBundles } from './demo/bundles.js';
import { vaultOf } from './testing/parties.js';
import { nameOf, type Route, routesOf, statusOf } from './testing/routes.js';
import { startWorld, type World } from './testing/world.js';

const MEGABYTE = 1024 * 1024;
const HUGE_BYTES = 200 * MEGABYTE;
const LIMIT_BYTES = 64 * MEGABYTE;
/** The text of a bundle at its limit, the chunks it came in, and what the sender has on its way. */
const MOST_MEMORY_BYTES = 3 * LIMIT_BYTES;

const bundle = syntheticBundles(1, Date.now())[0]?.bytes as Uint8Array;
const text = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

const heldBytes = (): number => process.memoryUsage().arrayBuffers;

interface Resource {
  readonly resourceType: string;
  readonly valueQuantity?: { unit: string; code: string };
}
type Parsed = { readonly entry: readonly { readonly resource: Resource }[] };
const parsed = (): Parsed => JSON.parse(new TextDecoder().decode(bundle)) as Parsed;

const withoutObservations = (): Uint8Array => text({ ...parsed(), entry: parsed().entry.filter(({ resource }) => resource.resourceType === 'Patient') });

function withUnknownUnit(): Uint8Array {
  const changed = parsed();
  const quantity = changed.entry.map(({ resource }) => resource.valueQuantity).find((value) => value !== undefined);
  Object.assign(quantity as object, { unit: 'furlong', code: '[fur_us]x' });
  return text(changed);
}

const BAD: readonly (readonly [name: string, bytes: Uint8Array, code: string])[] = [
  ['empty', new Uint8Array(), 'fhir/not-json'],
  ['not-json', text('<Bundle xmlns="http://hl7.org/fhir"/>'), 'fhir/not-json'],
  ['no-bundle', text({ resourceType: 'Patient', id: 'p' }), 'fhir/not-a-bundle'],
  ['no-patient', text({ resourceType: 'Bundle', type: 'collection', entry: [] }), 'fhir/no-patient'],
  ['no-usable-observation', withoutObservations(), 'fhir/no-usable-observation'],
  ['truncated', bundle.subarray(0, Math.floor(bundle.length / 2)), 'fhir/truncated'],
];

let world: World;
before(async () => { world = await startWorld(); });
after(() => world.end());

const kept = async () => (await readdir(join(world.folder, 'objects', 'patient-api'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);

describe('bad input at the patient’s agent', () => {
  let patientId: Id<'pat'>;
  // As clients do that mean to go on: of one that asks to be cut off after the answer the rest would not be read.
  const agent = new Agent({ keepAlive: true });

  before(async () => {
    // The hospital enrols in the background; until then the agent says that it is not ready, and the client tries again.
    patientId = (await world.clients.patient.createPatient('somebody', 'once')).patientId;
  });
  after(() => agent.destroy());

  it('is refused with its own code, names no value, and leaves nothing behind', async () => {
    const previously = await kept();
    for (const [name, bytes, code] of BAD) {
      await assert.rejects(world.clients.patient.importRecord(patientId, bytes), (error) => {
        assert.ok(error instanceof ApiError, name);
        assert.deepEqual([error.code, error.status], [code, 422], name);
        assert.doesNotMatch(JSON.stringify(error.problem), /Given-|Family-|MRN-/, name);
        return true;
      });
    }
    assert.deepEqual(await kept(), previously);
    assert.deepEqual((await world.clients.patient.matches(patientId)).items, []);
  });

  it('as a unit that nobody knows is reported, and the rest is taken in', async () => {
    const whole = await world.clients.patient.importRecord(patientId, bundle);
    const report = await world.clients.patient.importRecord(patientId, withUnknownUnit());
    assert.equal(whole.notUnderstood.length, 0);
    const [unknown, ...others] = report.notUnderstood;
    assert.deepEqual([others.length, unknown?.count], [0, 1]);
    assert.match(unknown?.reason ?? '', /unit/);
    assert.equal(report.understood, whole.understood - 1);
  });

  it('of 200 MB is refused unread where it is announced', async () => {
    const previously = await kept();
    const upload = begin({ 'content-length': HUGE_BYTES });
    upload.write(bundle.subarray(0, 1_000));
    const [status, code] = await answerTo(upload);
    assert.deepEqual([status, code], [413, 'fhir/too-large']);
    upload.destroy();
    assert.deepEqual(await kept(), previously);
  });

  it('of 200 MB is refused at the limit where it is streamed, in bounded memory; the next import works', async () => {
    const previously = await kept();
    const upload = begin({ 'transfer-encoding': 'chunked' });
    const answer = answerTo(upload);
    const progress = { answered: false };
    void answer.then(() => { progress.answered = true; });
    const chunk = new Uint8Array(MEGABYTE).fill(0x20);
    const atStart = heldBytes();
    let most = 0;
    let sent = 0;
    for (; sent < HUGE_BYTES && !progress.answered; sent += chunk.length) {
      if (!upload.write(chunk)) await Promise.race([drained(upload), answer]);
      await new Promise((resolve) => { setImmediate(resolve); });
      most = Math.max(most, heldBytes() - atStart);
    }
    const [status, code] = await answer;
    upload.destroy();
    assert.deepEqual([status, code], [413, 'fhir/too-large']);
    assert.ok(most < MOST_MEMORY_BYTES, `${most} bytes of buffers were held`);
    assert.deepEqual(await kept(), previously);
    assert.ok((await world.clients.patient.importRecord(patientId, bundle)).understood > 0);
  });

  function begin(headers: Record<string, string | number>): ClientRequest {
    const upload = request(new URL(`/v1/patients/${patientId}/records`, world.system.urls['patient-api']), {
      method: 'POST', agent, headers: { ...headers, authorization: `Bearer ${world.system.operatorToken}`, 'content-type': 'application/fhir+json' },
    });
    // After its answer the server may close the connection while more is being sent.
    upload.on('error', () => undefined);
    return upload;
  }
});

const drained = (upload: ClientRequest): Promise<void> => new Promise((resolve) => { upload.once('drain', resolve); });

async function answerTo(upload: ClientRequest): Promise<[status: number | undefined, code: string]> {
  const [response] = (await once(upload, 'response')) as [IncomingMessage];
  const pieces: Uint8Array[] = [];
  for await (const piece of response) pieces.push(piece as Uint8Array);
  return [response.statusCode, (JSON.parse(Buffer.concat(pieces).toString()) as { code: string }).code];
}

/** Open to everyone, and why: a route that is open and does not stand here fails the spec. */
const OPEN: readonly string[] = [
  // what Setup made public, and what anybody checks signatures with
  'pkg GET /v1/parameters', 'pkg GET /v1/issuers', 'pkg GET /v1/revocations', 'proxy-cloud GET /v1/parameters', 'contract GET /v1/genesis',
  // the way to a credential: an ID token, a one-time token, or a signed assertion
  'pkg POST /v1/enrolment-tokens/identity-providers', 'pkg POST /v1/enrolments', 'pkg POST /v1/token', 'contract POST /v1/token', 'proxy-cloud POST /v1/token',
  // how a replica is, without what it holds
  'consensus-node GET /v1/status',
];

const clock = (): number => Date.now();
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const signed = (key: SigningKeyPair, token: Partial<PartyToken> & Pick<PartyToken, 'audience'>): Promise<string> =>
  signPartyToken(OPERATOR, key, { scopes: ['everything'], lifetimeMs: 60_000, ...token }, { clock, random });
const operator = async () => signingKeyFromSeed(await (await vaultOf(world.folder, 'operator')).get('operator-key'));
const refusal = async (route: Route, token: string | null, status: number): Promise<void> =>
  assert.equal(await statusOf(route, token), status, nameOf(route));

describe('an outsider', () => {
  let routes: Route[];
  let closed: Route[];
  before(async () => {
    const { replicas: [replica = ''], auditors: [auditor = ''], ...others } = world.system.urls;
    routes = await routesOf({ ...others, 'consensus-node': replica, auditor });
    closed = routes.filter((route) => !OPEN.includes(nameOf(route)));
  });

  it('finds every service, and no open route but those that are meant to be', () => {
    assert.deepEqual(new Set(routes.map(({ service }) => service)), new Set(['pkg', 'contract', 'proxy-cloud', 'patient-api', 'research-api', 'consensus-node', 'auditor']));
    assert.ok(closed.length >= 80, `${closed.length} routes`);
    assert.deepEqual(OPEN.filter((name) => !routes.some((route) => nameOf(route) === name)), []);
  });

  it('is let in nowhere without a credential, nor with one of its own making', async () => {
    const stranger = signingKeyFromSeed(random(32));
    for (const route of closed) {
      await refusal(route, null, 401);
      await refusal(route, await signed(stranger, { audience: route.service }), 401);
    }
  });

  it('gains nothing by what it caught: a token that is over, or for another service', async () => {
    const key = await operator();
    const names = [...new Set(closed.map(({ service }) => service))];
    for (const route of closed) {
      await refusal(route, await signed(key, { audience: route.service, lifetimeMs: -60_000 }), 401);
      await refusal(route, await signed(key, { audience: names.filter((name) => name !== route.service) }), 401);
    }
  });

  it('is let in nowhere by a good token without the route’s scope', async () => {
    const key = await operator();
    for (const route of closed) await refusal(route, await signed(key, { audience: route.service }), 403);
  });
});

describe('bad input in the demo’s folder', () => {
  let folder: string;
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'medveil-bundles-')); });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is named with its reason, and the other files are used', async () => {
    for (const [name, bytes] of BAD) await writeFile(join(folder, `${name}.json`), bytes);
    const huge = await open(join(folder, 'huge.json'), 'w');
    await huge.truncate(HUGE_BYTES);
    await huge.close();
    await mkdir(join(folder, 'ward'));
    await writeFile(join(folder, 'ward', 'good.json'), bundle);
    await writeFile(join(folder, 'notes.txt'), 'not looked at');
    const { bundles, refused } = await readBundles(folder, 10, Date.now());
    assert.deepEqual(bundles.map(({ name }) => name), [join('ward', 'good.json')]);
    const expected = new Map([...BAD.map(([name, , code]) => [`${name}.json`, code] as const), ['huge.json', 'fhir/too-large']]);
    assert.deepEqual(new Map(refused.map(({ name, code }) => [name, code])), expected);
    assert.ok(refused.every(({ reason }) => reason.length > 10));
  });

  it('says so where nothing is left', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    await assert.rejects(readBundles(empty, 10, Date.now()), { code: 'demo/no-bundles' });
  });
});
