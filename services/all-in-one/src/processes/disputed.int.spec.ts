/**
 * Disputes during which each service and each auditor's agent is killed (-9) and started again. What stands between the institution and the
 * proxy damages bodies, so that it accuses honest patients: every exchange ends ruled, each is opened, ruled and paid once.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { patientApi } from '@medveil/client';
import { ofType } from '../testing/chain.js';
import { type DamagingRelay, damagingRelay } from '../testing/damaging-relay.js';
import { AUDITORS, type ServiceName } from './names.js';
import { ProcessNetwork } from './process-network.js';
import { assertLedgerHolds, Exchanges, REWARD, setScene } from './study.js';

const PHASES = ['claimed', 'delivered', 'disputed'] as const satisfies patientApi.ExchangePhase[];
/** Who is killed in each of the phases; while a dispute waits for its ruling, several at once. */
const KILLED: readonly (readonly (readonly ServiceName[])[])[] = [
  [['auditor-0'], ['research-api', 'replica-0'], ['auditor-1', 'contract', 'patient-api']],
  [['patient-api'], ['auditor-2', 'proxy-cloud'], ['auditor-0', 'research-api', 'pkg']],
];

describe('disputes, with auditors as processes', () => {
  let damaging: DamagingRelay;
  let network: ProcessNetwork;
  let exchanges: Exchanges;
  before(async () => {
    damaging = await damagingRelay();
    const settings = (name: ServiceName) => (name === 'research-api' ? { proxyUrl: damaging.url, bodyAttempts: 3, bodyRetryMs: 100 } : {});
    network = await ProcessNetwork.open({ consensus: 'direct', settings });
    damaging.target = network.url('proxy-cloud');
    await network.startAll();
    await Promise.all(AUDITORS.map(async (name) => network.start(name)));
    await network.ready(...AUDITORS);
    const clients = await network.clients();
    exchanges = new Exchanges(clients, await setScene(clients, KILLED.length));
  });
  after(async () => {
    await network?.close();
    await damaging.close();
  });

  const killAndRestart = async (names: readonly ServiceName[]): Promise<void> => {
    await network.kill(...names);
    await Promise.all(names.map(async (name) => network.start(name)));
  };

  for (const killed of KILLED) {
    it(`are ruled on, and the patient is paid: ${killed.map((names, index) => `${names.join(' and ')} when ${PHASES[index]}`).join(', ')}`, async () => {
      const exchange = await exchanges.begin();
      for (const [index, phase] of PHASES.entries()) {
        await exchange.reached(phase);
        await killAndRestart(killed[index] ?? []);
      }
      const { phase, phases, paid, code } = await exchange.ended();
      assert.deepEqual([phase, 'disputed' in phases, code], ['settled', true, null]);
      assert.ok(paid !== null && paid > 0 && paid <= REWARD, String(paid));
      await network.ready(...killed.flat());
    });
  }

  it('are on one ledger, each opened, ruled and paid once', async () => {
    const accepted = (await assertLedgerHolds(network)).entries.filter(({ receipt }) => receipt.ok);
    for (const type of ['submit-claim', 'record-delivery', 'open-dispute'] as const) assert.equal(ofType(accepted, type).length, KILLED.length, type);
    assert.equal(ofType(accepted, 'confirm-delivery').length, 0);
    const rulings = accepted.flatMap(({ receipt }) => receipt.events).filter(({ type }) => type === 'ruled');
    assert.equal(rulings.length, KILLED.length);
  });
});
