/**
 * The auditors on the real system. Disputes: the institution refuses what it was given, the auditors' agents look, more than half of them decide, the
 * ledger pays. Whatever stands between the institution's agent and the proxy damages bodies, so it accuses honest patients. Openings: of the
 * pseudonyms that were used for it.
 */
import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { DisputeOutcome } from '@medveil/agreements';
import { ApiError, type auditorApi, type AuditorClient, type patientApi, type researchApi } from '@medveil/client';
import { fromBase64Url, type Id, toBase64Url, utf8 } from '@medveil/encoding';
import { EXAMPLE_STUDIES } from '@medveil/fhir';
import { syntheticBundles } from './demo/bundles.js';
import { until } from './demo/clients.js';
import { enrolInstitutions, importPatients, matchAll, type OpenRequirement, type Participant, releaseRequirements } from './demo/scenario.js';
import { replicasAgree } from './demo/verify.js';
import { ofType, only, readChain } from './testing/chain.js';
import { type DamagingRelay, damagingRelay } from './testing/damaging-relay.js';
import { flipped } from './testing/delivery.js';
import { codeOf } from './testing/refusals.js';
import { startWorld, type World } from './testing/world.js';

const DAY_MS = 86_400_000;
/** Long enough for a slow machine. */
const WAIT_MS = 300_000;
const REWARD = 150;
const BOND = 100;
const study = only(EXAMPLE_STUDIES.filter(({ id }) => id === 'diabetes-hba1c'));

/** One auditor votes as it finds, the others on a human's word. */
const auditor = (id: string) => ({ rulesAutomatically: id === 'auditor-0', retryMs: 100 });

let skewMs = 0;
let damaging: DamagingRelay;
let world: World;
let institution: researchApi.Institution;
let diabetic: Participant;
let offers: OpenRequirement[];

before(async () => {
  const parameters = { disputeBond: BOND, feeBasisPoints: 0 };
  damaging = await damagingRelay();
  world = await startWorld({ clock: () => Date.now() + skewMs, research: { proxyUrl: damaging.url, bodyAttempts: 3, bodyRetryMs: 50 }, parameters, auditor });
  damaging.target = world.system.urls['proxy-cloud'];
  const { clients, out } = world;
  const institutions = await enrolInstitutions(clients, out);
  [institution] = institutions as [researchApi.Institution];
  const participants = await importPatients(clients, syntheticBundles(2, Date.now()), out);
  [, diabetic] = participants as [Participant, Participant];
  const offer = { study, purpose: 'a test', institution: 0, kind: 'non-exclusive' } as const;
  offers = await releaseRequirements(clients, institutions, [{ ...offer, reward: REWARD }, { ...offer, reward: REWARD + 1 }], { quantity: 1, lifetimeMs: 60 * DAY_MS }, out);
  await matchAll(clients, participants, offers);
});

after(async () => {
  await world.end();
  await damaging.close();
});

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

const auditorOf = (number: number) => world.clients.auditors[number] as AuditorClient;

/** What an auditor shows once it is as wanted; before it has followed so far, it knows of no dispute. */
async function dispute(number: number, claimId: string, wanted: (dispute: auditorApi.Dispute) => boolean): Promise<auditorApi.Dispute> {
  const ask = async () => auditorOf(number).dispute(claimId).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  });
  return (await soon(`auditor ${number}`, ask, (found) => found !== undefined && wanted(found))) as auditorApi.Dispute;
}

const found = (number: number, claimId: string) => dispute(number, claimId, ({ finding }) => finding !== null);
const approve = (number: number, claimId: string, outcome: DisputeOutcome) => auditorOf(number).approve(claimId, outcome);

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

/** Once the holder has seen what was ordered. */
const shareOf = async (holder: 'auditor' | 'replica', number: number, { openingId, certificate }: auditorApi.Opening): Promise<string> => {
  const give = () => (holder === 'auditor' ? auditorOf(number).openingShare(openingId) : world.clients.nodes[number]!.openingShare(openingId, certificate ?? ''));
  const answer = await soon(`the share of ${holder} ${number}`, () => give().catch((error: unknown) => {
    if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return undefined;
    throw error;
  }), (given) => given !== undefined);
  return answer?.sealed ?? '';
};

const sharesOf = (opening: auditorApi.Opening, auditors: readonly number[], replicas: readonly number[]): Promise<string[]> =>
  Promise.all([...auditors.map((number) => shareOf('auditor', number, opening)), ...replicas.map((number) => shareOf('replica', number, opening))]);

describe('an opening of a pseudonym', () => {
  const EVIDENCE = '11'.repeat(32);
  let claims: { readonly account: Id<'acc'>; readonly claimId: Id<'clm'> }[];
  let opened: auditorApi.Opening;
  let identity: string;

  before(async () => {
    const { entries } = await readChain(world.clients.contract);
    claims = ofType(entries, 'submit-claim').filter(({ receipt }) => receipt.ok).map(({ sender, receipt }) => ({
      account: sender, claimId: receipt.events.find(({ type }) => type === 'claim-accepted')?.data['claimId'] as Id<'clm'>,
    }));
    assert.equal(new Set(claims.map(({ account }) => account)).size, 2);
  });

  const ask = (claim: number): Promise<auditorApi.Opening> => auditorOf(0).requestOpening({ ...claims[claim]!, reason: 'licence-breach', evidenceHash: EVIDENCE });

  it('is ordered first: without it, and before the auditors approve, nobody gives a share', async () => {
    const asked = await ask(0);
    assert.deepEqual([asked.account, asked.approvals.length, asked.approvedAtMs], [claims[0]?.account, 1, null]);
    const never = `opn_${'0'.repeat(64)}` as const;
    assert.equal(await codeOf(auditorOf(1).openingShare(never)), 'auditor/unknown-opening');
    assert.equal(await codeOf(world.clients.nodes[0]!.openingShare(never, asked.certificate ?? '')), 'consensus-node/unknown-opening');
    for (const number of [0, 1, 2]) assert.equal(await codeOf(auditorOf(number).openingShare(asked.openingId)), 'agreements/opening-not-approved');
    const refused = () => codeOf(world.clients.nodes[0]!.openingShare(asked.openingId, asked.certificate ?? ''));
    await soon('the replica', refused, (code) => code === 'agreements/opening-not-approved');
    assert.equal(await codeOf(auditorOf(0).identity(asked.openingId, [])), 'agreements/opening-not-approved');
    opened = await auditorOf(1).approveOpening(asked.openingId);
    assert.ok(opened.approvedAtMs !== null);
  });

  it('takes t auditors and f + 1 replicas: no smaller group can', async () => {
    const { openingId } = opened;
    for (const [auditors, replicas] of [[[1], [0, 1, 2, 3]], [[0, 1, 2], [2]], [[], [0, 1, 2, 3]], [[0, 1, 2], []]] as const) {
      assert.equal(await codeOf(auditorOf(0).identity(openingId, await sharesOf(opened, auditors, replicas))), 'identity/too-few-shares');
    }
    const enough = await sharesOf(opened, [1, 2], [0, 3]);
    ({ enrolmentId: identity } = await auditorOf(0).identity(openingId, enough));
    assert.equal(identity, diabetic.patientId);
    const [first = '', ...rest] = enough;
    const bent = toBase64Url(flipped(fromBase64Url(first), -1));
    assert.equal(await codeOf(auditorOf(0).identity(openingId, [bent, ...rest])), 'identity/too-few-shares');
    assert.equal((await auditorOf(0).identity(openingId, [bent, toBase64Url(utf8('no share')), ...enough])).enrolmentId, identity, 'a false share spoils nothing');
  });

  it('is for the auditor who asked, and for that pseudonym alone', async () => {
    const { openingId } = opened;
    const enough = await sharesOf(opened, [1, 2], [0, 3]);
    assert.equal(await codeOf(auditorOf(1).identity(openingId, enough)), 'auditor/not-the-requester');
    const second = await ask(1);
    await auditorOf(2).approveOpening(second.openingId);
    assert.equal(await codeOf(auditorOf(0).identity(second.openingId, enough)), 'identity/too-few-shares');
    assert.equal(await codeOf(world.clients.nodes[0]!.openingShare(openingId, second.certificate ?? '')), 'agreements/not-this-pseudonym');
    const { enrolmentId } = await auditorOf(0).identity(second.openingId, await sharesOf(second, [0, 1], [1, 2]));
    assert.equal(enrolmentId, identity, 'two pseudonyms of one patient');
  });

  it('is on the record for everybody, and the identity is not', async () => {
    const { entries, blocks } = await readChain(world.clients.contract);
    const asked = ofType(entries, 'request-opening').map(({ transaction: { body } }) => [body.account, body.reason]);
    assert.deepEqual(asked, claims.map(({ account }) => [account, 'licence-breach']));
    assert.equal(ofType(entries, 'approve-opening').length, 2);
    assert.ok(blocks.every(({ block }) => block.transactions.every((bytes) => !Buffer.from(bytes).includes(identity))));
  });
});
