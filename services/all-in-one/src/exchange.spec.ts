/**
 * The exchange on the real system: six services, four replicas, real proofs, a bus with faults; then what adversaries make of
 * the artefacts of that run. One system for all of it, since a start takes seconds: the tests follow one another.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Body, buildTransaction, claimIdOf } from '@medveil/agreements';
import { ApiError, type patientApi, type researchApi } from '@medveil/client';
import { EXAMPLE_STUDIES } from '@medveil/fhir';
import { type Id, toBase64Url, toHex } from '@medveil/encoding';
import type { PseudonymKeys } from '@medveil/identity';
import { type Afgh06, afgh06, loadEngine } from '@medveil/pre';
import { syntheticBundles } from './demo/bundles.js';
import { until } from './demo/clients.js';
import { enrolInstitutions, exchange, importPatients, matchAll, type OpenRequirement, type Participant, releaseRequirements } from './demo/scenario.js';
import { replicasAgree, verifyDelivery } from './demo/verify.js';
import { type Chain, type Entry, type EntryOf, ofType, only, readChain } from './testing/chain.js';
import { deliveredParts, flipped, openDelivered, storedBody } from './testing/delivery.js';
import { faultsOf, scrape, type Scraped, unansweredSelectors, valueOf } from './testing/metrics-checks.js';
import { anchorsOf, documentedMetrics, panelQueries, readDashboards, readRules, type Rule, ruleQueries } from './testing/monitoring.js';
import { institutionKeys, patientKeys, pseudonymOf } from './testing/parties.js';
import { codeOf } from './testing/refusals.js';
import { WhatIf } from './testing/what-if.js';
import { startWorld, type World } from './testing/world.js';

const HOUR_MS = 3_600_000;
const WAIT_MS = 60_000;
const study = only(EXAMPLE_STUDIES.filter(({ id }) => id === 'diabetes-hba1c'));

let skewMs = 0;
let world: World;
let institutions: researchApi.Institution[];
let healthy: Participant;
let diabetic: Participant;
let exclusive: OpenRequirement;
let rival: OpenRequirement;
let pre: Afgh06;

before(async () => {
  pre = afgh06(await loadEngine());
  world = await startWorld({ clock: () => Date.now() + skewMs });
  const { clients, out } = world;
  institutions = await enrolInstitutions(clients, out);
  const participants = await importPatients(clients, syntheticBundles(2, Date.now()), out);
  [healthy, diabetic] = participants as [Participant, Participant];
  const common = { study, purpose: 'a test' };
  const released = await releaseRequirements(clients, institutions, [
    { ...common, institution: 0, kind: 'exclusive', reward: 120 },
    { ...common, institution: 1, kind: 'non-exclusive', reward: 150 },
  ], { quantity: 5, lifetimeMs: HOUR_MS }, out);
  [exclusive, rival] = released as [OpenRequirement, OpenRequirement];
  await matchAll(clients, participants, released);
});

after(() => world.end());

/** Hands a transaction to the contract's front and waits for the block. @returns the receipt's code, or what the front refused it with */
async function submitted(bytes: Uint8Array): Promise<string> {
  const { contract } = world.clients;
  let id: Id<'txn'>;
  try {
    id = (await contract.submit(toBase64Url(bytes))).transactionId;
  } catch (error) {
    if (error instanceof ApiError) return `front: ${error.code}`;
    throw error;
  }
  const chain = await until('the block of a transaction', () => readChain(contract), ({ entries }) => entries.some((entry) => entry.id === id), WAIT_MS);
  return chain.entries.findLast((entry) => entry.id === id)?.receipt.code ?? 'accepted';
}

/** Signed anew as it should be: only what it says is false. */
const signed = ({ transaction }: Entry, by: PseudonymKeys, body: Body, nonce = transaction.nonce) =>
  buildTransaction({ chainId: transaction.chainId, account: by.account, certificate: transaction.certificate, nonce, validUntilMs: transaction.validUntilMs, body }).bytes;

async function assertConsistent(): Promise<void> {
  const agreed = await replicasAgree(world.clients);
  assert.ok(agreed.agree && agreed.conserved);
  const { conserved, minted, redeemed, balances, held, vouchers } = await world.clients.contract.totals();
  assert.ok(conserved);
  assert.equal(minted - redeemed, balances + held + vouchers);
}

const proxyBodies = () => readdir(join(world.folder, 'objects', 'proxy-cloud'), { recursive: true });

describe('an exchange', () => {
  let sold: patientApi.Exchange;

  it('does not begin for a patient who does not match: told why by their own agent, and nothing has left it', async () => {
    const { clients } = world;
    const transactions = (await readChain(clients.contract)).entries.map(({ id }) => id);
    const bodies = await proxyBodies();
    const { items } = await clients.patient.matches(healthy.patientId);
    const match = only(items.filter(({ requirementId }) => requirementId === exclusive.requirementId));
    assert.equal(match.matches, false);
    assert.ok(match.clauses.some(({ matched, reason }) => !matched && reason.length > 0));

    const request = { requirementId: exclusive.requirementId, recordId: healthy.recordId, acknowledgeConflicts: true };
    await assert.rejects(clients.patient.startExchange(healthy.patientId, request), (error) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.code, 'patient-api/does-not-match');
      assert.equal(error.status, 422);
      assert.match(String(error.details['groupsNotMatched']), /^\d+(,\d+)*$/);
      return true;
    });
    assert.deepEqual((await clients.patient.exchanges()).items, []);
    assert.deepEqual((await readChain(clients.contract)).entries.map(({ id }) => id), transactions);
    assert.deepEqual(await proxyBodies(), bodies);
  });

  it('ends settled: the parts asked for are delivered, checked against what was proved, and paid', async () => {
    const { clients, out } = world;
    sold = await exchange(clients, diabetic, exclusive.requirementId, false, () => undefined);
    assert.deepEqual([sold.phase, sold.code], ['settled', null]);
    assert.ok(await verifyDelivery(clients, { participant: diabetic, requirement: exclusive, exchange: sold }, out));
    const claimId = sold.claimId as Id<'clm'>;
    assert.equal((await clients.contract.claim(claimId)).status, 'settled');
    const { credits } = await clients.patient.earnings(diabetic.patientId);
    assert.equal(credits, sold.paid);
    assert.ok(credits > 0 && credits <= exclusive.reward);
    await assert.rejects(clients.research.deliveredPart(exclusive.institutionId, claimId, 'conditions'), ApiError);
    await assert.rejects(clients.research.delivery(rival.institutionId, claimId), ApiError);
    await assertConsistent();
  });

  it('is not had twice: a second claim and a second sale under an exclusive licence are refused by the ledger', async () => {
    const { clients } = world;
    const start = (requirementId: Id<'req'>) => clients.patient.startExchange(diabetic.patientId, { requirementId, recordId: diabetic.recordId });
    // The agent knows it, and says so before anything is made.
    assert.equal(await codeOf(start(exclusive.requirementId)), 'patient-api/conflict');
    assert.equal(await codeOf(start(rival.requirementId)), 'patient-api/conflict');
    const [replay, second] = await Promise.all([exclusive, rival].map(({ requirementId }) => exchange(clients, diabetic, requirementId, true, () => undefined)));
    assert.deepEqual([replay?.phase, replay?.code], ['rejected', 'agreements/nullifier-spent']);
    assert.deepEqual([second?.phase, second?.code], ['rejected', 'agreements/exclusive-licence-in-force']);
    assert.equal((await clients.patient.earnings(diabetic.patientId)).credits, sold.paid);
    await assertConsistent();
  });
});

describe('an adversary, with the artefacts of that exchange', () => {
  let chain: Chain;
  let claim: EntryOf<'submit-claim'>;
  let delivery: EntryOf<'record-delivery'>;
  let author: PseudonymKeys;
  /** claimed for the same requirement under another pseudonym, and was refused */
  let rejected: EntryOf<'submit-claim'>;
  let thief: PseudonymKeys;

  before(async () => {
    chain = await readChain(world.clients.contract);
    claim = only(ofType(chain.entries, 'submit-claim').filter(({ receipt }) => receipt.ok));
    delivery = only(ofType(chain.entries, 'record-delivery'));
    rejected = only(ofType(chain.entries, 'submit-claim').filter(({ receipt }) => receipt.code === 'agreements/nullifier-spent'));
    const keys = await patientKeys(world.folder, diabetic.patientId);
    author = pseudonymOf(keys, claim.sender);
    thief = pseudonymOf(keys, rejected.sender);
  });

  const whatIf = ({ height }: Entry) => WhatIf.before(height, chain, world.system.consortium.network);

  it('gains nothing by a flipped bit of a proof', async () => {
    const { body } = claim.transaction;
    const there = await whatIf(claim);
    assert.equal(there.codeOf([claim.bytes]), 'accepted');
    for (const position of [0, 40, -1]) {
      const forged = signed(claim, author, { ...body, proof: flipped(body.proof, position) });
      assert.equal(there.codeOf([forged]), 'agreements/bad-eligibility-proof');
    }
    // Unless signed anew it does not even come so far.
    assert.equal(there.codeOf([flipped(claim.bytes, -1)]), 'agreements/bad-signature');
    const late = signed(claim, author, { ...body, proof: flipped(body.proof, 40) }, claim.transaction.nonce + 1);
    assert.equal(await submitted(late), 'front: agreements/bad-eligibility-proof');
  });

  it('cannot use a proof that somebody else made', async () => {
    const { body } = claim.transaction;
    // Another pseudonym sends the claim as it is; puts the proof to a record of its own; registers the record before its owner does.
    assert.equal(await submitted(signed(rejected, thief, body)), 'agreements/not-the-record-owner');
    const own = { ...rejected.transaction.body, proof: body.proof, claimNullifier: body.claimNullifier, domainNullifiers: body.domainNullifiers };
    assert.equal(await submitted(signed(rejected, thief, own)), 'front: agreements/bad-eligibility-proof');
    const registration = only(ofType(chain.entries, 'register-record').filter(({ sender }) => sender === claim.sender));
    const thiefs = only(ofType(chain.entries, 'register-record').filter(({ sender }) => sender === rejected.sender));
    const early = await whatIf(registration);
    const stolen = [signed(thiefs, thief, registration.transaction.body, 0), signed(rejected, thief, body, 1)];
    assert.equal(early.codeOf(stolen.slice(0, 1)), 'accepted');
    assert.equal(early.codeOf(stolen), 'agreements/bad-eligibility-proof');
  });

  it('is not paid for a claim that is sent again', async () => {
    const { body, nonce } = claim.transaction;
    // The same bytes are in the chain already; signed anew the nullifier is spent, under a fresh pseudonym too (see above).
    const again = await readChain(world.clients.contract);
    assert.equal(await world.clients.contract.submit(toBase64Url(claim.bytes)).then(({ transactionId }) => transactionId), claim.id);
    assert.equal(await submitted(signed(claim, author, body, nonce + 1)), 'agreements/nullifier-spent');
    const later = await readChain(world.clients.contract);
    assert.equal(later.entries.filter(({ id }) => id === claim.id).length, 1);
    assert.equal(later.entries.length, again.entries.length + 1);
    const there = await whatIf({ ...claim, height: claim.height + 1 });
    assert.equal(there.codeOf([claim.bytes]), 'agreements/wrong-nonce');
    await assertConsistent();
  });

  it('opens nothing with the wrong institution’s key, and notices a flipped bit', async () => {
    const [mine, other] = await Promise.all(
      [exclusive, rival].map(async ({ institutionId }) => pre.delegateeKeyFromSeed((await institutionKeys(world.folder, institutionId)).pseudonym(0).delegateeSeed)),
    );
    assert.ok(mine !== undefined && other !== undefined);
    const { publicKey: ownerKey } = pre.ownerKeyFromSeed(author.ownerSeed);
    const parts = deliveredParts(chain.entries, claimIdOf(claim.sender, claim.transaction.nonce));
    assert.deepEqual(parts.map(({ part }) => part).toSorted(), [...study.parts].toSorted());
    for (const delivered of parts) {
      const body = await storedBody(world.folder, delivered.bodyDigest);
      assert.equal((await openDelivered(pre, mine, ownerKey, delivered, body)).part, delivered.part);
      await assert.rejects(openDelivered(pre, other, ownerKey, delivered, body), { code: 'pre/check-failed' });
      for (const position of [100, Math.floor(body.length / 2), -1]) {
        await assert.rejects(openDelivered(pre, mine, ownerKey, delivered, flipped(body, position)), { code: 'pre/bad-envelope' });
      }
      const tampered = { ...delivered, transformed: flipped(delivered.transformed, -1) };
      await assert.rejects(openDelivered(pre, mine, ownerKey, tampered, body), { code: 'pre/check-failed' });
    }
  });

  it('as the proxy cannot record a re-encryption that it did not make', async () => {
    const { body, nonce, chainId, validUntilMs } = delivery.transaction;
    const there = await whatIf(delivery);
    assert.equal(there.codeOf([delivery.bytes]), 'accepted');
    const [first, ...rest] = body.parts;
    assert.ok(first !== undefined);
    const forged: Body = { ...body, parts: [{ ...first, proof: flipped(first.proof, -1) }, ...rest] };
    // The patient may deliver as well: signed by somebody who is entitled to, the proof alone decides.
    const patient = { chainId, account: author.account, validUntilMs, nonce: claim.transaction.nonce + 1 };
    assert.ok(nonce >= 0);
    assert.equal(there.codeOf([buildTransaction({ ...patient, body }).bytes]), 'accepted');
    assert.equal(there.codeOf([buildTransaction({ ...patient, body: forged }).bytes]), 'agreements/bad-reencryption-proof');
  });

  it('comes too late for a requirement that has expired, and the rest of its escrow goes back', async () => {
    const { clients } = world;
    const there = await whatIf(claim);
    assert.equal(there.codeOf([claim.bytes], claim.timeMs + HOUR_MS), 'agreements/expired-transaction');
    const lasting = buildTransaction({ ...claim.transaction, account: author.account, validUntilMs: claim.timeMs + 2 * HOUR_MS - 1 }).bytes;
    assert.equal(there.codeOf([lasting], claim.timeMs + HOUR_MS), 'agreements/requirement-expired');

    skewMs = HOUR_MS;
    const request = { requirementId: rival.requirementId, recordId: diabetic.recordId, acknowledgeConflicts: true };
    assert.equal(await codeOf(clients.patient.startExchange(diabetic.patientId, request)), 'patient-api/requirement-not-open');
    const late = buildTransaction({ ...claim.transaction, account: author.account, nonce: claim.transaction.nonce + 1, validUntilMs: Date.now() + skewMs + HOUR_MS / 2 }).bytes;
    assert.equal(await submitted(late), 'agreements/requirement-expired');
    const { held } = await until('the escrow going back', () => clients.contract.totals(), (totals) => totals.held === 0, WAIT_MS);
    assert.equal(held, 0);
    await assertConsistent();
  });
});

describe('what the services tell of themselves, after that', () => {
  let scraped: Scraped[];
  let rules: Rule[];

  before(async () => {
    [scraped, rules] = await Promise.all([scrape(world.system.urls), readRules()]);
  });

  it('has names in base units, and labels of few values that identify nobody', () => {
    assert.deepEqual(scraped.flatMap(faultsOf), []);
  });

  it('is what has happened', () => {
    const events = (event: string) => valueOf(scraped, 'medveil_ledger_events_total', { event });
    assert.deepEqual(['claim-accepted', 'delivery-recorded', 'settled', 'evidence-recorded'].map(events), [1, 1, 1, 0]);
    assert.equal(valueOf(scraped, 'medveil_exchanges', { phase: 'settled' }), 1);
    assert.equal(valueOf(scraped, 'medveil_deliveries', { status: 'settled' }), 1);
    assert.equal(valueOf(scraped, 'medveil_reencryption_duration_seconds_count', { outcome: 'ok' }), 1);
    assert.equal(valueOf(scraped, 'medveil_reencrypted_parts_total'), study.parts.length);
    assert.ok(valueOf(scraped, 'medveil_proof_duration_seconds_sum', { service_name: 'patient-api', outcome: 'ok' }) > 0);
    assert.ok(valueOf(scraped, 'medveil_consensus_commit_latency_seconds_count') > 0);
    assert.ok(valueOf(scraped, 'medveil_ledger_rejections_total', { code: 'agreements/nullifier-spent' }) >= 2);
    assert.equal(valueOf(scraped, 'medveil_consensus_voting'), 4);
    assert.equal(valueOf(scraped, 'medveil_consensus_credits_conserved'), 4);
    const [minted = 0, ...kept] = ['minted', 'balances', 'held', 'vouchers'].map((kind) => valueOf(scraped, 'medveil_ledger_credits', { kind }));
    assert.equal(minted, kept.reduce((sum, credits) => sum + credits, 0));
  });

  it('is what the documentation says that it is', async () => {
    const exposed = new Set(scraped.flatMap(({ families }) => families.map(({ name }) => name).filter((name) => name.startsWith('medveil_'))));
    assert.deepEqual([...exposed].toSorted(), [...(await documentedMetrics())].toSorted());
  });

  it('answers every rule and every panel', async () => {
    const queries = [...ruleQueries(rules), ...panelQueries(await readDashboards())];
    assert.ok(queries.length > 100);
    assert.deepEqual(unansweredSelectors(queries, rules, scraped), []);
  });

  it('leads from each alert to what is to be done', async () => {
    const anchors = await anchorsOf('docs/runbooks.md');
    const alerts = rules.flatMap((rule) => ('alert' in rule ? [rule] : []));
    assert.deepEqual(alerts.filter(({ alert, annotations }) => annotations.runbook_url !== `docs/runbooks.md#${alert.toLowerCase()}` || !anchors.has(alert.toLowerCase())).map(({ alert }) => alert), []);
  });
});

describe('what a patient was paid', () => {
  it('is paid out under a pseudonym that the ledger knows for nothing else', async () => {
    const { clients } = world;
    const { patientId } = diabetic;
    const { credits } = await clients.patient.earnings(patientId);
    const earlier = await clients.contract.totals();
    skewMs += 6 * HOUR_MS;
    const funds = await until('the vouchers', () => clients.patient.funds(patientId), ({ available }) => available === credits, WAIT_MS);
    assert.deepEqual(funds.purses.map(({ state, balance }) => [state, balance]), [['done', 0]]);
    assert.equal((await clients.contract.totals()).vouchers, credits);
    await assertConsistent();

    const reference = 'ab'.repeat(32);
    const { payoutId } = await clients.patient.startPayout(patientId, { reference });
    skewMs += 6 * HOUR_MS;
    const paid = await until('the payout', () => clients.patient.payout(payoutId), ({ status }) => status === 'redeemed', WAIT_MS);
    assert.equal(paid.amount, credits);
    const { vouchers, redeemed } = await clients.contract.totals();
    assert.deepEqual([vouchers, redeemed], [0, earlier.redeemed + credits]);
    await assertConsistent();

    const { entries } = await readChain(clients.contract);
    const accepted = entries.filter(({ receipt }) => receipt.ok);
    assert.deepEqual(accepted.filter(({ sender }) => sender === paid.account).map(({ transaction }) => transaction.body.type), ['spend-vouchers', 'redeem']);
    assert.equal(toHex(only(ofType(accepted, 'redeem')).transaction.body.reference), reference);
    // Nothing that was shown in the end stood in what the paid pseudonym had sent, or in the treasury's answer.
    const asked = only(ofType(accepted, 'request-vouchers'));
    const seen = [asked, only(ofType(accepted, 'issue-vouchers'))].map(({ bytes }) => toHex(bytes)).join('');
    assert.equal(asked.sender, funds.purses[0]?.account);
    for (const { serial, signature } of only(ofType(accepted, 'spend-vouchers')).transaction.body.vouchers) {
      for (const shown of [serial, signature]) assert.ok(!seen.includes(toHex(shown)) && !seen.includes(toHex(shown.subarray(0, 16))));
    }
  });
});
