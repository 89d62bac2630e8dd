import assert from 'node:assert/strict';
import { it } from 'node:test';
import { encodeCanonical, toHex } from '@medveil/encoding';
import type { LedgerEvent } from '@medveil/ledger';
import { voucherKeyId } from '@medveil/vouchers';
import fc from 'fast-check';
import { checkConservation } from './conservation.js';
import { claimIdOf, requirementIdOf } from './envelope.js';
import type { AgreementEvent } from './events.js';
import { pseudonymBalance } from './pseudonym-balance.js';
import { readClaim, readRequirement } from './queries.js';
import { feeOf } from './rules/requirements.js';
import * as tables from './state.js';
import { openingTable, voucherKeyTable, voucherRequestTable } from './state.js';
import type { MemoryView } from './testing/memory-view.js';
import { claimBody, deliveryBody, licence, registerBody, releaseBody, terms } from './testing/exchange.js';
import { modelVerifiers, type Numbers, type SentTransaction, type Stage, STAGE_STEPS, VOUCHER_KEYS } from './testing/model-steps.js';
import { ReferenceModel, type ModelClaim } from './testing/reference-model.js';
import { type Actor, bytes32, CHAIN, DAY_MS, HOUR_MS, START_MS, World } from './testing/world.js';
import type { Body, BodyType } from './transactions.js';
import { DISPUTE_OUTCOMES, type ClaimId, type OpeningId, type PartType, type RequirementId, type VoucherRequestId } from './vocabulary.js';

/**
 * Random actors, honest, lazy and malicious, against the reference model: every transaction is accepted or refused with
 * the code the model foresees, and the states agree. Signatures are the envelope's specs' subject and are left out here,
 * which makes thousands of transactions a matter of seconds.
 */
const PEOPLE = ['ana', 'ben', 'cleo'];
const PARTS: readonly (readonly PartType[])[] = [['laboratory'], ['vital-signs'], ['conditions'], ['demographics', 'laboratory', 'conditions'], ['demographics']];
const WAITS = [HOUR_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 31 * DAY_MS];

/** Their certificates are the same in every play: signing them is most of the work. */
const pseudonyms = new Map<string, Actor>();

const OVERRIDDEN = { deadlinesPerBlock: 400, claimAttempts: 2 };

class Play implements Stage {
  readonly world = new World({
    parameters: OVERRIDDEN,
    genesis: { voucherKeys: [...VOUCHER_KEYS] },
    verifiers: modelVerifiers,
  });
  readonly model: ReferenceModel;
  readonly requirementIds: RequirementId[] = [];
  readonly claims: { readonly id: ClaimId; readonly patient: Actor }[] = [];
  readonly voucherRequestIds: VoucherRequestId[] = [];
  readonly openingIds: OpeningId[] = [];
  readonly accepted: SentTransaction[] = [];
  transactions = 0;
  readonly events: AgreementEvent[] = [];
  private pseudonyms = 0;

  constructor() {
    const { world } = this;
    this.model = new ReferenceModel(
      {
        deliverWithinMs: 3 * DAY_MS, confirmWithinMs: 7 * DAY_MS, ruleWithinMs: 30 * DAY_MS, disputeBond: 100, claimAttempts: 2, auditors: world.auditors.length,
        denominations: VOUCHER_KEYS.map(({ denomination }) => denomination), feeBasisPoints: 200,
      },
      world.timeMs,
      OVERRIDDEN,
    );
  }

  institution = (which: number): Actor => (which % 2 === 0 ? this.world.institute : this.world.university);

  /** A pseudonym nobody has seen, with a record of its own. */
  newPatient(): Actor {
    this.pseudonyms += 1;
    const name = `pseudonym ${this.pseudonyms}`;
    const patient = pseudonyms.get(name) ?? this.world.pseudonym(name, { notAfterMs: START_MS + 36_500 * DAY_MS });
    pseudonyms.set(name, patient);
    this.expect(null, patient, registerBody(patient.name));
    return patient;
  }

  /** Sends; the outcome has to be the one foreseen, and a refused transaction must not have written anything. */
  expect(code: string | null, sender: Actor, body: Body): void {
    const { world } = this;
    this.transactions += 1;
    const isKnown = world.nonce(sender) > 0 || sender.certificate === null;
    const bytes = encodeCanonical({
      version: 1, chainId: CHAIN, sender: sender.key.publicKey, certificate: isKnown ? null : sender.certificate, nonce: world.nonce(sender),
      validUntilMs: world.timeMs + 1, body, signature: new Uint8Array(64),
    });
    if (code === null && !this.isStopped(sender)) this.accepted.push({ type: body.type, bytes, sender, hasCertificate: !isKnown, validUntilMs: world.timeMs + 1 });
    const { writes } = world.view;
    const result = world.contract.execute(world.view, world.context(), bytes);
    assert.equal(result.ok ? null : result.code, this.model.revoked.has(sender.name) ? 'agreements/revoked' : code, body.type);
    if (result.ok) this.#told(result.events);
    else assert.equal(world.view.writes, writes);
  }

  expectAgain(code: string, bytes: Uint8Array): void {
    const { view, contract } = this.world;
    const { writes } = view;
    this.transactions += 1;
    const result = contract.execute(view, this.world.context(), bytes);
    assert.deepEqual([result.ok ? 'accepted' : result.code, view.writes], [code, writes]);
  }

  isStopped = (sender: Actor): boolean => this.model.revoked.has(sender.name);

  pass(ms: number): void {
    this.world.timeMs += ms;
    this.world.height += 1;
    this.#told(this.world.contract.beginBlock(this.world.view, this.world.context(), []));
    this.model.pass(ms);
  }

  #told(events: readonly LedgerEvent[]): void {
    // Their form is the other specs' subject.
    this.events.push(...(events as readonly AgreementEvent[]));
  }

  /** The whole of both states, compared. */
  compare(): void {
    const { world, model } = this;
    checkConservation(world.view);
    for (const account of [world.institute, world.university, world.fees, ...this.claims.map(({ patient }) => patient)]) {
      assert.equal(world.balance(account), model.balance(account.name), `balance of ${account.name}`);
    }
    for (const { patient } of this.claims) assert.equal(pseudonymBalance(patient.id, this.events), world.balance(patient), `events of ${patient.name}`);
    for (const [index, id] of this.requirementIds.entries()) {
      const { status, taken, escrow } = readRequirement(world.view, id)!;
      assert.deepEqual({ status, taken, escrow }, { status: model.requirements[index]!.status, taken: model.taken(index), escrow: model.escrow(index) });
    }
    for (const [index, { id }] of this.claims.entries()) {
      const { status, deadlineMs } = readClaim(world.view, id)!;
      assert.deepEqual({ status, deadlineMs }, { status: model.claims[index]!.status, deadlineMs: model.claims[index]!.deadlineMs });
    }
    for (const [key, { publicKey }] of VOUCHER_KEYS.entries()) {
      assert.equal(voucherKeyTable.read(world.view, toHex(voucherKeyId(publicKey)))?.outstanding, model.funds.outstanding(key), `vouchers of key ${key} that are out`);
    }
    for (const [index, requestId] of this.voucherRequestIds.entries()) {
      assert.equal(voucherRequestTable.read(world.view, requestId) !== null, model.funds.requests[index]!.status === 'open', 'a request for vouchers');
    }
    for (const [index, openingId] of this.openingIds.entries()) {
      const isApproved = openingTable.read(world.view, openingId)!.approvedAtMs !== null;
      assert.equal(isApproved, model.funds.openings[index]!.approvals.size * 2 > world.auditors.length, 'an opening');
    }
  }
}

type Step = (play: Play, numbers: Numbers) => void;

const mint: Step = (play, [a, b]) => {
  const to = play.institution(a);
  play.expect(null, play.world.treasury, { type: 'mint', account: to.id, amount: b * 100 + 1, reference: bytes32('deposit') });
  play.model.minted.set(to.name, (play.model.minted.get(to.name) ?? 0) + b * 100 + 1);
};

const release: Step = (play, [a, b, c]) => {
  const { world, model } = play;
  const institution = play.institution(a);
  const parts = PARTS[b % PARTS.length]!;
  const exclusive = c % 2 === 0;
  const expiresAtMs = world.timeMs + (1 + (c % 20)) * DAY_MS;
  const offered = terms(world, {
    parts: [...parts], rewardPerRecord: a * 10, quantity: 1 + (b % 3), expiresAtMs, policyHash: bytes32(`policy ${play.requirementIds.length}`),
    licence: licence(world, { kind: exclusive ? 'exclusive' : 'non-exclusive', untilMs: expiresAtMs + c * DAY_MS + 1 }),
  });
  const body = releaseBody(institution, offered);
  const { length: domains } = body.sample.domainNullifiers;
  const cost = offered.rewardPerRecord * offered.quantity;
  const code = exclusive && domains === 0 ? 'agreements/exclusive-without-domain' : cost > model.balance(institution.name) ? 'agreements/insufficient-funds' : null;
  play.expect(code, institution, body);
  if (code !== null) return;
  const requirementId = requirementIdOf(CHAIN, institution.id, offered);
  play.requirementIds.push(requirementId);
  model.requirements.push({
    institution: institution.name, exclusive, domains: readRequirement(world.view, requirementId)!.domains, reward: offered.rewardPerRecord,
    fee: feeOf(offered.rewardPerRecord, model.feeBasisPoints), quantity: offered.quantity, expiresAtMs, untilMs: offered.licence.untilMs, status: 'open',
  });
};

const claim: Step = (play, [a, b, c]) => {
  const { world, model } = play;
  if (play.requirementIds.length === 0) return;
  const index = a % play.requirementIds.length;
  const requirementId = play.requirementIds[index]!;
  const person = PEOPLE[b % PEOPLE.length]!;
  const patient = play.newPatient();
  const good = claimBody(world, patient, person, requirementId, patient.name);
  const ended = model.refusesRequirement(index);
  const malice = c % 8;
  if (malice === 0) return play.expect(ended ?? 'agreements/bad-eligibility-proof', patient, { ...good, claimNullifier: bytes32(`invented ${play.transactions}`) });
  if (malice === 1) return play.expect(ended ?? 'agreements/result-mismatch', patient, claimBody(world, patient, person, requirementId, patient.name, { result: 0 }));
  if (malice === 2) return play.expect(ended ?? 'agreements/policy-mismatch', patient, claimBody(world, patient, person, requirementId, patient.name, { policyHash: bytes32('easier') }));
  if (malice === 3) return play.expect(ended ?? 'agreements/not-the-record-owner', play.newPatient(), good);
  const code = ended ?? model.refusesClaim(index, person);
  const claimId = claimIdOf(patient.id, world.nonce(patient));
  play.expect(code, patient, good);
  if (code !== null) return;
  play.claims.push({ id: claimId, patient });
  model.claims.push({
    requirement: index, person, patient: patient.name, status: 'accepted', deadlineMs: world.timeMs + model.parameters.deliverWithinMs, grantRevoked: false,
    bond: 'none', votes: new Map(), atFault: false, wasDelivered: false, isDeleted: false, hasReceipt: false,
  });
};

/** A step about a claim that exists. */
const about = (work: (play: Play, claimed: { id: ClaimId; patient: Actor; model: ModelClaim; institution: Actor }, numbers: Numbers) => void): Step => (play, numbers) => {
  if (play.claims.length === 0) return;
  // Mostly the latest: old claims have ended.
  const index = Math.max(0, play.claims.length - 1 - (numbers[0] % 4));
  const model = play.model.claims[index]!;
  const institution = play.institution(play.model.requirements[model.requirement]!.institution === 'institute' ? 0 : 1);
  work(play, { ...play.claims[index]!, model, institution }, numbers);
};

const wrongState = (claimed: ModelClaim, wanted: ModelClaim['status']): string | null => (claimed.status === wanted ? null : 'agreements/wrong-claim-state');

const deliver = about((play, { id, patient, model }, [, b, c]) => {
  const body = deliveryBody(play.world, id);
  const bent = c % 6 === 0;
  const stranger = b % 7 === 0;
  const sender = stranger ? play.newPatient() : b % 3 === 0 ? patient : play.world.proxy;
  const parts = bent ? body.parts.map((part) => ({ ...part, transformed: part.transformed.map((byte) => byte ^ 1) })) : body.parts;
  const code = stranger ? 'agreements/not-permitted' : (wrongState(model, 'accepted') ?? (bent ? 'agreements/bad-reencryption-proof' : null));
  play.expect(code, sender, { ...body, parts });
  if (code !== null || play.isStopped(sender)) return;
  Object.assign(model, { status: 'delivered', wasDelivered: true, deadlineMs: play.world.timeMs + play.model.parameters.confirmWithinMs });
});

const confirm = about((play, { id, model, institution }, [, b]) => {
  const other = institution === play.world.institute ? play.world.university : play.world.institute;
  if (b % 5 === 0) return play.expect('agreements/not-permitted', other, { type: 'confirm-delivery', claimId: id });
  const code = wrongState(model, 'delivered');
  play.expect(code, institution, { type: 'confirm-delivery', claimId: id });
  if (code === null) Object.assign(model, { status: 'settled', deadlineMs: null });
});

const dispute = about((play, { id, model, institution }) => {
  const { disputeBond, ruleWithinMs } = play.model.parameters;
  const code = wrongState(model, 'delivered') ?? (play.model.balance(institution.name) < disputeBond ? 'agreements/insufficient-funds' : null);
  play.expect(code, institution, { type: 'open-dispute', claimId: id, evidenceHash: bytes32('evidence') });
  if (code === null) Object.assign(model, { status: 'disputed', bond: 'held', deadlineMs: play.world.timeMs + ruleWithinMs });
});

const rule = about((play, { id, model }, [, b, c]) => {
  const auditor = play.world.auditors[b % 3]!;
  const outcome = DISPUTE_OUTCOMES[c % 3]!;
  const code = wrongState(model, 'disputed') ?? (model.votes.has(auditor.name) ? 'agreements/already-ruled' : null);
  play.expect(code, auditor, { type: 'rule-dispute', claimId: id, outcome });
  if (code === null) play.model.rule(model, auditor.name, outcome);
});

const withdraw = about((play, { id, patient, model }, [, b]) => {
  if (b % 5 === 0) return play.expect('agreements/not-permitted', play.newPatient(), { type: 'revoke-grant', claimId: id });
  const code = model.grantRevoked ? 'agreements/already-revoked' : null;
  play.expect(code, patient, { type: 'revoke-grant', claimId: id });
  if (code !== null || play.isStopped(patient)) return;
  model.grantRevoked = true;
  if (model.status === 'accepted') Object.assign(model, { status: 'withdrawn', deadlineMs: null });
});

const redeem = about((play, { patient, institution }, [, b, c]) => {
  const sender = [patient, institution, play.world.fees][b % 3]!;
  const balance = play.model.balance(sender.name);
  const amount = c % 3 === 0 ? balance + 1 : Math.max(1, Math.floor(balance / 2));
  const code = amount > balance ? 'agreements/insufficient-funds' : null;
  play.expect(code, sender, { type: 'redeem', amount, reference: bytes32('pay-out') });
  if (code === null && !play.isStopped(sender)) play.model.redeemed.set(sender.name, (play.model.redeemed.get(sender.name) ?? 0) + amount);
});

const revoke = about((play, { patient }, [, b]) => {
  if (b % 4 !== 0) return;
  play.expect(null, play.world.pkg, { type: 'revoke', accounts: [patient.id], serials: [] });
  play.model.revoked.add(patient.name);
});

const close: Step = (play, [a, b]) => {
  if (play.requirementIds.length === 0) return;
  const index = a % play.requirementIds.length;
  const requirement = play.model.requirements[index]!;
  const sender = play.institution(b);
  const code = sender.name !== requirement.institution ? 'agreements/not-permitted' : requirement.status === 'open' ? null : 'agreements/requirement-closed';
  play.expect(code, sender, { type: 'close-requirement', requirementId: play.requirementIds[index]! });
  if (code === null) requirement.status = 'closed';
};

const wait: Step = (play, [a, b]) => play.pass(b % 3 === 0 ? WAITS[a % WAITS.length]! : HOUR_MS);

const EXCHANGE_STEPS: readonly Step[] = [
  mint, release, release, claim, claim, claim, claim, deliver, deliver, deliver, confirm, dispute, dispute, rule, rule, rule, withdraw, redeem, revoke, close, wait, wait,
];
/** Exchanges need several steps that follow on each other: they come twice as often. */
const STEPS: readonly Step[] = [...EXCHANGE_STEPS, ...EXCHANGE_STEPS, ...STAGE_STEPS];
/** What no play may leave out. */
const ACCEPTED: readonly BodyType[] = [
  'rule-dispute', 'record-deletion', 'request-vouchers', 'issue-vouchers', 'spend-vouchers', 'request-opening', 'approve-opening', 'vote',
];

type AnyTable = Pick<tables.Table<unknown, []>, 'prefix' | 'at' | 'decode'>;
const isTable = (each: unknown): each is AnyTable => typeof each === 'object' && each !== null && 'prefix' in each && 'decode' in each;

/** What rules have written is kept as they wrote it and not decoded again: it has to be what its bytes decode to. */
function requireEntriesAsWritten(view: MemoryView): void {
  const byPrefix = new Map(Object.values<unknown>(tables).flatMap((each) => (isTable(each) ? [[each.prefix, each] as const] : [])));
  for (const key of view.keys()) {
    const table = byPrefix.get(key.split('/', 1)[0] ?? '');
    if (table !== undefined) assert.deepEqual(table.at(view, key), table.decode(view.get(key)!), key);
  }
}

it('agrees with the reference model, whatever honest, lazy and malicious actors do', () => {
  const number = fc.nat({ max: 99 });
  const steps = fc.array(fc.tuple(fc.nat({ max: STEPS.length - 1 }), number, number, number), { minLength: 100, maxLength: 300, size: 'max' });
  const seen = { transactions: 0, statuses: new Set<string>(), accepted: new Set<string>() };
  fc.assert(
    fc.property(steps, (sequence) => {
      const play = new Play();
      mint(play, [0, 99, 0]);
      mint(play, [1, 99, 0]);
      for (const [at, [which, ...numbers]] of sequence.entries()) {
        STEPS[which]!(play, numbers);
        if (at % 25 === 0) play.compare();
      }
      play.compare();
      requireEntriesAsWritten(play.world.view);
      seen.transactions += play.transactions;
      for (const { status } of play.model.claims) seen.statuses.add(status);
      for (const { type } of play.accepted) seen.accepted.add(type);
    }),
    { numRuns: Number(process.env['MODEL_RUNS'] ?? 25) },
  );
  assert.ok(seen.transactions > 2_000, `${seen.transactions} transactions`);
  assert.deepEqual(ACCEPTED.filter((type) => !seen.accepted.has(type)), []);
  assert.deepEqual([...seen.statuses].toSorted(), ['accepted', 'delivered', 'disputed', 'lapsed', 'refunded', 'settled', 'withdrawn']);
});
