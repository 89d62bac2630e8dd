/**
 * Each service is killed (-9) at each phase of an exchange and started again: every exchange ends settled, is paid once, and the ledger
 * holds. Seven exchanges, one for each shift of who is killed when: all pairs of a service and a phase come up.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { patientApi } from '@medveil/client';
import type { Clients } from '../demo/clients.js';
import { ofType } from '../testing/chain.js';
import { REPLICAS, type ReplicaName, type ServiceName, SERVICES } from './names.js';
import { ProcessNetwork } from './process-network.js';
import { assertLedgerHolds, Exchanges, leader, setScene } from './study.js';

const VICTIMS = [...SERVICES, 'leader', 'follower'] as const;
type Victim = (typeof VICTIMS)[number];
const PHASES = ['prepared', 'uploaded', 'registered', 'proved', 'claimed', 'granted', 'delivered'] as const satisfies patientApi.ExchangePhase[];

describe('nine processes, of which each is killed at each phase of an exchange', () => {
  let network: ProcessNetwork;
  let clients: Clients;
  let exchanges: Exchanges;
  before(async () => {
    network = await ProcessNetwork.open({ consensus: 'direct' });
    await network.startAll();
    clients = await network.clients();
    exchanges = new Exchanges(clients, await setScene(clients, VICTIMS.length));
  });
  after(() => network?.close());

  async function nameOf(victim: Victim): Promise<ServiceName> {
    if (victim !== 'leader' && victim !== 'follower') return victim;
    const leads = await leader(network);
    return victim === 'leader' && network.isRunning(leads) ? leads : (REPLICAS.find((name) => name !== leads && network.isRunning(name)) as ReplicaName);
  }

  async function killAndRestart(victim: Victim): Promise<void> {
    const name = await nameOf(victim);
    await network.kill(name);
    await network.start(name);
  }

  for (const shift of VICTIMS.keys()) {
    const victims = PHASES.map((_, index) => VICTIMS[(index + shift) % VICTIMS.length] as Victim);
    it(`settle it and pay once: ${victims.map((victim, index) => `${victim} when ${PHASES[index]}`).join(', ')}`, async () => {
      const exchange = await exchanges.begin();
      const restarts: Promise<void>[] = [];
      for (const [index, phase] of PHASES.entries()) {
        await exchange.reached(phase);
        restarts.push(killAndRestart(victims[index] as Victim));
      }
      await Promise.all(restarts);
      await exchange.settled();
      await network.ready(...SERVICES, ...REPLICAS);
    });
  }

  it('have one ledger, on which each was paid once', async () => {
    const accepted = (await assertLedgerHolds(network)).entries.filter(({ receipt }) => receipt.ok);
    for (const type of ['register-record', 'submit-claim', 'record-delivery', 'confirm-delivery'] as const) assert.equal(ofType(accepted, type).length, VICTIMS.length, type);
  });
});
