/** What nine processes stand on misbehaves while they exchange records: nothing is lost, nothing is done twice, and callers are told. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fromBase64Url } from '@medveil/encoding';
import { openVault } from '@medveil/host';
import { signAssertion, signingKeyFromSeed } from '@medveil/identity';
import { newestObject } from '@medveil/object-store/s3-testing';
import type { Clients } from '../demo/clients.js';
import { flipped } from '../testing/delivery.js';
import { SERVICES } from './names.js';
import { eventually } from './patience.js';
import { ProcessNetwork } from './process-network.js';
import { assertLedgerHolds, Exchanges, type Scene, setScene } from './study.js';

const EXCHANGES = 6;
/** Longer than consumers' sessions last, and than a request waits for its answer. */
const BROKER_PAUSE_MS = 30_000;
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
/** One bit in the middle is another. */
const damaged = (bytes: Uint8Array): Buffer => Buffer.from(flipped(bytes, bytes.length >> 1));

describe('nine processes whose servers misbehave', () => {
  let network: ProcessNetwork;
  let clients: Clients;
  let scene: Scene;
  let exchanges: Exchanges;
  before(async () => {
    network = await ProcessNetwork.open({ consensus: 'direct' });
    await network.startAll();
    clients = await network.clients();
    scene = await setScene(clients, EXCHANGES);
    exchanges = new Exchanges(clients, scene);
  });
  after(() => network?.close());

  const operatorHeaders = async () => ({ authorization: `Bearer ${await network.token()}` });

  it('go on when the broker was killed, and when it stood still for longer than its sessions last: no loss, no dead letter', async () => {
    const first = await exchanges.begin();
    await first.reached('registered');
    await network.servers.kafka.kill();
    const second = await exchanges.begin();
    await second.reached('uploaded');
    await network.servers.kafka.restart();
    await first.settled();
    await second.settled();
    const third = await exchanges.begin();
    network.servers.kafka.signal('SIGSTOP');
    await delay(BROKER_PAUSE_MS);
    network.servers.kafka.signal('SIGCONT');
    await third.settled();
    assert.deepEqual(await network.servers.deadLetters(), []);
  });

  describe('with a database that is away', () => {
    const ASKED = {
      pkg: { method: 'POST', path: '/v1/enrolment-tokens', body: { role: 'hospital', enrolmentId: 'hospital-9' } },
      'patient-api': { method: 'POST', path: '/v1/patients', body: { label: 'another' } },
      'research-api': { method: 'GET', path: '/v1/institutions', body: undefined },
    } as const;
    type Asked = keyof typeof ASKED;
    const ask = async (name: Asked) => {
      const { method, path, body } = ASKED[name];
      const headers = { ...(await operatorHeaders()), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
      return fetch(new URL(path, network.url(name)), { method, headers, signal: AbortSignal.timeout(120_000), ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    };

    const assertTold = async () => {
      for (const name of Object.keys(ASKED) as Asked[]) {
        const answer = await ask(name);
        const problem = (await answer.json()) as { code: string };
        assert.deepEqual([answer.status, problem.code], [503, 'database/unavailable'], name);
        assert.ok(Number(answer.headers.get('retry-after')) > 0, name);
        assert.deepEqual([await network.health(name, 'live'), await network.health(name, 'ready')], [200, 503], name);
      }
    };

    it('say 503 and when to come again, and go on once it is back', async () => {
      const exchange = await exchanges.begin();
      await exchange.reached('uploaded');
      network.servers.links.postgres.cut();
      await assertTold();
      network.servers.links.postgres.mend();
      await network.ready(...SERVICES);
      assert.equal((await ask('patient-api')).status, 201);
      await exchange.settled();
    });

    it('say so within their limits, too, where it swallows everything and closes nothing', async () => {
      network.servers.links.postgres.change = () => null;
      try {
        await assertTold();
      } finally {
        network.servers.links.postgres.change = null;
      }
      await network.ready(...SERVICES);
      assert.equal((await ask('patient-api')).status, 201);
    });
  });

  it('hold whole bodies or none where the object store is slow, changes bytes on the way, is cut off in the middle of an upload', async () => {
    const { s3 } = network.servers.links;
    let pieces = 0;
    s3.delayMs = 200;
    // Large pieces are bodies: the first is changed, in the next the connection ends.
    s3.change = (piece, direction) => {
      if (direction === 'back' || piece.length < 2_000) return piece;
      pieces += 1;
      if (pieces === 2) s3.cut();
      return pieces === 1 ? damaged(piece) : piece;
    };
    const exchange = await exchanges.begin();
    await eventually('the cut', async () => pieces, (count) => count >= 2);
    await eventually('proxy-cloud to know it', () => network.health('proxy-cloud', 'ready'), (status) => status === 503);
    assert.equal(await network.health('proxy-cloud', 'live'), 200);
    s3.change = null;
    s3.delayMs = 0;
    s3.mend();
    await exchange.settled();
  });

  it('deliver nothing that was changed in the object store, and what is restored after all', async () => {
    const exchange = await exchanges.begin();
    await exchange.reached('uploaded');
    const body = await newestObject(network.servers.bucket, 'proxy-cloud/');
    await body.replace(damaged(body.bytes));
    await exchange.reached('delivered');
    const corrupt = async () => (await network.unexpectedErrors()).filter((code) => code === 'object-store/corrupt').length;
    // The institution's agent asks, and asks again: it is given nothing that it could take for the body, and the operator is told.
    await eventually('a second look at the body', corrupt, (count) => count >= 2);
    const { items } = await clients.research.deliveries(scene.requirement.institutionId);
    assert.equal(items.filter(({ status }) => status === 'settled').length, exchanges.begun - 1);
    await body.replace(body.bytes);
    await exchange.settled();
  });

  const order = async () => (await clients.patient.createPatient('once', 'the-same-key-again')).patientId;

  it('take no assertion twice and no order twice, whatever the cache has forgotten', async () => {
    const { certificates = {} } = await network.description();
    const party = `${network.folder}/parties/auditor-0`;
    const vault = await openVault({ folder: `${party}/vault`, keyFile: `${party}/vault.key` }, random);
    const credential = { kind: 'enrolment', certificate: fromBase64Url(certificates['auditor-0'] ?? '') } as const;
    const client = { key: signingKeyFromSeed(await vault.get('account-key')), credential, subject: 'auditor-0' };
    const assertion = await signAssertion(client, 'contract', { clock: () => Date.now(), random });
    const token = async () => {
      const grant = { grant_type: 'client_credentials', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion };
      return (await fetch(new URL('/v1/token', network.url('contract')), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(grant) })).status;
    };
    const patientId = await order();
    assert.equal(await token(), 200);
    assert.deepEqual([await token(), await order()], [401, patientId]);
    await network.servers.redis.kill();
    assert.deepEqual([await token(), await order()], [401, patientId]);
    // It keeps nothing on disk: it is back, and empty.
    await network.servers.redis.restart();
    await network.ready(...SERVICES);
    assert.deepEqual([await token(), await order()], [401, patientId]);
  });

  it('have one ledger that holds, and met nothing that they did not know, but for the body that was changed', async () => {
    await assertLedgerHolds(network);
    assert.deepEqual([...new Set(await network.unexpectedErrors())], ['object-store/corrupt']);
  });
});
