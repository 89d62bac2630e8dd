/** The whole exchange across nine processes on real servers: Kafka with TLS, passwords and access rights, PostgreSQL, S3, Redis. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Id } from '@medveil/encoding';
import { exchange } from '../demo/scenario.js';
import { verifyDelivery } from '../demo/verify.js';
import { ofType, only } from '../testing/chain.js';
import { REPLICAS, SERVICES } from './names.js';
import { type NetworkOptions, ProcessNetwork } from './process-network.js';
import { assertLedgerHolds, quiet, setScene } from './study.js';

/** Registers the specs of one variant: both are run in files of their own, at the same time. */
export function describeExchange(title: string, consensus: NetworkOptions['consensus']): void {
  describe(title, () => {
    let network: ProcessNetwork;
    before(async () => {
      network = await ProcessNetwork.open({ consensus });
      await network.startAll();
    });
    after(() => network?.close());

    it('exchange a record: from a FHIR bundle to a settled claim that the institution has checked', async () => {
      const clients = await network.clients();
      const { requirement, participants } = await setScene(clients, 1);
      const participant = only(participants);
      const ended = await exchange(clients, participant, requirement.requirementId, false, () => undefined);
      assert.deepEqual([ended.phase, ended.code], ['settled', null]);
      assert.ok(await verifyDelivery(clients, { participant, requirement, exchange: ended }, quiet));
      assert.equal((await clients.patient.earnings(participant.patientId)).credits, ended.paid);
      assert.equal((await clients.contract.claim(ended.claimId as Id<'clm'>)).status, 'settled');
      const accepted = (await assertLedgerHolds(network)).entries.filter(({ receipt }) => receipt.ok);
      for (const type of ['register-record', 'submit-claim', 'record-delivery', 'confirm-delivery'] as const) only(ofType(accepted, type));
    });

    it('end when they are asked to, with nothing wrong', async () => {
      const names = [...SERVICES, ...REPLICAS];
      assert.deepEqual(await network.stop(...names), Object.fromEntries(names.map((name) => [name, 0])));
    });
  });
}
