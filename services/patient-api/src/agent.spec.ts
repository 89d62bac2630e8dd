import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { EventData, EventType } from '@medveil/agreements';
import { delay, HttpClient, type patientApi, PatientApiClient, TrailReader } from '@medveil/client';
import { openTestEngine } from '@medveil/database/testing';
import { encodePolicy } from '@medveil/eligibility';
import { fromBase64Url, type Id, toBase64Url, toHex, utf8 } from '@medveil/encoding';
import { derivePatientKeys, openView, passphraseWrapping } from '@medveil/identity';
import { decodeReceiptProof, LightClient } from '@medveil/ledger';
import type { RunningService } from '@medveil/service-kit';
import { SCOPES } from './scopes.js';
import { bundleOf, FAMILY_NAME } from './testing/bundles.js';
import type { Study } from './testing/test-institution.js';
import { TestWorld } from './testing/test-world.js';

const code = (expected: string) => (error: unknown) => error instanceof Error && 'code' in error && error.code === expected;
const HOUR_MS = 3_600_000;
const PASSPHRASE = 'correct horse battery staple';

/** All pages of a trail. */
const trailOf = async (from: PatientApiClient, patientId: Id<'pat'>): Promise<patientApi.TrailEntry[]> => {
  const entries: patientApi.TrailEntry[] = [];
  for (let cursor: string | undefined; ;) {
    const { items, nextCursor } = await from.trail(patientId, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    entries.push(...items);
    if (nextCursor === null) return entries;
    cursor = nextCursor;
  }
};

const retries = ({ nextStep }: { readonly nextStep: string | null }): boolean => nextStep?.includes('trying again') === true;

const lines = (...bundles: Uint8Array[]): string => bundles.map((bytes) => new TextDecoder().decode(bytes)).join('\n');

describe('the agent of patients and their hospital', () => {
  let world: TestWorld;
  let service: RunningService;
  let agent: PatientApiClient;
  let study: Study;
  /** whose exchange was settled */
  let settledPatient: Id<'pat'>;

  const clientWith = async (...scopes: string[]): Promise<PatientApiClient> => {
    const token = await world.operatorToken(scopes);
    return new PatientApiClient(new HttpClient({ baseUrl: service.url, token: () => token, retries: 0 }));
  };
  const start = async (hospitalToken?: string): Promise<void> => {
    service = await world.startAgent(world.settings(hospitalToken));
    agent = await clientWith(...Object.values(SCOPES));
  };
  const ready = async (): Promise<void> => {
    while (!(await fetch(`${service.url}/health/ready`)).ok) await delay(50);
  };
  const restart = async (meanwhile: () => Promise<void> = async () => undefined): Promise<void> => {
    await service.close();
    await meanwhile();
    await start();
    await ready();
  };
  const happened = <Type extends EventType>(type: Type) => world.ledger.events.flatMap((event) => (event.type === type ? [event.data as EventData<Type>] : []));
  const patientWith = async (hba1cPercent: number): Promise<{ patientId: Id<'pat'>; recordId: Id<'rec'> }> => {
    const { patientId } = await agent.createPatient('bed 7');
    const { recordId } = await agent.importRecord(patientId, bundleOf(hba1cPercent));
    return { patientId, recordId };
  };
  const until = async (id: string, ...phases: patientApi.ExchangePhase[]): Promise<patientApi.Exchange> => {
    for (;;) {
      const exchange = await agent.exchange(id, 5_000);
      if (phases.includes(exchange.phase)) return exchange;
      assert.ok(!['failed', 'rejected', 'lapsed'].includes(exchange.phase), `${exchange.phase}: ${exchange.code}: ${exchange.reason}`);
    }
  };
  const matchOf = async (patientId: Id<'pat'>, requirementId: string): Promise<patientApi.Match> => {
    for (;;) {
      const found = (await agent.matches(patientId)).items.find((match) => match.requirementId === requirementId);
      if (found !== undefined) return found;
      await delay(50);
    }
  };

  before(async () => {
    world = await TestWorld.open();
    await start(world.pkg.token('hospital-0'));
    await ready();
    study = await world.institution.release(world.prover, world.circuit, 'exclusive', false);
  });
  after(async () => {
    await service.close();
    await world.close();
  });

  it('is closed to callers without a token, and to those whose token is for less', async () => {
    await assert.rejects(new PatientApiClient(new HttpClient({ baseUrl: service.url, retries: 0 })).patients(), code('http/unauthenticated'));
    const reader = await clientWith(SCOPES.read);
    await assert.rejects(reader.createPatient('nobody'), code('http/forbidden'));
    assert.deepEqual((await reader.patients()).items, []);
  });

  it('enrols a patient once for an idempotency key, with pseudonyms in stock', async () => {
    const first = await agent.createPatient('bed 1', 'key-1');
    const again = await agent.createPatient('bed 1', 'key-1');
    assert.equal(again.patientId, first.patientId);
    assert.equal(first.label, 'bed 1');
    assert.ok(first.unusedPseudonyms >= 3);
    await assert.rejects(agent.matches('pat_00000000000000000000000000000000'), code('patient-api/unknown-patient'));
  });

  it('says what became of a bundle, and registers nothing of one that it refuses', async () => {
    const { patientId } = await agent.createPatient('bed 2');
    const report = await agent.importRecord(patientId, bundleOf(8.1));
    assert.equal(report.ruleSet, 'limited-data-set');
    assert.deepEqual(report.notUnderstood.map(({ code: name, reason }) => [name, reason]), [['2345-7', 'no-value']]);
    assert.ok(report.removed.some(({ path }) => path === 'Patient.name'));
    assert.equal(report.parts.find(({ part }) => part === 'laboratory')?.observations, 2);
    assert.deepEqual(report.anonymity, { k: 5, alike: 1, warning: true });
    const { patientId: twin } = await agent.createPatient('bed 2, twin');
    assert.equal((await agent.importRecord(twin, bundleOf(5))).anonymity.alike, 2);
    assert.deepEqual(await agent.anonymity(2), { k: 2, people: 2, groups: 1, smallestGroup: 2, peopleBelow: 0, warning: false });
    assert.equal((await agent.anonymity(3)).warning, true);

    const refused = async (body: string, expected: string) => assert.rejects(agent.importRecord(patientId, new TextEncoder().encode(body)), code(expected));
    await refused('{"resourceType":"Bundle","type":"coll', 'fhir/truncated');
    await refused('{"resourceType":"Patient"}', 'fhir/not-a-bundle');
    await refused('{"resourceType":"Bundle","type":"collection","entry":[]}', 'fhir/no-patient');
    await assert.rejects(agent.importRecord('pat_00000000000000000000000000000000', bundleOf(8)), code('patient-api/unknown-patient'));
  });

  it('refuses a bundle that is too large, by its announced size and while it streams', async () => {
    const { patientId } = await agent.createPatient('bed 3');
    await service.close();
    const ruleSetFile = join(world.folder, 'rule-set.json');
    await writeFile(ruleSetFile, JSON.stringify({ name: 'ward-7', base: 'safe-harbor', resources: { Patient: { gender: 'keep' } } }));
    await assert.rejects(world.startAgent(world.settings(undefined, { ruleSetFile })), /rule-set\.json: resources\.Patient\.gender: "keep" is no rule; allowed: concept/);
    service = await world.startAgent(world.settings(undefined, { maxBundleBytes: 1_024 * 1_024 }));
    agent = await clientWith(...Object.values(SCOPES));
    const token = await world.operatorToken([SCOPES.write]);
    const post = (body: Uint8Array<ArrayBuffer> | ReadableStream, extra: object = {}) => fetch(`${service.url}/v1/patients/${patientId}/records`, {
      method: 'POST', body, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' }, ...extra,
    });
    const megabyte = new Uint8Array(1_024 * 1_024).fill(0x20);
    async function* unannounced() {
      for (let i = 0; i < 4; i += 1) yield megabyte;
    }
    for (const response of [await post(new Uint8Array(3 * megabyte.length).fill(0x20)), await post(ReadableStream.from(unannounced()), { duplex: 'half' })]) {
      assert.equal(response.status, 413);
      assert.equal(((await response.json()) as { code: string }).code, 'fhir/too-large');
    }
    await ready();
  });

  it('believes no policy that does not hash to what the institution signed', async () => {
    const { patientId, recordId } = await patientWith(8.1);
    const another = encodePolicy({ ...study.policy, leastDay: 0 });
    world.institution.policies.set(study.requirementId, toBase64Url(another));
    const attempt = async () => agent.startExchange(patientId, { requirementId: study.requirementId, recordId });
    await assert.rejects(attempt(), code('patient-api/policy-not-held'));
    assert.deepEqual((await agent.matches(patientId)).items, []);
    world.institution.policies.set(study.requirementId, toBase64Url(encodePolicy(study.policy)));
    assert.equal((await matchOf(patientId, study.requirementId)).matches, true);
  });

  it('takes patients in bulk, reports line by line, and goes on where it broke off', async () => {
    const token = await world.operatorToken([SCOPES.write]);
    const send = async (body: string, type = 'application/fhir+ndjson'): Promise<{ status: number; reports: patientApi.BulkLine[] }> => {
      const response = await fetch(`${service.url}/v1/imports`, { method: 'POST', body, headers: { authorization: `Bearer ${token}`, 'content-type': type } });
      const text = await response.text();
      return { status: response.status, reports: response.ok ? text.trim().split('\n').map((line) => JSON.parse(line) as patientApi.BulkLine) : [] };
    };
    const [one, two, three] = [bundleOf(6.9), bundleOf(7.1), bundleOf(5.1)];
    const first = (await send(lines(one, utf8('{"resourceType":"Patient"}'), two))).reports;
    assert.deepEqual(first.map(({ line, status, code: said }) => [line, status, said]), [[1, 'imported', null], [2, 'refused', 'fhir/not-a-bundle'], [3, 'imported', null]]);
    const again = (await send(`${lines(one, two)}\n\n${lines(three)}\n`)).reports;
    assert.deepEqual(again.map(({ line, status }) => [line, status]), [[1, 'known'], [2, 'known'], [4, 'imported']]);
    assert.equal(again[1]?.patientId, first[2]?.patientId);
    const tooLong = (await send(`${lines(three)}\n${' '.repeat(1_024 * 1_024 + 1)}\n${lines(one)}`)).reports;
    assert.deepEqual(tooLong.map(({ status, code: said }) => [status, said]), [['known', null], ['stopped', 'patient-api/line-too-long']]);
    assert.equal((await send('{}', 'application/json')).status, 415);

    const { records, matchingPatients, patients } = await agent.screening(study.requirementId);
    assert.ok(records >= 5);
    assert.equal(matchingPatients, patients.length);
    const expected = again.map(({ patientId }) => patients.includes(patientId ?? 'pat_'));
    assert.deepEqual(expected, [true, true, false]);
    const match = async (patientId: Id<'pat'> | null | undefined) => (await agent.matches(patientId ?? 'pat_')).items.some(({ matches }) => matches);
    assert.deepEqual([await match(again[0]?.patientId), await match(again[2]?.patientId)], [true, false]);
  });

  it('lets nothing out for a record that does not match, and says why', async () => {
    const { patientId, recordId } = await patientWith(5.6);
    const { items } = await agent.matches(patientId);
    assert.deepEqual(items.map((match) => match.recordId), [recordId]);
    const match = await matchOf(patientId, study.requirementId);
    assert.equal(match.matches, false);
    assert.deepEqual(match.clauses.map(({ matched }) => matched), [false, true]);
    assert.match(match.clauses[0]?.clause ?? '', /^latest .*4548-4.* at least 6\.5 %/);
    const before_ = world.servers.contract.seen.filter((line) => line.startsWith('POST')).length + world.servers.proxy.seen.length;
    await assert.rejects(agent.startExchange(patientId, { requirementId: study.requirementId, recordId }), code('patient-api/does-not-match'));
    assert.equal(world.servers.contract.seen.filter((line) => line.startsWith('POST')).length + world.servers.proxy.seen.length, before_);
    assert.deepEqual((await agent.exchanges()).items, []);
    await assert.rejects(agent.importRecord(patientId, new TextEncoder().encode('{}')), code('fhir/not-a-bundle'));
    assert.equal((await agent.matches(patientId)).items.length, 1);
  });

  it('brings nothing anywhere that is larger than the institution takes', async () => {
    const { requirementId } = await world.institution.release(world.prover, world.circuit, 'non-exclusive', true, { maxBodyBytes: 100 });
    const { patientId, recordId } = await patientWith(7.9);
    await matchOf(patientId, requirementId);
    const before_ = world.servers.proxy.seen.length;
    const { exchangeId } = await agent.startExchange(patientId, { requirementId, recordId });
    let exchange = await agent.exchange(exchangeId);
    while (exchange.phase === 'prepared') exchange = await agent.exchange(exchangeId, 5_000);
    assert.deepEqual([exchange.phase, exchange.code], ['failed', 'patient-api/part-too-large']);
    assert.ok(world.servers.proxy.seen.slice(before_).every((line) => !line.startsWith('PUT')));
  });

  it('carries an exchange from consent to payment, and hands over what was proved and no more', async () => {
    const { patientId, recordId } = await patientWith(8.1);
    const match = await matchOf(patientId, study.requirementId);
    assert.deepEqual([match.matches, match.reward, match.parts, match.conflicts], [true, 100, ['laboratory'], []]);
    const { exchangeId } = await agent.startExchange(patientId, { requirementId: study.requirementId, recordId });
    const delivered = await until(exchangeId, 'delivered', 'settled');
    const claimId = delivered.claimId;
    assert.ok(claimId !== null);
    const { verdict, text, parts } = await world.institution.read(study, claimId);
    assert.deepEqual(verdict, { ok: true, groupsShown: [0] });
    assert.deepEqual(parts, ['laboratory']);
    assert.deepEqual(world.proxy.granted.get(claimId), ['laboratory']);
    assert.ok(text.includes('4548-4') && !text.includes(FAMILY_NAME) && !text.includes('1970'));
    await agent.revokeExchange(exchangeId, 'once-settled');
    await world.ledger.execute(world.keys.institution, { type: 'confirm-delivery', claimId });
    const settled = await until(exchangeId, 'settled');
    assert.deepEqual([settled.paid, settled.reason, settled.nextStep], [98, 'confirmed by the institution', null]);
    assert.deepEqual(Object.keys(settled.phases).toSorted(), ['claimed', 'delivered', 'granted', 'prepared', 'proved', 'registered', 'settled', 'uploaded'].toSorted());
    assert.equal((await agent.earnings(patientId)).credits, 98);
    settledPatient = patientId;
    while ((await agent.exchange(exchangeId, 1_000)).revokedAtMs === null) await delay(20);
    assert.equal((await agent.exchange(exchangeId)).phase, 'settled');

    // Everything about the claim came from one account, which nobody can tell from the agent's other callers' names.
    const sent = new Set(world.servers.contract.seen.filter((line) => line.startsWith('POST')).map((line) => line.split(' ')[2]));
    assert.equal(sent.size, 1);
    assert.ok(world.servers.contract.seen.every((line) => !line.includes('/v1/state') || !line.includes([...sent][0] ?? '-')));

    // A second claim of the same person is known beforehand; only if they insist, the ledger is asked.
    await assert.rejects(agent.startExchange(patientId, { requirementId: study.requirementId, recordId }), code('patient-api/conflict'));
    assert.deepEqual((await matchOf(patientId, study.requirementId)).conflicts.map((conflict) => conflict.code), ['agreements/nullifier-spent']);
  });

  it('makes vouchers of what was paid and pays them out under a pseudonym of their own, stopped between any two steps', async () => {
    const funds = async (wanted: (funds: patientApi.Funds, purse: patientApi.Funds['purses'][number]) => boolean): Promise<patientApi.Funds> => {
      for (;;) {
        const found = await agent.funds(settledPatient);
        const [purse] = found.purses;
        if (purse !== undefined && wanted(found, purse)) return found;
        await delay(20);
      }
    };
    const pay = (amount: number | undefined, reference: string) => agent.startPayout(settledPatient, { reference, ...(amount === undefined ? {} : { amount }) });
    const first = '11'.repeat(32);

    await funds((_, { state, balance }) => state === 'waiting' && balance === 98);
    await assert.rejects(pay(10, first), code('patient-api/amount-not-payable'));

    // The request is written down and does not get away.
    world.frontLoses = { type: 'request-vouchers', when: 'before' };
    world.advance(6 * HOUR_MS);
    await funds((_, purse) => purse.state === 'asked' && retries(purse));
    await restart(async () => void (world.frontLoses = { type: 'request-vouchers', when: 'after' }));
    // The treasury does not answer: the credits come back, and are asked for again.
    await funds((_, { state, balance }) => state === 'asked' && balance === 8);
    world.frontLoses = null;
    await restart(async () => {
      world.advance(25 * HOUR_MS);
      await world.ledger.submit(null);
    });
    await funds((_, { state, balance }) => state === 'waiting' && balance === 98);
    world.advance(6 * HOUR_MS);
    // It is the ledger's before the treasury looks: what is only written down here, it could not answer.
    await funds((_, { state, balance }) => state === 'asked' && balance === 8);
    await restart(() => world.treasury.answer());
    const made = await funds(({ available }) => available === 90);
    assert.deepEqual(made.vouchers, [{ denomination: 10, asked: 0, available: 9, reserved: 0, spent: 0 }]);
    assert.deepEqual(made.purses.map(({ state, balance, nextStep }) => [state, balance, nextStep]), [['done', 8, null]]);
    assert.equal(happened('vouchers-requested').length, 2);

    await assert.rejects(pay(45, first), code('patient-api/amount-not-payable'));
    const { payoutId, account, status } = await pay(40, first);
    assert.deepEqual([status, account], ['waiting', null]);
    assert.equal((await pay(undefined, first)).payoutId, payoutId);
    await assert.rejects(pay(50, first), code('patient-api/payout-conflict'));
    assert.deepEqual((await agent.funds(settledPatient)).vouchers.map(({ available, reserved }) => [available, reserved]), [[5, 4]]);
    // It is spent, and nobody says so; then the redemption does not get away.
    world.frontLoses = { type: 'spend-vouchers', when: 'after' };
    world.advance(6 * HOUR_MS);
    while (happened('vouchers-spent').length === 0) await delay(20);
    await restart(async () => void (world.frontLoses = { type: 'redeem', when: 'before' }));
    while (!retries(await agent.payout(payoutId))) await delay(20);
    await restart(async () => void (world.frontLoses = null));
    let paid = await agent.payout(payoutId);
    for (; paid.status !== 'redeemed'; paid = await agent.payout(payoutId)) await delay(20);

    const [spent, ...spentAgain] = happened('vouchers-spent');
    const [redeemed, ...redeemedAgain] = happened('credits-redeemed');
    assert.deepEqual([spentAgain, redeemedAgain], [[], []]);
    assert.deepEqual([spent?.account, spent?.amount, redeemed?.account, redeemed?.amount, toHex(redeemed?.reference ?? new Uint8Array())], [paid.account, 40, paid.account, 40, first]);
    assert.ok(happened('settled').every(({ patient }) => patient !== paid.account));
    assert.deepEqual((await agent.payouts(settledPatient)).items, [paid]);
    assert.deepEqual((await agent.funds(settledPatient)).vouchers, [{ denomination: 10, asked: 0, available: 5, reserved: 0, spent: 4 }]);
  });

  it('goes on with a claim that the ledger accepted, whatever the front said of it', async () => {
    world.frontDeniesClaims = true;
    const { patientId, recordId } = await patientWith(8.8);
    await matchOf(patientId, study.requirementId);
    const { exchangeId } = await agent.startExchange(patientId, { requirementId: study.requirementId, recordId });
    let exchange = await agent.exchange(exchangeId);
    while (!['delivered', 'settled'].includes(exchange.phase)) exchange = await agent.exchange(exchangeId, 5_000);
    world.frontDeniesClaims = false;
    assert.equal(exchange.code, null);
    assert.equal((await world.institution.read(study, exchange.claimId ?? 'clm_')).verdict.ok, true);
  });

  it('goes on after a restart, delivers itself where the proxy stalls, and withdraws a grant', async () => {
    world.proxy.stalls = true;
    const { patientId, recordId } = await patientWith(9.4);
    await matchOf(patientId, study.requirementId);
    const { exchangeId } = await agent.startExchange(patientId, { requirementId: study.requirementId, recordId });
    await until(exchangeId, 'uploaded', 'registered', 'proved', 'claimed', 'granted');
    await service.close();
    await start();
    await ready();
    const granted = await until(exchangeId, 'granted');
    await assert.rejects(agent.revokeExchange(exchangeId, 'once-settled'), code('patient-api/not-revocable'));
    world.advance(71 * HOUR_MS);
    agent = await clientWith(...Object.values(SCOPES));
    const { claimId } = await until(exchangeId, 'delivered');
    assert.equal(claimId, granted.claimId);
    assert.equal((await world.institution.read(study, claimId ?? 'clm_')).verdict.ok, true);
    await agent.revokeExchange(exchangeId, 'once-settled');
    assert.equal((await agent.exchange(exchangeId)).revokedAtMs, null);
    await agent.revokeExchange(exchangeId);
    await agent.revokeExchange(exchangeId);
    while ((await agent.exchange(exchangeId, 1_000)).revokedAtMs === null) await delay(20);
    assert.equal((await agent.exchange(exchangeId)).phase, 'delivered');
    assert.equal((await agent.earnings(patientId)).credits, 0);
  });

  it('shows a patient all that concerned them on the ledger, each entry proved, and by the view key without the agent', async () => {
    const entries = await trailOf(agent, settledPatient);
    assert.deepEqual(entries.map(({ type }) => type), [
      'account-registered', 'record-registered', 'claim-accepted', 'delivery-recorded', 'settled', 'grant-revoked', 'vouchers-requested', 'voucher-request-lapsed', 'vouchers-requested', 'vouchers-issued',
      'account-registered', 'vouchers-spent', 'credits-redeemed',
    ]);
    const light = LightClient.fromGenesis(fromBase64Url(world.network.genesis));
    for (const { proof, height, receiptIndex, eventIndex, type, transactionId } of entries) {
      const receipt = light.verifyReceipt(decodeReceiptProof(fromBase64Url(proof)));
      assert.deepEqual([receipt.height, receipt.index, receipt.transactionId, receipt.events[eventIndex]?.type], [height, receiptIndex, transactionId, type]);
    }
    const { link, entry } = (await agent.auditEvents(settledPatient, { limit: 4 })) as { link?: { url: string }[]; entry?: { resource: { type: { code: string } } }[] };
    assert.deepEqual(entry?.map(({ resource }) => resource.type.code), entries.slice(0, 4).map(({ type }) => type));
    assert.match(link?.[0]?.url ?? '', /^\?cursor=.*&limit=4$/);
    const { backup } = await agent.backup(settledPatient, PASSPHRASE);
    const { viewKey } = derivePatientKeys(await passphraseWrapping(PASSPHRASE, world.random).unwrap(fromBase64Url(backup)));
    const reader = new TrailReader(openView(viewKey, fromBase64Url((await agent.view(settledPatient)).view)).accounts);
    const found = (await world.ledger.blocks()).flatMap((block) => reader.read(block));
    assert.deepEqual(found.map(({ height, event }) => [height, event.type]), entries.map(({ height, type }) => [height, type]));
  });

  it('recovers a patient in an agent that has lost everything, from the seed and the ledger alone', async () => {
    const { backup } = await agent.backup(settledPatient, PASSPHRASE);
    const restoration = { patientId: settledPatient, label: 'bed 1, again', backup: { backup, passphrase: PASSPHRASE } };
    await assert.rejects(agent.restorePatient(restoration), code('patient-api/patient-known'));
    const databases = await openTestEngine({ clock: () => Date.now() });
    const vault = { folder: join(world.folder, 'vault-2'), keyFile: join(world.folder, 'vault.key') };
    const other = await world.startAgent(world.settings(undefined, { vault, hospital: { enrolmentId: 'hospital-1', enrolmentToken: world.pkg.token('hospital-1') } }), databases);
    const token = await world.operatorToken(Object.values(SCOPES));
    const restored = new PatientApiClient(new HttpClient({ baseUrl: other.url, token: () => token, retries: 0 }));
    try {
      while (!(await fetch(`${other.url}/health/ready`)).ok) await delay(50);
      await assert.rejects(restored.restorePatient({ ...restoration, backup: { backup, passphrase: 'another passphrase' } }), code('patient-api/bad-backup'));
      await assert.rejects(restored.restorePatient({ patientId: settledPatient, label: 'x' }), code('patient-api/bad-backup'));
      await restored.restorePatient(restoration);
      while ((await restored.patient(settledPatient)).isRestoring || (await restored.patient(settledPatient)).unusedPseudonyms < 3) await delay(50);
      assert.deepEqual(await trailOf(restored, settledPatient), await trailOf(agent, settledPatient));
      assert.equal((await restored.earnings(settledPatient)).credits, 98);
      // What was not paid out yet is there again, made from the seed; what a pseudonym holds beside is known, and its requests go on from the second.
      let funds = await restored.funds(settledPatient);
      for (; funds.available === 0; funds = await restored.funds(settledPatient)) await delay(50);
      assert.deepEqual([funds.available, funds.vouchers], [50, [{ denomination: 10, asked: 0, available: 5, reserved: 0, spent: 4 }]]);
      assert.deepEqual(funds.purses.map(({ balance, state }) => `${state}: ${balance}`).toSorted(), ['done: 0', 'done: 8']);
      const { recordId } = await restored.importRecord(settledPatient, bundleOf(8.1));
      assert.equal((await restored.matches(settledPatient)).items[0]?.recordId, recordId);
    } finally {
      await other.close();
      await databases.close();
    }
  });

  it('renews its certificates in good time, and enrols anew where it is too late for that', async () => {
    const payOut = async (reference: string): Promise<void> => {
      const { payoutId } = await agent.startPayout(settledPatient, { amount: 10, reference });
      world.advance(6 * HOUR_MS);
      while ((await agent.payout(payoutId)).status !== 'redeemed') await delay(20);
    };
    await restart(async () => world.advance(345 * 24 * HOUR_MS));
    await payOut('33'.repeat(32));
    assert.deepEqual(world.pkg.renewed.toSorted(), ['hospital-0', settledPatient]);
    await service.close();
    world.advance(400 * 24 * HOUR_MS);
    await start(world.pkg.token('hospital-0'));
    await ready();
    await payOut('44'.repeat(32));
    assert.equal(world.pkg.renewed.length, 2);
  });
});
