import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CodedError } from '@medveil/encoding';
import { createLog, jobObserver, measureJobs, measureOutbox, messageObserver, ServiceMetrics, withCorrelation } from './index.js';

const lines: string[] = [];
const log = createLog({ service: 'demo', level: 'info', clock: () => 42, destination: { write: (line) => { lines.push(line); } } });
const logged = (write: () => void): Record<string, unknown> => {
  lines.length = 0;
  write();
  return JSON.parse(lines[0] ?? '{}') as Record<string, unknown>;
};

describe('log', () => {
  it('writes typed lines with the time of the given clock and the correlation of the work', () => {
    const line = logged(() => withCorrelation({ requestId: 'r-1' }, () => withCorrelation({ exchangeId: 'x-1' }, () => log.info('claim-accepted', { height: 7 }))));
    assert.deepEqual(line, { level: 'info', timeMs: 42, service: 'demo', requestId: 'r-1', exchangeId: 'x-1', height: 7, event: 'claim-accepted' });
    assert.deepEqual(logged(() => log.debug('not at this level')), {});
  });

  it('masks what looks like a credential and cuts what is too long to be a name', () => {
    const line = logged(() => log.warn('odd', { reason: 'Bearer abcdef', code: `eyJhbGciOiJIUzI1NiJ9.x`, state: 'y'.repeat(1_000) }));
    assert.deepEqual([line['reason'], line['code'], String(line['state']).length], ['[masked]', '[masked]', 256]);
  });

  it('shows a coded error by code and message, and any other without its message, at any depth', () => {
    const hidden = 'blood type AB of a patient';
    const foreign = logged(() => log.error('failed', new TypeError(hidden, { cause: new Error(hidden) })));
    assert.doesNotMatch(JSON.stringify(foreign), /blood/);
    assert.match(JSON.stringify(foreign), /TypeError.*observability\.spec/);
    const coded = logged(() => log.error('failed', new CodedError('demo/full', 'the disk is full', {}, { cause: new Error(hidden) })));
    assert.deepEqual(coded['error'], { code: 'demo/full', message: 'the disk is full', cause: 'Error' });
    assert.deepEqual(logged(() => log.error('failed', hidden))['error'], { name: 'string' });
  });
});

describe('metrics', () => {
  it('take no more series than a bounded label set can have', async () => {
    const metrics = new ServiceMetrics({ service: 'demo', process: false });
    const counter = metrics.counter({ name: 'medveil_mistakes_total', help: 'Counted by an id, which is a mistake', labels: ['id'] });
    for (let index = 0; index < 2_000; index += 1) counter.add({ id: String(index) });
    const series = (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('medveil_mistakes_total{'));
    assert.equal(series.length, 500);
  });

  it('count messages and jobs, in base units', async () => {
    const metrics = new ServiceMetrics({ service: 'demo', process: false });
    const messages = messageObserver(metrics, log, { topics: ['medveil.blocks'], dropReasons: ['replay'] });
    messages.published('medveil.blocks');
    messages.handled('medveil.blocks', 'block-committed', 'ok', 250);
    assert.match(await metrics.registry.metrics(), /medveil_messages_dead_lettered_total\{.*\} 0\n/, 'a zero before the first');
    messages.handled('medveil.blocks', 'block-committed', 'dead-letter', 10);
    messages.dropped('medveil.blocks', 'bad-signature');
    messages.waiting('medveil.blocks', 3, 40);
    jobObserver(metrics, log)({ kind: 'deliver', key: 'clm_1', outcome: 'done', durationMs: 1_500 });
    measureJobs(metrics, { counts: async () => ({ waiting: 9, due: 4, running: 2, done: 70, dead: 1 }) });
    measureOutbox(metrics, { counts: async () => ({ waiting: 9, dead: 0 }) });
    metrics.gaugeFrom({ name: 'medveil_unreadable', help: 'Fails' }, async () => Promise.reject(new Error('away')));
    // Labels stand in one order for counters and in another for histograms.
    const text = (await metrics.registry.metrics()).replaceAll(/\{(.*)\}/g, (_all, labels: string) => `{${labels.split(',').toSorted().join(',')}}`);
    for (const expected of [
      'medveil_messages_published_total{service_name="demo",topic="medveil.blocks"} 1',
      'medveil_message_handling_duration_seconds_sum{outcome="ok",service_name="demo",topic="medveil.blocks",type="block-committed"} 0.25',
      'medveil_messages_dead_lettered_total{service_name="demo",topic="medveil.blocks"} 1',
      'medveil_messages_dropped_total{reason="bad-signature",service_name="demo",topic="medveil.blocks"} 1',
      'medveil_messages_waiting{service_name="demo",topic="medveil.blocks"} 43',
      'medveil_job_attempt_duration_seconds_sum{kind="deliver",outcome="done",service_name="demo"} 1.5',
      'medveil_jobs{service_name="demo",state="due"} 4',
      'medveil_jobs{service_name="demo",state="later"} 5',
      'medveil_outbox_messages{service_name="demo",state="waiting"} 9',
    ]) assert.ok(text.includes(expected), expected);
    assert.ok(!text.includes('clm_1'));
  });
});
