import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readClaim } from '@medveil/agreements';
import { type CircuitArtefacts, ensureCircuits, loadProvingCircuit } from '@medveil/circuits';
import type { researchApi } from '@medveil/client';
import { checkDelivery, createSnarkjsProver, decodeOpening, decodePolicy, LOINC, type PartType, policyHash, policyToStudy, type Prover, type ProvingCircuit, validatePolicy } from '@medveil/eligibility';
import { decodeSealedEvidence, evidenceHash, openEvidence } from '@medveil/delivery';
import { fromBase64Url, type Id, sha256, toHex } from '@medveil/encoding';
import { checkDelivered } from '@medveil/fhir';
import { accountId, hpkeKeyPairFromSeed } from '@medveil/identity';
import { decodeReceiptProof, LightClient } from '@medveil/ledger';
import { partFromLines } from './cohorts/part-resources.js';
import { problem, SpecAgent, until } from './testing/agent.js';
import { claim, type SpecClaim } from './testing/claims.js';
import { Receiver } from './testing/receiver.js';
import { SpecNetwork } from './testing/spec-network.js';
import { signatureOf } from './webhooks/webhooks.js';

const DAY_MS = 86_400_000;
const WAIT_MS = 2_000;
const HEIGHT = { system: LOINC, code: '8302-2' };

const study = (changes: Partial<researchApi.CreateRequirement> = {}): researchApi.CreateRequirement => ({
  title: 'Body height', keywords: ['height'], policy: { version: 1, all: [{ has: { code: HEIGHT, value: { atLeast: 30, unit: 'cm' } } }] }, parts: ['laboratory', 'demographics', 'vital-signs'],
  format: {}, licence: { kind: 'non-exclusive', purposes: ['DUO:0000042'], untilMs: Date.now() + 90 * DAY_MS }, reward: 100, quantity: 3, expiresAtMs: Date.now() + 30 * DAY_MS,
  ...changes,
});

/** The same criteria as other systems keep them. */
const fhirStudy = policyToStudy(validatePolicy(study().policy), { id: 'height', title: 'Body height', keywords: [] });
const policy = (...all: object[]) => ({ policy: { version: 1, all } });

describe('the agent of research institutions', () => {
  let spec: SpecNetwork;
  let agent: SpecAgent;
  let prover: Prover;
  let circuit: ProvingCircuit;
  let artefacts: CircuitArtefacts;
  let institution: researchApi.Institution;
  let open: researchApi.RequirementStatus;
  const receiver = new Receiver();
  let webhook: researchApi.NewWebhook;

  before(async () => {
    const found = (await ensureCircuits({ instances: ['everyday'] })).get('everyday');
    if (found === undefined) throw new Error('no circuit');
    artefacts = found;
    circuit = await loadProvingCircuit(artefacts);
    prover = createSnarkjsProver({ threads: 1 });
    spec = await SpecNetwork.start([artefacts.verificationKey]);
    agent = await SpecAgent.open(spec, dirname(artefacts.zkeyPath));
    await agent.start();
  });

  after(async () => {
    await agent.remove();
    await receiver.close();
    await prover.close();
    await spec.close();
  });

  const enrolled = async (name: string, enrolmentId: string, token = spec.enrolmentToken(enrolmentId)): Promise<researchApi.Institution> => {
    const { institutionId } = await agent.client().createInstitution({ name, enrolment: { enrolmentId, token } });
    return until(() => agent.client().institution(institutionId, WAIT_MS), ({ status }) => status === 'pinned' || status === 'refused');
  };
  const delivery = (claimId: string, ...statuses: researchApi.Delivery['status'][]): Promise<researchApi.Delivery> =>
    until(() => agent.client().delivery(institution.institutionId, claimId, WAIT_MS), ({ status }) => statuses.includes(status));
  const claimOf = async (seed: number): Promise<SpecClaim> => claim(spec, prover, circuit, open.requirementId as Id<'req'>, seed);

  it('lets nobody in without a token and the scope', async () => {
    const request = { name: 'A', enrolment: { enrolmentId: 'inst-x', token: spec.enrolmentToken('inst-x') } };
    await assert.rejects(agent.anonymous.createInstitution(request), problem('http/unauthenticated', 401));
    await assert.rejects(agent.client(['research:read']).createInstitution(request), problem('http/forbidden', 403));
    await assert.rejects(agent.client().createInstitution({ ...request, name: '' }), problem('http/invalid-request', 400));
    await assert.rejects(agent.client().institution(`ins_${'0'.repeat(32)}`), problem('research-api/unknown-institution', 404));
  });

  it('enrols an institution with keys of its own and waits for the vote; one enrolment is one institution', async () => {
    const token = spec.enrolmentToken('inst-0');
    institution = await enrolled('Institute of Reference Values', 'inst-0', token);
    assert.equal(institution.status, 'pinned');
    assert.equal(spec.ledger.entry(institution.account)?.role, 'institution');
    const again = await agent.client().createInstitution({ name: institution.name, enrolment: { enrolmentId: 'inst-0', token } }, 'key-1');
    assert.equal(again.institutionId, institution.institutionId);
    await assert.rejects(
      agent.client().createInstitution({ name: 'Another', enrolment: { enrolmentId: 'inst-0', token } }), problem('research-api/enrolment-in-use', 409),
    );
  });

  it('shows the PKG’s refusal, and enrols with another token', async () => {
    const refused = await enrolled('Second', 'inst-1', spec.enrolmentToken('somebody-else'));
    assert.deepEqual([refused.status, refused.code], ['refused', 'pkg/unknown-token']);
    const second = await enrolled('Second', 'inst-1');
    assert.deepEqual([second.institutionId, second.status], [refused.institutionId, 'pinned']);
    const { items, nextCursor } = await agent.client().institutions({ limit: 1 });
    assert.deepEqual(items.map(({ institutionId }) => institutionId), [institution.institutionId]);
    assert.equal((await agent.client().institutions({ limit: 1, cursor: nextCursor ?? '' })).items[0]?.institutionId, second.institutionId);
  });

  it('says at once where a study is wrong', async () => {
    const create = (changes: Partial<researchApi.CreateRequirement>) => agent.client().createRequirement(institution.institutionId, study(changes));
    await assert.rejects(create(policy({ has: { code: HEIGHT, value: { atLeast: 1 } } })), problem('eligibility/bad-policy', 422, 'policy.all.0.has.value.unit'));
    await assert.rejects(create(policy({ has: { code: HEIGHT } }, { any: [{ has: { code: HEIGHT, value: { atLeast: 1, unit: 'kg' } } }] })), problem('eligibility/incommensurable-unit', 422, 'policy.all.1.any.0'));
    await assert.rejects(create(policy({ has: { code: HEIGHT } }, { lacks: { code: HEIGHT } })), problem('research-api/unsatisfiable-policy', 422, 'policy.all.1'));
    await assert.rejects(create({ policy: { ...fhirStudy, enrollment: [] } }), problem('eligibility/bad-policy', 422, 'policy.enrollment'));
    await assert.rejects(create({ parts: ['laboratory', 'attic'] }), problem('research-api/bad-requirement', 422, 'parts.1'));
    await assert.rejects(create({ expiresAtMs: Date.now() - 1 }), problem('research-api/bad-requirement', 422, 'expiresAtMs'));
    await assert.rejects(create({ acceptsSelfAttested: true }), problem('research-api/bad-requirement', 422, 'acceptsSelfAttested'));
    await assert.rejects(create({ circuit: 'huge' }), problem('research-api/no-circuit-fits', 422, 'circuit'));
    assert.deepEqual((await agent.client().requirements(institution.institutionId)).items, []);
  });

  it('shows the ledger’s refusal of a requirement that cannot be paid for', async () => {
    const { jobId } = await agent.client().createRequirement(institution.institutionId, study());
    const refused = await until(() => agent.client().requirement(institution.institutionId, jobId, WAIT_MS), ({ status }) => status === 'refused' || status === 'open');
    assert.deepEqual([refused.status, refused.code, refused.requirementId], ['refused', 'agreements/insufficient-funds', null]);
  });

  it('releases a requirement with a proof on its own sample, and its policy, whatever the front says of it', async () => {
    spec.deniesReleases = true;
    await spec.mint(institution.account, 1_000);
    const request = study({ policy: fhirStudy });
    const { jobId, status } = await agent.client().createRequirement(institution.institutionId, request, 'study-1');
    assert.equal(status, 'preparing');
    assert.equal((await agent.client().createRequirement(institution.institutionId, request, 'study-1')).jobId, jobId, 'the same request has one effect');
    open = await until(() => agent.client().requirement(institution.institutionId, jobId, WAIT_MS), (now) => now.status === 'open' || now.status === 'refused');
    spec.deniesReleases = false;
    assert.equal(open.status, 'open', open.code ?? '');
    assert.equal(toHex(policyHash(decodePolicy(spec.policies.get(open.requirementId ?? '') ?? new Uint8Array()))), open.policyHash);
    assert.equal((await agent.client().institution(institution.institutionId)).balance, 700);
  });

  it('takes on a webhook for targets that the settings name, and tells its secret once', async () => {
    const { institutionId } = institution;
    await assert.rejects(agent.client().createWebhook(institutionId, { url: 'https://hooks.example.org/', events: ['settled'] }), problem('research-api/webhook-target-refused', 422));
    await assert.rejects(agent.client(['research:read']).webhooks(institutionId), problem('http/forbidden', 403));
    receiver.answers.push(500);
    webhook = await agent.client().createWebhook(institutionId, { url: await receiver.open(), events: ['delivery-recorded', 'settled'] });
    const { items } = await agent.client().webhooks(institutionId);
    assert.deepEqual(items.map(({ webhookId }) => webhookId), [webhook.webhookId]);
    assert.ok(!JSON.stringify(items).includes(webhook.secret));
  });

  it('receives what a claim delivers, checks it, confirms, and keeps it sealed', async () => {
    const { claimId, content, deliver } = await claimOf(3);
    assert.equal((await delivery(claimId, 'accepted')).requirementId, open.requirementId);
    await deliver();
    const settled = await delivery(claimId, 'settled', 'failed');
    assert.deepEqual([settled.status, settled.code, settled.checks.every(({ ok }) => ok)], ['settled', null, true]);
    assert.deepEqual(settled.parts.map(({ part }) => part), ['demographics', 'vital-signs', 'laboratory']);
    const part = await agent.client().deliveredPart(institution.institutionId, claimId, 'laboratory');
    assert.deepEqual(part, content('laboratory'));
    assert.equal(settled.parts[2]?.sha256, toHex(sha256(part)));
    await assert.rejects(agent.client(['research:read']).deliveredPart(institution.institutionId, claimId, 'laboratory'), problem('http/forbidden', 403));
    await assert.rejects(agent.client().deliveredPart(institution.institutionId, claimId, 'conditions'), problem('research-api/part-not-received', 404));
    const kept = await readdir(join(agent.folder, 'objects'), { recursive: true, withFileTypes: true });
    const files = kept.filter((entry) => entry.isFile());
    assert.ok(files.length > 0);
    for (const file of files) assert.ok(!(await readFile(join(file.parentPath, file.name), 'latin1')).includes('resourceType'), 'sealed at rest');
    assert.deepEqual([(await agent.client().requirement(institution.institutionId, open.jobId)).settled], [1]);
  });

  it('tells of it, signed, again where it was not taken, and no more than what and where', async () => {
    await until(async () => receiver.calls, ({ length }) => length >= 3);
    const told = receiver.calls.map(({ body }) => JSON.parse(body) as { readonly type: string; readonly claimId: string });
    assert.deepEqual(told.map(({ type }) => type).toSorted(), ['delivery-recorded', 'delivery-recorded', 'settled']);
    assert.equal(new Set(receiver.calls.map(({ id }) => id)).size, 2);
    assert.deepEqual(Object.keys(told[0] ?? {}).toSorted(), ['atMs', 'claimId', 'eventIndex', 'height', 'receiptIndex', 'requirementId', 'transactionId', 'type']);
    for (const { id, timestamp, signature, body } of receiver.calls) {
      assert.equal(signature, signatureOf(fromBase64Url(webhook.secret), id, timestamp, body));
      assert.ok(Math.abs(Number(timestamp) * 1_000 - spec.clock()) < 60_000);
    }
    await agent.client().removeWebhook(institution.institutionId, webhook.webhookId);
    await assert.rejects(agent.client().removeWebhook(institution.institutionId, webhook.webhookId), problem('research-api/unknown-webhook', 404));
  });

  it('disputes what is not what was proved', async () => {
    spec.bend = (body) => body.map((byte, index) => (index === 100 ? byte ^ 1 : byte));
    spec.evidenceRefusals = 1;
    const asked = spec.bodyRequests.length;
    const { claimId, deliver } = await claimOf(8);
    await deliver();
    const disputed = await delivery(claimId, 'disputed', 'settled');
    spec.bend = (body) => body;
    assert.deepEqual([disputed.status, disputed.code], ['disputed', 'delivery/body-differs']);
    assert.deepEqual(disputed.checks.at(-1), { check: 'body demographics', ok: false, detail: disputed.checks.at(-1)?.detail });
    assert.equal(spec.bodyRequests.length - asked, 3, 'asked for again, but not for ever');
    assert.deepEqual(disputed.parts, []);
  });

  it('shows the auditors the disputed part, and no other, as soon as the front takes it', async () => {
    const { items } = await agent.client().deliveries(institution.institutionId);
    const { claimId } = items.find(({ status }) => status === 'disputed') as researchApi.Delivery;
    const bytes = await until(async () => spec.evidence.get(claimId), (found) => found !== undefined);
    const sealed = decodeSealedEvidence(bytes as Uint8Array);
    assert.deepEqual(evidenceHash(sealed), readClaim(spec.ledger.ledger.view(), claimId)?.dispute?.evidenceHash);
    const auditor = { account: accountId(spec.keys.auditor.publicKey), hpke: await hpkeKeyPairFromSeed(spec.auditorSeed) };
    const evidence = await openEvidence(sealed, claimId, auditor);
    assert.deepEqual([evidence.code, evidence.disclosed.map(({ part }) => part)], ['delivery/body-differs', ['demographics']]);
    assert.equal(toHex(policyHash(decodePolicy(evidence.policy))), open.policyHash);
  });

  it('goes on after a restart, where it stopped', async () => {
    const { claimId, deliver } = await claimOf(13);
    await delivery(claimId, 'accepted');
    await agent.stop();
    await deliver();
    await agent.start();
    assert.equal((await delivery(claimId, 'settled', 'failed')).status, 'settled');
    const { items } = await agent.client().deliveries(institution.institutionId);
    assert.deepEqual(items.map(({ status }) => status), ['settled', 'disputed', 'settled']);
  });

  it('shows the cohort, and what it cost', async () => {
    const cohort = await agent.client().cohort(institution.institutionId, open.jobId);
    assert.deepEqual([cohort.wanted, cohort.counts['settled'], cohort.counts['disputed'], cohort.delivered, cohort.verified], [3, 2, 1, 3, 2]);
    assert.deepEqual([cohort.spend.paid + cohort.spend.fees, cohort.spend.held, cohort.spend.reserved], [200, 100, 0]);
    assert.deepEqual([cohort.anonymity?.people, cohort.anonymity?.smallestGroup, cohort.anonymity?.warning], [2, 1, true]);
    assert.equal(receiver.calls.length, 3, 'a removed webhook is told nothing');
    await assert.rejects(agent.client().cohort(institution.institutionId, `job_${'0'.repeat(32)}`), problem('research-api/unknown-requirement', 404));
    const { items } = await agent.client().trail(institution.institutionId, { limit: 200 });
    const light = LightClient.fromGenesis(fromBase64Url(spec.network.genesis));
    for (const { proof, eventIndex, type } of items) assert.equal(light.verifyReceipt(decodeReceiptProof(fromBase64Url(proof))).events[eventIndex]?.type, type);
    for (const type of ['member-pinned', 'credits-minted', 'requirement-released', 'claim-accepted', 'settled', 'disputed']) assert.ok(items.some((entry) => entry.type === type), type);
  });

  it('hands the cohort out as files that somebody else can check against the ledger', async () => {
    const manifest = await agent.client().cohortManifest(institution.institutionId, open.jobId);
    const bytes = await agent.client().cohortFile(institution.institutionId, open.jobId, 'records.ndjson', manifest.asOfMs);
    assert.equal(toHex(sha256(bytes)), manifest.ndjson.sha256);
    const lines = new TextDecoder().decode(bytes).trimEnd().split('\n');
    assert.deepEqual([lines.length, manifest.claims.length], [manifest.ndjson.lines, 2]);
    const policyRead = decodePolicy(fromBase64Url(manifest.policy));
    assert.equal(toHex(policyHash(policyRead)), manifest.policyHash);
    const light = LightClient.fromGenesis(fromBase64Url(spec.network.genesis));
    for (const { claimId, record, receipts, parts } of manifest.claims) {
      const proved = receipts.map(({ type, proof }) => light.verifyReceipt(decodeReceiptProof(fromBase64Url(proof))).events.find((event) => event.type === type && event.data['claimId'] === claimId));
      assert.deepEqual(proved.map((event) => event?.type), ['claim-accepted', 'delivery-recorded', 'settled']);
      const h = proved[0]?.data['record'] as Uint8Array;
      assert.equal(toHex(h), record);
      for (const { part, sha256: digestOfPart, firstLine, lines: count, opening } of parts) {
        const content = partFromLines(lines.slice(firstLine - 1, firstLine - 1 + count));
        assert.equal(toHex(sha256(content)), digestOfPart);
        const opened = decodeOpening(fromBase64Url(opening ?? ''));
        const type = part as PartType;
        const leaves = opened.parts.flatMap((one) => one.leaves.map(({ observation }) => observation));
        const observations = { [type]: checkDelivered(type, content, leaves).observations };
        assert.equal(checkDelivery({ h, policy: policyRead, granted: [type], opening: opened, plaintextDigests: { [type]: sha256(content) }, observations }).ok, true);
      }
    }
    const csv = new TextDecoder().decode(await agent.client().cohortFile(institution.institutionId, open.jobId, 'observations.csv', manifest.asOfMs)).trimEnd().split('\n');
    assert.ok(csv.length > 2 && csv.every((row) => row.split(',').length === 9));
    assert.equal((await agent.client().cohortManifest(institution.institutionId, open.jobId, 0)).ndjson.lines, 0);
    await assert.rejects(agent.client(['research:read']).cohortManifest(institution.institutionId, open.jobId), problem('http/forbidden', 403));
  });

  it('renews its certificates in good time, and sees requirements expire', async () => {
    await agent.stop();
    spec.offsetMs = 250 * DAY_MS;
    await agent.start();
    await spec.mint(institution.account, 1);
    const expired = await until(() => agent.client().requirement(institution.institutionId, open.jobId, WAIT_MS), ({ status }) => status === 'expired');
    assert.deepEqual([expired.taken, expired.settled], [3, 3], 'a dispute that nobody rules on ends like silence');
    await until(async () => spec.renewals.toSorted(), (renewals) => renewals.join(' ') === 'inst-0 inst-1');
  });
});
