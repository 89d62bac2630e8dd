import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { utf8 } from '@medveil/encoding';
import { kafkaSettings, openKafkaBus, TOPICS, UnprocessableMessageError } from '@medveil/messaging';
import { type RunningServer, startServer } from '../../../scripts/servers/index.mjs';

const MAIN = fileURLToPath(new URL('operator-main.js', import.meta.url));
const exec = promisify(execFile);
const clock = () => Date.now();

describe('the operator of a broker with TLS and passwords', () => {
  let server: RunningServer;
  before(async () => { server = await startServer('kafka', { users: ['contract', 'replica-1'] }); });
  after(async () => server.stop());

  const secure = () => {
    assert.ok(server.secure !== undefined);
    return server.secure;
  };
  const operate = async (...words: string[]): Promise<Record<string, unknown>[]> => {
    const { endpoint, caFile, passwords } = secure();
    const env = {
      MEDVEIL_OPERATOR_TRANSPORT_KIND: 'kafka', MEDVEIL_OPERATOR_TRANSPORT_BROKERS: endpoint, MEDVEIL_OPERATOR_TRANSPORT_TLS: 'true', MEDVEIL_OPERATOR_TRANSPORT_CA_FILE: caFile,
      MEDVEIL_OPERATOR_TRANSPORT_SASL_USERNAME: 'admin', MEDVEIL_OPERATOR_TRANSPORT_SASL_PASSWORD: passwords['admin'] ?? '', MEDVEIL_OPERATOR_TRANSPORT_REPLICATION_FACTOR: '1',
    };
    const { stdout } = await exec(process.execPath, [MAIN, ...words], { env });
    return stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const busAs = (user: string, password = secure().passwords[user] ?? '', change: object = {}) => {
    const { endpoint, caFile } = secure();
    return openKafkaBus(kafkaSettings.parse({
      kind: 'kafka', brokers: [endpoint], tls: true, caFile, saslUsername: user, saslPassword: password, maxAttempts: 2, backoffFirstMs: 1, publishTimeoutMs: 20_000, ...change,
    }), { clock });
  };

  it('creates topics, lets each service have its own, and gives dead letters to their groups again', async () => {
    await operate('topics');
    await operate('access', 'contract', 'replica-1');
    const [contract, replica] = [busAs('contract'), busAs('replica-1')];
    const send = async (bus: typeof contract, topic: string) => bus.publish({ topic, key: 'k', value: utf8(topic) });
    try {
      await send(contract, TOPICS.transactions);
      for (const topic of [TOPICS.blocks, TOPICS.consensus]) await assert.rejects(send(contract, topic), (error: { code: string }) => ['messaging/forbidden', 'messaging/unknown-topic'].includes(error.code), topic);
      await send(replica, TOPICS.blocks);
      await assert.rejects(send(replica, TOPICS.transactions), { code: 'messaging/forbidden' });

      let isWell = false;
      const handled = new Promise<number>((resolve) => {
        replica.subscribe({ group: 'replica-1', topics: [TOPICS.transactions], handler: async ({ attempt }) => {
          if (!isWell) throw new UnprocessableMessageError('ledger/unknown');
          resolve(attempt);
        } });
      });
      let letters: Record<string, unknown>[] = [];
      while (letters.length === 0) letters = await operate('dead-letters', 'list', TOPICS.transactions);
      const [letter = {}] = letters;
      assert.deepEqual([letter['group'], letter['reason'], letter['attempts']], ['replica-1', 'ledger/unknown', 1]);
      const id = String(letter['id']);
      const [shown] = await operate('dead-letters', 'show', TOPICS.transactions, id);
      assert.equal(Buffer.from(String(shown?.['value']), 'base64').toString(), TOPICS.transactions);
      isWell = true;
      assert.deepEqual(await operate('dead-letters', 'replay', TOPICS.transactions, 'all'), [{ replayed: id }]);
      assert.equal(await handled, 1);
      assert.deepEqual(await operate('dead-letters', 'list', TOPICS.transactions), []);
      await assert.rejects(operate('dead-letters', 'replay', TOPICS.transactions, id), /messaging\/unknown-dead-letter/);
    } finally {
      await Promise.all([contract.close(), replica.close()]);
    }
  });

  it('is told what is wrong with a command, a setting, a password and a certificate', async () => {
    await assert.rejects(operate('dead-letters', 'list'), (error: { code: number; stderr: string }) => error.code === 2 && error.stderr.includes('dead-letters list TOPIC'));
    await assert.rejects(operate('access', 'patient-api'), /messaging\/bad-message/);
    const wrong = busAs('contract', 'wrong-secret');
    await assert.rejects(wrong.check(), (error: Error & { code: string }) => error.code === 'messaging/forbidden' && !JSON.stringify(error).includes('wrong-secret'));
    await wrong.close();
    assert.match(await readFile(secure().caFile, 'utf8'), /BEGIN CERTIFICATE/);
    const stranger = busAs('contract', undefined, { caFile: undefined, checkTimeoutMs: 5_000 });
    await assert.rejects(stranger.check(), { code: 'messaging/unavailable' });
    await stranger.close();
  });
});
