/** A real Prometheus that scrapes a live system through an exchange: names by promtool, every rule and panel by its own queries. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { EXAMPLE_STUDIES } from '@medveil/fhir';
import { z } from 'zod';
import { type RunningServer, startServer } from '../../../scripts/servers/index.mjs';
import { syntheticBundles } from './demo/bundles.js';
import { until } from './demo/clients.js';
import { enrolInstitutions, exchange, importPatients, matchAll, type Participant, releaseRequirements } from './demo/scenario.js';
import { only } from './testing/chain.js';
import { addressesOf, scrape } from './testing/metrics-checks.js';
import { panelQueries, readDashboards, readRules, ruleFiles, ruleTests } from './testing/monitoring.js';
import { startWorld, type World } from './testing/world.js';

const HOUR_MS = 3_600_000;
const WAIT_MS = 120_000;
/** A busy machine answers in that time, and a minute, over which panels look, has many of them. */
const SCRAPE_MS = 4_000;
/** Alerts about what must never be, whatever the machine is busy with. */
const NEVER = new Set(['MedveilCertificateEnded', 'MedveilCreditsNotConserved', 'MedveilDeadLetters', 'MedveilEvidenceRecorded', 'MedveilMessagesNotBelieved']);

const answerSchema = z.object({ status: z.literal('success'), data: z.object({ result: z.array(z.object({ metric: z.record(z.string(), z.string()) })) }) });

let world: World;
let prometheus: RunningServer;

async function query(expression: string) {
  const response = await fetch(new URL('/api/v1/query', prometheus.endpoint), { method: 'POST', body: new URLSearchParams({ query: expression }) });
  return answerSchema.parse(await response.json()).data.result;
}

/** Beside this process, which is the system that is scraped meanwhile. @returns nothing where all is well, else what promtool says */
async function promtool(args: readonly string[], { cwd, input = '' }: { readonly cwd?: string; readonly input?: string } = {}): Promise<string> {
  const child = spawn('promtool', args, cwd === undefined ? {} : { cwd });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return code === 0 ? '' : `promtool ${args.join(' ')}: ${(await said).join('')}`;
}

async function exchangeOnce(): Promise<void> {
  const { clients, out } = world;
  const study = only(EXAMPLE_STUDIES.filter(({ id }) => id === 'diabetes-hba1c'));
  const institutions = await enrolInstitutions(clients, out);
  const participants = await importPatients(clients, syntheticBundles(2, Date.now()), out);
  const planned = [{ study, purpose: 'a test', institution: 0 as const, kind: 'non-exclusive' as const, reward: 120 }];
  const released = await releaseRequirements(clients, institutions, planned, { quantity: 5, lifetimeMs: HOUR_MS }, out);
  await matchAll(clients, participants, released);
  const [, diabetic] = participants as [Participant, Participant];
  const { phase } = await exchange(clients, diabetic, only(released).requirementId, false, () => undefined);
  assert.equal(phase, 'settled');
}

describe('monitoring, on a real Prometheus', () => {
  before(async () => {
    world = await startWorld();
    const targets = addressesOf(world.system.urls).map(([, url]) => new URL(url).host);
    prometheus = await startServer('prometheus', { targets, rules: await ruleFiles(), intervalMs: SCRAPE_MS });
    await exchangeOnce();
    // Rates need some scrapes of everything since then; rules that stand on rules an evaluation more.
    const isThere = `sum(medveil_reencryption_duration_seconds_count offset ${3 * SCRAPE_MS}ms) > 0 and min(count_over_time(up[1m])) > 2 and sum(medveil:ledger_lag:blocks) >= 0`;
    await until('the exchange in Prometheus', () => query(isThere), (found) => found.length > 0, WAIT_MS);
  });
  after(async () => {
    await prometheus.stop();
    await world.end();
  });

  it('reaches every service', async () => {
    assert.deepEqual(await query('up == 0'), []);
    assert.equal((await query('medveil_build_info')).length, addressesOf(world.system.urls).length);
  });

  it('finds metrics and rules in order by promtool, and each alert to come where it must', async () => {
    for (const scraped of await scrape(world.system.urls)) assert.equal(await promtool(['check', 'metrics'], { input: scraped.text }), '');
    assert.equal(await promtool(['check', 'rules', ...(await ruleFiles())]), '');
    assert.equal(await promtool(['test', 'rules', ruleTests], { cwd: dirname(ruleTests) }), '');
  });

  it('has an answer for every panel and every recorded rule', async () => {
    const recorded = (await readRules()).flatMap((rule) => ('record' in rule ? [{ where: rule.record, expression: rule.record }] : []));
    const empty: string[] = [];
    for (const { where, expression } of [...recorded, ...panelQueries(await readDashboards())]) {
      if ((await query(expression)).length === 0) empty.push(`${where}: ${expression}`);
    }
    assert.deepEqual(empty, []);
  });

  it('evaluates every alert, and lets none come that must never', async () => {
    const alerts = (await readRules()).flatMap((rule) => ('alert' in rule ? [rule] : []));
    for (const { expr } of alerts) await query(expr);
    const firing = (await query('ALERTS{alertstate="firing"}')).map(({ metric }) => metric['alertname'] ?? '');
    assert.deepEqual(firing.filter((name) => NEVER.has(name)), []);
  });
});
