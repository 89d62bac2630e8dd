/**
 * Disputes on the real system: the institution refuses what it was given, the auditors' agents look, more than half of them decide, the
 * ledger pays. The institution's agent is set to take no body of a size that bodies have, so it accuses honest patients.
 */
import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { DisputeOutcome } from '@medveil/agreements';
import { ApiError, type auditorApi, type patientApi, type researchApi } from '@medveil/client';
import { EXAMPLE_STUDIES } from '@medveil/fhir';
import { syntheticBundles } from './demo/bundles.js';
import { until } from './demo/clients.js';
import { enrolInstitutions, importPatients, matchAll, type OpenRequirement, type Participant, releaseRequirements } from './demo/scenario.js';
import { replicasAgree } from './demo/verify.js';
import { only } from './testing/chain.js';
import { startWorld, type World } from './testing/world.js';

const DAY_MS = 86_400_000;
const WAIT_MS = 120_000;
const REWARD = 150;
const BOND = 100;
const study = only(EXAMPLE_STUDIES.filter(({ id }) => id === 'diabetes-hba1c'));

/** One auditor votes as it finds, the others on a human's word. */
const auditor = (id: string) => ({ rulesAutomatically: id === 'auditor-0', retryMs: 100 });

let skewMs = 0;
let world: World;
let institution: researchApi.Institution;
let diabetic: Participant;
let offers: OpenRequirement[];

before(async () => {
  const parameters = { disputeBond: BOND, feeBasisPoints: 0 };
  world = await startWorld({ clock: () => Date.now() + skewMs, research: { maxBodyBytes: 4_096 }, parameters, auditor });
  const { clients, out } = world;
  const institutions = await enrolInstitutions(clients, out);
  [institution] = institutions as [researchApi.Institution];
  const participants = await importPatients(clients, syntheticBundles(2, Date.now()), out);
  [, diabetic] = participants as [Participant, Participant];
  const offer = { study, purpose: 'a test', institution: 0, kind: 'non-exclusive' } as const;
  offers = await releaseRequirements(clients, institutions, [{ ...offer, reward: REWARD }, { ...offer, reward: REWARD + 1 }], { quantity: 1, lifetimeMs: 60 * DAY_MS }, out);
  await matchAll(clients, participants, offers);
});

after(() => world.end());

const soon = <T>(what: string, ask: () => Promise<T>, wanted: (answer: T) => boolean) => until(what, ask, wanted, WAIT_MS);
const begin = (offer: number): Promise<patientApi.Exchange> =>
  world.clients.patient.startExchange(diabetic.patientId, { requirementId: (offers[offer] as OpenRequirement).requirementId, recordId: diabetic.recordId });
const inPhase = (exchangeId: string, ...phases: patientApi.ExchangePhase[]) =>
  soon(`an exchange ${phases.join(' or ')}`, () => world.clients.patient.exchange(exchangeId), ({ phase }) => phases.includes(phase));
const balance = async (): Promise<number> => (await world.clients.contract.account(institution.account)).balance;
const patientBalance = async (claimId: string): Promise<number> => {
  const { contract } = world.clients;
  return (await contract.account((await contract.claim(claimId)).patient)).balance;
};
const statusOf = async (claimId: string): Promise<string> => (await world.clients.contract.claim(claimId)).status;

/** What an auditor shows once it is as wanted; before it has followed so far, it knows of no dispute. */
async function dispute(number: number, claimId: string, wanted: (dispute: auditorApi.Dispute) => boolean): Promise<auditorApi.Dispute> {
  const ask = async () => world.clients.auditors[number]?.dispute(claimId).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  });
  return (await soon(`auditor ${number}`, ask, (found) => found !== undefined && wanted(found))) as auditorApi.Dispute;
}

const found = (number: number, claimId: string) => dispute(number, claimId, ({ finding }) => finding !== null);
const approve = (number: number, claimId: string, outcome: DisputeOutcome) => world.clients.auditors[number]?.approve(claimId, outcome);

async function assertConsistent(): Promise<void> {
  const { agree, conserved } = await replicasAgree(world.clients);
  assert.ok(agree && conserved);
}

describe('a dispute', () => {
  it('over an honest delivery: the institution loses its bond, the patient is paid, and a minority decides nothing', async () => {
    const { exchangeId } = await begin(0);
    const { claimId } = await inPhase(exchangeId, 'disputed', 'settled', 'failed');
    assert.ok(claimId !== null);
    assert.equal(await balance(), 100_000 - (2 * REWARD + 1) - BOND);
    for (const number of [0, 1, 2]) {
      const { finding } = await found(number, claimId);
      assert.deepEqual([finding?.outcome, finding?.reason], ['institution-at-fault', 'delivery/nothing-wrong']);
      assert.ok(finding?.checks.every(({ ok }) => ok));
    }
    await dispute(0, claimId, ({ status }) => status === 'voted');
    assert.equal(await statusOf(claimId), 'disputed');
    await assert.rejects(async () => approve(1, claimId, 'patient-at-fault'), (error) => error instanceof ApiError && error.code === 'auditor/found-otherwise');
    await approve(1, claimId, 'institution-at-fault');
    const settled = await inPhase(exchangeId, 'settled', 'refunded');
    assert.deepEqual([settled.phase, settled.paid], ['settled', REWARD]);
    assert.equal(await patientBalance(claimId), REWARD + BOND);
    const ended = await dispute(2, claimId, ({ status }) => status === 'ended');
    assert.equal(ended.ruled, 'institution-at-fault');
    await assert.rejects(world.clients.contract.evidence(claimId), (error) => error instanceof ApiError);
    await assertConsistent();
  });

  it('over a body that is not to be had: looked for with patience, then refunded', async () => {
    const { exchangeId } = await begin(1);
    await inPhase(exchangeId, 'registered', 'proved', 'claimed');
    const unpaid = await balance();
    const folder = join(world.folder, 'objects', 'proxy-cloud', 'bodies');
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
    const { claimId } = await inPhase(exchangeId, 'disputed', 'settled', 'failed');
    assert.ok(claimId !== null);
    for (const number of [0, 1]) await dispute(number, claimId, ({ code }) => code === 'auditor/waits-for-body');
    skewMs += 8 * DAY_MS;
    for (const number of [0, 1]) assert.equal((await found(number, claimId)).finding?.outcome, 'body-unavailable');
    await approve(1, claimId, 'body-unavailable');
    assert.equal((await inPhase(exchangeId, 'settled', 'refunded')).phase, 'refunded');
    assert.equal(await balance(), unpaid, 'the hold went back into the escrow, the bond to the institution');
    assert.equal(await patientBalance(claimId), 0);
    await assertConsistent();
  });
});
