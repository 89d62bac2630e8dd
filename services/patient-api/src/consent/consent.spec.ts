import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { delay, HttpClient, type patientApi, PatientApiClient } from '@medveil/client';
import { type StandingRuleInput, statementDigest } from '@medveil/consent';
import type { Database } from '@medveil/database';
import { fromBase64Url, type Id } from '@medveil/encoding';
import { accountId, WEEKLY_EPOCHS } from '@medveil/identity';
import type { RunningService } from '@medveil/service-kit';
import { and, eq, sql } from 'drizzle-orm';
import { SCOPES } from '../scopes.js';
import { consentStatements, SCHEMA } from '../tables.js';
import { bundleOf } from '../testing/bundles.js';
import type { Study } from '../testing/test-institution.js';
import { TestWorld } from '../testing/test-world.js';

const code = (expected: string) => (error: unknown) => error instanceof Error && 'code' in error && error.code === expected;
const DISEASE_RESEARCH = 'DUO:0000007';

describe('standing consent', () => {
  let world: TestWorld;
  let service: RunningService;
  let agent: PatientApiClient;
  let database: Database;
  let study: Study;
  /** released while rules were in force already */
  let second: Study;
  /** whose rule asks, since before anything was released */
  let early: Id<'pat'>;
  /** whose rule granted an exchange, which was delivered */
  let granted: Id<'pat'>;

  const start = async (hospitalToken?: string): Promise<void> => {
    service = await world.startAgent(world.settings(hospitalToken));
    const token = await world.operatorToken(Object.values(SCOPES));
    agent = new PatientApiClient(new HttpClient({ baseUrl: service.url, token: () => token, retries: 0 }));
    while (!(await fetch(`${service.url}/health/ready`)).ok) await delay(50);
  };
  const grant = (changed: object = {}): StandingRuleInput => ({
    effect: 'grant', institutions: [accountId(world.keys.institution.publicKey)], purposes: [DISEASE_RESEARCH], parts: ['laboratory'], untilMs: null,
    licence: { kinds: ['exclusive', 'non-exclusive'] }, minimumReward: 100, atMost: null, ...changed,
  });
  const ask: StandingRuleInput = {
    effect: 'ask', institutions: 'any', purposes: 'any', parts: 'any', untilMs: null, licence: { kinds: ['exclusive', 'non-exclusive'] }, minimumReward: 0, atMost: null,
  };
  const release = () => world.institution.release(world.prover, world.circuit, 'non-exclusive');
  const patient = async (hba1cPercent = 8.1): Promise<Id<'pat'>> => {
    const { patientId } = await agent.createPatient('bed 7');
    await agent.importRecord(patientId, bundleOf(hba1cPercent));
    return patientId;
  };
  const patientWithRule = async (rule: StandingRuleInput): Promise<Id<'pat'>> => {
    const patientId = await patient();
    await agent.makeRule(patientId, rule);
    return patientId;
  };
  const decisionOn = async (patientId: Id<'pat'>, { requirementId }: Study, ...outcomes: patientApi.ConsentOutcome[]): Promise<patientApi.ConsentDecision> => {
    for (;;) {
      const found = (await agent.consentDecisions(patientId)).items.find((one) => one.requirementId === requirementId && outcomes.includes(one.outcome));
      if (found !== undefined) return found;
      await delay(50);
    }
  };
  const until = async (id: string | null, phase: patientApi.ExchangePhase): Promise<patientApi.Exchange> => {
    for (;;) {
      const exchange = await agent.exchange(id ?? '', 5_000);
      if (exchange.phase === phase) return exchange;
      assert.ok(!['failed', 'rejected', 'lapsed'].includes(exchange.phase), `${exchange.phase}: ${exchange.code}: ${exchange.reason}`);
    }
  };
  /** Every job of consent that was due has been done. */
  const quiet = async (): Promise<void> => {
    for (;;) {
      const { rows } = await database.queries.execute(sql`select 1 from patient_api.jobs where kind like 'consent-%' and state in ('waiting', 'running') and run_at_ms <= ${world.clock()}`);
      if (rows.length === 0) return;
      await delay(20);
    }
  };
  const exchangesOf = async (patientId: Id<'pat'>) => (await agent.exchanges({ limit: 200 })).items.filter((one) => one.patientId === patientId);

  before(async () => {
    world = await TestWorld.open();
    await start(world.pkg.token('hospital-0'));
    database = await world.databases.open({ schema: SCHEMA, migrations: new URL('../../migrations/', import.meta.url) });
    early = await patientWithRule(ask);
    study = await release();
  });
  after(async () => {
    await service.close();
    await world.close();
  });

  it('begins nothing without a rule, nor for an offer or a record that the rules do not cover', async () => {
    const patientId = await patient();
    await decisionOn(early, study, 'asked');
    assert.equal((await agent.evaluateConsent(patientId, study.requirementId)).decision, 'refused');
    await agent.makeRule(patientId, grant({ minimumReward: 101 }));
    await agent.makeRule(patientId, grant({ parts: ['demographics'] }));
    const healthy = await patient(5.2);
    await agent.makeRule(healthy, grant());
    await quiet();
    const { rules, decision } = await agent.evaluateConsent(patientId, study.requirementId);
    assert.equal(decision, 'refused');
    assert.deepEqual(rules.map(({ clauses }) => clauses.filter(({ met }) => !met).map(({ clause }) => clause)), [['reward'], ['parts']]);
    assert.match((await agent.evaluateConsent(healthy, study.requirementId)).reason, /does not meet/);
    assert.deepEqual([await exchangesOf(patientId), await exchangesOf(healthy)], [[], []]);
    assert.deepEqual((await agent.consentDecisions(patientId)).items, []);
  });

  it('begins the exchange that a rule grants, by itself and once, whatever is imported or restarted afterwards', async () => {
    const patientId = await patientWithRule(grant());
    const { exchangeId, outcome } = await decisionOn(patientId, study, 'granted');
    assert.equal(outcome, 'granted');
    const delivered = await until(exchangeId, 'delivered');
    assert.equal(delivered.requirementId, study.requirementId);
    await agent.importRecord(patientId, bundleOf(9.9));
    await agent.makeRule(patientId, grant({ purposes: 'any' }));
    await service.close();
    await start();
    await quiet();
    assert.equal((await exchangesOf(patientId)).length, 1);
    assert.equal((await agent.evaluateConsent(patientId, study.requirementId)).decision, 'refused');
    for (const { ruleId } of (await agent.rules(patientId)).items) await agent.revokeRule(patientId, ruleId);
    granted = patientId;
  });

  it('puts a question where a rule asks: no begins nothing, yes begins the exchange, each once', async () => {
    const [no, yes] = [await patientWithRule(ask), await patientWithRule(ask)];
    const question = await decisionOn(no, study, 'asked');
    assert.deepEqual([question.isOpen, question.reward, question.parts, question.exchangeId], [true, 100, ['laboratory'], null]);
    assert.equal((await agent.answer(no, study.requirementId, 'no')).outcome, 'no');
    await assert.rejects(agent.answer(no, study.requirementId, 'yes'), code('patient-api/decided-already'));
    assert.deepEqual(await exchangesOf(no), []);
    await decisionOn(yes, study, 'asked');
    const answered = await agent.answer(yes, study.requirementId, 'yes');
    assert.equal(answered.answeredBy, 'operator');
    assert.deepEqual((await exchangesOf(yes)).map(({ exchangeId }) => exchangeId), [answered.exchangeId]);
    await assert.rejects(agent.answer(yes, study.requirementId, 'yes'), code('patient-api/decided-already'));
    await assert.rejects(agent.answer(await patient(), study.requirementId, 'yes'), code('patient-api/unknown-question'));
    assert.deepEqual((await agent.consentDecisions(no, { outcome: 'asked' })).items, []);

    // What the patient takes back no rule begins again.
    await agent.revokeExchange(answered.exchangeId ?? '');
    await until(answered.exchangeId, 'withdrawn');
    await agent.makeRule(yes, grant());
    await quiet();
    assert.equal((await exchangesOf(yes)).length, 1);
  });

  it('begins no more than the rule’s limit allows, and says when there is room again', async () => {
    const patientId = await patientWithRule(grant({ atMost: { exchanges: 1, days: 30 } }));
    const { exchangeId } = await decisionOn(patientId, study, 'granted');
    second = await release();
    await decisionOn(early, second, 'asked');
    await quiet();
    const { decision, againAtMs, rules } = await agent.evaluateConsent(patientId, second.requirementId);
    assert.equal(decision, 'refused');
    assert.ok(againAtMs !== null && againAtMs > world.clock());
    assert.deepEqual(rules[0]?.clauses.filter(({ met }) => !met).map(({ clause }) => clause), ['rate']);
    assert.deepEqual((await exchangesOf(patientId)).map((one) => one.exchangeId), [exchangeId]);
    await agent.revokeExchange(exchangeId ?? '');
  });

  it('keeps what was said as a signed chain, and notices when it is altered', async () => {
    const patientId = await patient();
    const made = await agent.makeRule(patientId, ask, 'once');
    assert.equal((await agent.makeRule(patientId, ask, 'once')).ruleId, made.ruleId);
    await agent.revokeRule(patientId, made.ruleId);
    assert.ok((await agent.revokeRule(patientId, made.ruleId)).revokedAtMs !== null);
    const first = await agent.consentStatements(patientId, { limit: 1 });
    const next = await agent.consentStatements(patientId, { limit: 1, cursor: first.nextCursor ?? '' });
    assert.deepEqual([...first.items, ...next.items].map(({ what, by, ruleId }) => [what, by, ruleId]), [['made', 'operator', made.ruleId], ['revoked', 'operator', made.ruleId]]);
    assert.equal(next.nextCursor, null);
    assert.deepEqual([(await agent.rules(patientId)).items.length, (await agent.rules(patientId, true)).items.length], [0, 1]);
    assert.equal(statementDigest(fromBase64Url(first.items[0]?.statement ?? '')).length, 32);
    await database.queries.update(consentStatements).set({ sequence: 7 }).where(and(eq(consentStatements.patientId, patientId), eq(consentStatements.sequence, 0)));
    await assert.rejects(agent.consentStatements(patientId), code('patient-api/consent-record-altered'));
    await assert.rejects(agent.revokeRule(patientId, 'cns_00000000000000000000000000000000'), code('patient-api/unknown-rule'));
  });

  it('reads and writes rules as FHIR Consent', async () => {
    const patientId = await patient();
    await agent.makeRule(patientId, grant());
    const bundle = (await agent.fhirConsents(patientId)) as unknown as { readonly entry: readonly { readonly resource: object }[] };
    const again = await agent.makeRuleFromFhir(await patient(), bundle.entry[0]?.resource ?? {});
    assert.deepEqual(again.rule, (await agent.rules(patientId)).items[0]?.rule);
    await assert.rejects(agent.makeRuleFromFhir(patientId, { resourceType: 'Consent', status: 'draft' }), code('consent/not-understood'));
  });

  it('withdraws everything: rules, questions, grants; and lists honestly what had been delivered', async () => {
    const patientId = granted;
    const [exchange] = await exchangesOf(patientId);
    const delivered = await until(exchange?.exchangeId ?? '', 'delivered');
    const rule = await agent.makeRule(patientId, ask);
    await decisionOn(patientId, second, 'asked');
    const { questionsClosed, ...ended } = await agent.withdrawEverything(patientId);
    assert.ok(questionsClosed >= 1);
    assert.deepEqual(ended, { patientId, rulesRevoked: [rule.ruleId], exchangesWithdrawn: [delivered.exchangeId], delivered: [delivered.exchangeId] });
    while ((await agent.exchange(delivered.exchangeId, 1_000)).revokedAtMs === null) await delay(20);
    const statementHash = new Uint8Array(32).fill(7);
    await world.ledger.execute(world.keys.proxy, { type: 'record-revocation-receipt', claimId: delivered.claimId ?? 'clm_', statementHash });
    await world.ledger.execute(world.keys.institution, { type: 'confirm-delivery', claimId: delivered.claimId ?? 'clm_' });
    await until(delivered.exchangeId, 'settled');
    const [disclosure] = (await agent.disclosures(patientId)).items;
    assert.deepEqual([disclosure?.claimId, disclosure?.parts, disclosure?.institution], [delivered.claimId, ['laboratory'], accountId(world.keys.institution.publicKey)]);
    assert.ok(disclosure?.deliveredAtMs !== null && disclosure?.withdrawal?.revokedAtMs !== null);
    assert.equal(disclosure?.withdrawal?.keyDestroyed?.statementHash, '07'.repeat(32));
    assert.equal(disclosure?.deletion.stated, null);
    assert.match(disclosure?.licence ?? '', /^non-exclusive, for DUO:0000007/);
    await assert.rejects(agent.answer(patientId, second.requirementId, 'yes'), code('patient-api/decided-already'));
    assert.deepEqual((await agent.withdrawEverything(patientId)).rulesRevoked, []);
    await agent.importRecord(patientId, bundleOf(7.7));
    await quiet();
    assert.equal((await exchangesOf(patientId)).length, 1);
  });

  it('draws no pseudonym from the stock of an epoch that is over, though its T-Certs are still valid', async () => {
    const patientId = await patient();
    assert.ok((await agent.patient(patientId)).unusedPseudonyms > 0);
    world.advance(WEEKLY_EPOCHS.epochMs);
    assert.equal((await agent.patient(patientId)).unusedPseudonyms, 0);
  });
});
