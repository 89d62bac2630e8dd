/** What operators do to nine processes, and what machines do: clocks that are off, a full disk, services stopped and started under load. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Clients } from '../demo/clients.js';
import { REPLICAS, type ServiceName, SERVICES } from './names.js';
import { eventually } from './patience.js';
import { ProcessNetwork } from './process-network.js';
import type { LogLine } from './service-process.js';
import { assertLedgerHolds, DEPOSITS, Exchanges, leader, type Scene, setScene } from './study.js';

const exec = promisify(execFile);
const EXCHANGES = 10;
const ALL: readonly ServiceName[] = [...SERVICES, ...REPLICAS];
/** Whose disk is small. */
const CROWDED = 'replica-3';
const DISK_MIB = 24;
const FIVE_MINUTES_MS = 300_000;
/** They come to others with credentials. */
const AGENTS: readonly ServiceName[] = ['patient-api', 'research-api'];
/** To whom they come; they ask nobody with a credential. */
const ASKED: readonly ServiceName[] = ['pkg', 'proxy-cloud'];
const clockRefusal = ({ event, code, error }: LogLine): boolean =>
  ['identity/expired', 'identity/not-yet-valid'].includes(code ?? error?.code ?? '') || (event === 'proposal-refused' && code === 'ledger/wrong-time');

describe('nine processes in operation', () => {
  let disk: string;
  let network: ProcessNetwork;
  let clients: Clients;
  let scene: Scene;
  let exchanges: Exchanges;
  let deposited = DEPOSITS;
  before(async () => {
    disk = await mkdtemp(join(tmpdir(), 'medveil-disk-'));
    await exec('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk]);
    await mkdir(join(disk, 'data'));
    network = await ProcessNetwork.open({ consensus: 'direct', settings: (name) => (name === CROWDED ? { dataFolder: join(disk, 'data') } : {}) });
    await network.startAll();
    clients = await network.clients();
    scene = await setScene(clients, EXCHANGES);
    exchanges = new Exchanges(clients, scene);
  });
  after(async () => {
    await network?.close();
    await exec('umount', [disk]);
    await rm(disk, { recursive: true });
  });

  it('end in order under load when they are asked to, one after the other, and no client that tries again sees an error', async () => {
    const over = new AbortController();
    const asking = [
      () => clients.contract.totals(), () => clients.patient.exchanges(), () => clients.research.institution(scene.requirement.institutionId), () => clients.pkg.revocations(),
    ].map(async (ask) => { while (!over.signal.aborted) await eventually<unknown>('an answer', ask); });
    const underWay = [await exchanges.begin(), await exchanges.begin()];
    try {
      for (const name of ALL) {
        assert.deepEqual(await network.stop(name), { [name]: 0 });
        await network.start(name);
        await network.ready(name);
      }
    } finally {
      over.abort();
    }
    await Promise.all(asking);
    for (const exchange of underWay) await exchange.settled();
  });

  it('go on while the disk of a replica is full, and it catches up when there is room', async () => {
    const ballast = join(disk, 'ballast');
    await writeFile(ballast, Buffer.alloc(DISK_MIB * 1024 * 1024)).catch((error: NodeJS.ErrnoException) => assert.equal(error.code, 'ENOSPC'));
    await (await exchanges.begin()).settled();
    await (await exchanges.begin()).settled();
    assert.equal(await network.health(CROWDED, 'ready'), 503);
    assert.ok((await network.logged(CROWDED)).some(({ event }) => event === 'replica-stopped'));
    const others = await Promise.all([0, 1, 2].map(async (index) => clients.nodes[index]?.status()));
    assert.equal(new Set(others.map((status) => status?.evidence)).size, 1);
    await rm(ballast);
    await network.stop(CROWDED);
    await network.start(CROWDED);
    await network.ready(CROWDED);
    await assertLedgerHolds(network);
  });

  it('exchange as before with two instances of each service, which share its database, its objects and its keys', async () => {
    try {
      for (const name of SERVICES) await network.startSecond(name);
      await network.ready(...SERVICES);
      const underWay = await Promise.all([exchanges.begin(), exchanges.begin()]);
      for (const exchange of underWay) await exchange.settled();
      await assertLedgerHolds(network);
    } finally {
      await network.stopSeconds();
    }
  });

  for (const [agents, sign] of [['ahead', 1], ['behind', -1]] as const) {
    it(`refuse aloud what clocks make that are off by five minutes, do nothing wrong, and go on when they are right (agents and leader ${agents})`, async () => {
      const earlier = await exchanges.begin();
      const { institutionId, account } = await clients.research.institution(scene.requirement.institutionId);
      const known = new Map<ServiceName, number>();
      for (const name of [...AGENTS, ...REPLICAS]) known.set(name, (await network.logged(name)).length);
      const refusals = async (name: ServiceName) => (await network.logged(name)).slice(known.get(name)).filter(clockRefusal).length;
      const shifts = new Map([...[...AGENTS, await leader(network)].map((name) => [name, sign] as const), ...ASKED.map((name) => [name, -sign] as const)]);
      for (const [name, direction] of shifts) {
        await network.kill(name);
        await network.start(name, direction * FIVE_MINUTES_MS);
      }
      const answer = await fetch(`${network.url('research-api')}/v1/institutions/${institutionId}`, { headers: { authorization: `Bearer ${await network.token()}` } });
      assert.deepEqual([answer.status, /is the clock right/.test(await answer.text())], [503, true]);
      const told = Promise.all([
        ...AGENTS.map((name) => eventually(`${name} to be told of its clock`, () => refusals(name), (count) => count > 0)),
        eventually('a proposal refused for its time', async () => Promise.all(REPLICAS.map(refusals)), (counts) => counts.some((count) => count > 0)),
      ]).then(() => true);
      // A leader that is behind proposes the time of the block before, which is right for a while.
      do {
        deposited += 1;
        await clients.contract.deposit({ account, amount: 1, reference: `deposit ${deposited}` });
      } while (!(await Promise.race([told, delay(1_000, false)])));
      for (const name of shifts.keys()) {
        await network.kill(name);
        await network.start(name);
      }
      await network.ready(...ALL);
      await earlier.settled();
      await (await exchanges.begin()).settled();
      await assertLedgerHolds(network, deposited);
    });
  }
});
