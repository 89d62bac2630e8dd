/** `npm start` as a process of its own, killed in the middle of an exchange: the next start on the same folder ends it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createContract } from '@medveil/agreements';
import { toHex } from '@medveil/encoding';
import { EXAMPLE_STUDIES } from '@medveil/fhir';
import { loadNetwork, loadVerifiers } from '@medveil/host';
import { loadGenesis, verifyChain } from '@medveil/ledger';
import { syntheticBundles } from './demo/bundles.js';
import { type Clients, connect, until } from './demo/clients.js';
import { Narrator } from './demo/narrator.js';
import { DAY_MS, enrolInstitutions, importPatients, matchAll, type OpenRequirement, releaseRequirements } from './demo/scenario.js';
import { replicasAgree, verifyDelivery } from './demo/verify.js';
import type { SystemUrls } from './system.js';
import { type Chain, ofType, only, readChain } from './testing/chain.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));
const WAIT_MS = 200_000;
const PATIENT = 4;

interface Started {
  readonly process: ChildProcess;
  readonly clients: Clients;
  /** of the patient's agent, which needs a credential from the PKG and the ledger */
  readonly readyUrl: string;
}

/** @throws Error with what was printed where it ends before it is up */
async function start(folder: string): Promise<Started> {
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN, '--data', folder, '--port', '0', '--log', 'error'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  const up = new Promise<void>((resolve, reject) => {
    const hear = (piece: Buffer): void => {
      printed += piece.toString();
      if (printed.includes('Stop with Ctrl-C')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('close', (code) => reject(new Error(`ended with ${code}: ${printed}`)));
  });
  await up;
  const urls = urlsIn(printed);
  return { process: child, readyUrl: `${urls['patient-api']}/health/ready`, clients: connect(urls, /^ {2}(eyJ\S+)$/m.exec(printed)?.[1] ?? '') };
}

function urlsIn(printed: string): SystemUrls {
  const url = (name: string): string => new RegExp(`^ {2}${name}\\s+(http://\\S+)`, 'm').exec(printed)?.[1] ?? '';
  return {
    pkg: url('pkg'), contract: url('contract'), 'proxy-cloud': url('proxy-cloud'), 'patient-api': url('patient-api'), 'research-api': url('research-api'),
    replicas: [0, 1, 2, 3].map((index) => url(`replica-${index}`)),
    auditors: [0, 1, 2].map((index) => url(`auditor-${index}`)),
  };
}

async function stop(started: Started, signal: 'SIGKILL' | 'SIGTERM'): Promise<unknown[]> {
  const closed = once(started.process, 'close');
  started.process.kill(signal);
  return closed;
}

const study = only(EXAMPLE_STUDIES.filter(({ id }) => id === 'covid-19-test-results'));
const out = new Narrator(() => undefined);

describe('a system that is killed', () => {
  let folder: string;
  let running: Started | undefined;
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'medveil-restart-')); });
  after(async () => {
    if (running?.process.exitCode === null && running.process.signalCode === null) await stop(running, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('goes on where it was: the exchange ends settled, nobody is paid twice, the ledger continues', async () => {
    running = await start(folder);
    const first = running.clients;
    // Before anybody has sent anything: the agents can read a chain on which nothing has happened.
    await until('the agents ready', async () => (await fetch(running?.readyUrl ?? '')).status, (status) => status === 200, WAIT_MS);
    const institutions = await enrolInstitutions(first, out);
    const bundle = syntheticBundles(PATIENT + 1, Date.now()).slice(PATIENT);
    const participant = only(await importPatients(first, bundle, out));
    const planned = { institution: 0, study, kind: 'non-exclusive', reward: 80, purpose: 'a test' } as const;
    const requirement: OpenRequirement = only(await releaseRequirements(first, institutions, [planned], { quantity: 3, lifetimeMs: DAY_MS }, out));
    await matchAll(first, [participant], [requirement]);
    const request = { requirementId: requirement.requirementId, recordId: participant.recordId };
    const { exchangeId } = await first.patient.startExchange(participant.patientId, request);
    const caught = await until('the claim', () => first.patient.exchange(exchangeId, 1_000), ({ claimId, phases }) => claimId !== null && 'claimed' in phases, WAIT_MS);
    const earlier: Chain = await readChain(first.contract);
    await stop(running, 'SIGKILL');

    running = await start(folder);
    const second = running.clients;
    const ended = await until('the end', () => second.patient.exchange(exchangeId, 1_000), ({ nextStep }) => nextStep === null, WAIT_MS);
    assert.deepEqual([ended.phase, ended.code, ended.claimId], ['settled', null, caught.claimId]);
    assert.ok(await verifyDelivery(second, { participant, requirement, exchange: ended }, out));
    assert.equal((await second.patient.earnings(participant.patientId)).credits, ended.paid);

    const later = await readChain(second.contract);
    assert.deepEqual(later.genesis, earlier.genesis);
    assert.ok(later.blocks.length > earlier.blocks.length);
    assert.deepEqual(later.entries.slice(0, earlier.entries.length).map(({ id }) => id), earlier.entries.map(({ id }) => id));
    const accepted = later.entries.filter(({ receipt }) => receipt.ok);
    for (const type of ['register-record', 'submit-claim', 'record-delivery', 'confirm-delivery'] as const) only(ofType(accepted, type));
    only(accepted.flatMap(({ receipt }) => receipt.events.filter(({ type }) => type === 'settled')));
    const agreed = await replicasAgree(second);
    assert.ok(agreed.agree && agreed.conserved);
    const totals = await second.contract.totals();
    assert.deepEqual([totals.conserved, totals.minted], [true, 200_000]);

    // Whoever has the network's description executes all of it again and comes to the same state.
    const network = await loadNetwork(join(folder, 'network.json'));
    const verdict = await verifyChain(later.blocks, loadGenesis(later.genesis), createContract({ verifiers: await loadVerifiers(network, 'development') }));
    assert.ok(verdict.ok, JSON.stringify(verdict));
    if (agreed.height === verdict.height) assert.equal(toHex(verdict.stateRoot), agreed.stateRoot);
    const [code, signal] = await stop(running, 'SIGTERM');
    assert.ok(code === 0 || code === 143 || signal === 'SIGTERM', `${String(code)} ${String(signal)}`);
  });
});
