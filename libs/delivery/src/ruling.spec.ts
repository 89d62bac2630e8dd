import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type ClaimEntry, preStatementOf, type RecordEntry, type RequirementEntry, transformedDigest } from '@medveil/agreements';
import { type CompiledPolicy, compilePolicy, decodeOpening, encodeOpening, encodePolicy, LOINC, type PartType, policyHash, validatePolicy } from '@medveil/eligibility';
import { isCodedError } from '@medveil/encoding';
import { accountId, type HpkeKeyPair, hpkeKeyPairFromSeed, signingKeyFromSeed } from '@medveil/identity';
import { afgh06, type Afgh06, type DelegateeKey, loadEngine, type OwnerKey } from '@medveil/pre';
import { type Auditor, disputedParts, type Evidence, evidenceHash, openEvidence, sealEvidence } from './evidence.js';
import { partsConcerned, rule, type DisputedClaim, type Ruling } from './ruling.js';
import {
  broken, containerOf, edited, type EncryptedPart, encodeContainer, encryptPart, flipped, makeRecord, type PatientRecord, type PlainContainer, random,
} from './testing/index.js';

const NOW_MS = Date.UTC(2026, 5, 15, 12);
const CHAIN = 'spec-chain';
const CLAIM = `clm_${'a'.repeat(32)}` as const;
const OTHER_CLAIM = `clm_${'b'.repeat(32)}` as const;
const GRANTED: readonly PartType[] = ['vital-signs', 'laboratory'];
const HEIGHT = { system: LOINC, code: '8302-2' };

/** Where a dishonest patient reaches in before anything is registered. */
interface Tampering {
  readonly record?: PatientRecord;
  readonly container?: (container: PlainContainer) => PlainContainer | Uint8Array;
  readonly encrypted?: (part: EncryptedPart) => EncryptedPart;
}

interface Case {
  readonly dispute: DisputedClaim;
  readonly bodies: ReadonlyMap<PartType, Uint8Array>;
  readonly transformed: Evidence['transformed'];
}

const wrongMask = (part: EncryptedPart): EncryptedPart => ({ ...part, capsule: flipped(part.capsule, 80) });
const said = ({ outcome, reason, part }: Ruling) => [outcome, reason, part];
const badEvidence = (asked: Promise<unknown>) => assert.rejects(asked, (error) => isCodedError(error) && error.code === 'delivery/bad-evidence');
const only = (part: PartType, change: (container: PlainContainer) => PlainContainer | Uint8Array) => (container: PlainContainer) =>
  (container.part === part ? change(container) : container);

describe('an auditor’s ruling', () => {
  let pre: Afgh06;
  let owner: OwnerKey;
  let institution: DelegateeKey;
  let policy: CompiledPolicy;
  let record: PatientRecord;
  let honest: Case;

  before(async () => {
    pre = afgh06(await loadEngine());
    owner = pre.ownerKeyFromSeed(random(32));
    institution = pre.delegateeKeyFromSeed(random(32));
    policy = compilePolicy(validatePolicy({ version: 1, all: [{ has: { code: HEIGHT } }] }), { releasedAtMs: NOW_MS, random });
    record = makeRecord({ nowMs: NOW_MS, seed: 3 });
    honest = await delivered({});
  });

  /** A delivery that the ledger accepted: re-encrypted as it should be, whatever the patient had encrypted. */
  async function delivered({ record: of = record, container = (c) => c, encrypted = (p) => p }: Tampering): Promise<Case> {
    const parts: RecordEntry['parts'] = [];
    const transformed: Evidence['transformed'] = [];
    const bodies = new Map<PartType, Uint8Array>();
    for (const part of GRANTED) {
      const bent = container(containerOf(of, part));
      const plaintext = bent instanceof Uint8Array ? bent : encodeContainer(bent);
      const made = encrypted(await encryptPart(pre, owner, { chainId: CHAIN, record: of.h, part, plaintext }));
      parts.push({ part, version: made.version, capsule: made.capsule, bodyDigest: made.bodyDigest, bodyBytes: made.bodyBytes });
      transformed.push({ part, transformed: pre.reEncrypt(made.capsule, pre.reKeyGen(owner, made.label, institution.publicKey)) });
      bodies.set(part, made.ciphertext);
    }
    const dispute = {
      chainId: CHAIN,
      claimId: CLAIM,
      claim: { delegateeKey: institution.publicKey, delivery: { by: `acc_${'0'.repeat(32)}`, atMs: 0, transformedDigest: transformedDigest(transformed) } } as unknown as ClaimEntry,
      requirement: { terms: { parts: GRANTED, policyHash: policyHash(policy) } } as unknown as RequirementEntry,
      record: { record: of.h, ownerKey: owner.publicKey, parts } as unknown as RecordEntry,
    };
    return { dispute, bodies, transformed };
  }

  const keyOf = ({ dispute, transformed }: Case, part: PartType, claimId: string = CLAIM): Uint8Array => {
    const { version, capsule } = dispute.record.parts.find((candidate) => candidate.part === part)!;
    const of = transformed.find((candidate) => candidate.part === part)!;
    const { claim, record: { record: h, ownerKey } } = dispute;
    const statement = { chainId: CHAIN, record: h, part, version, claimId, ownerKey, delegateeKey: claim.delegateeKey, capsule, transformed: of.transformed };
    return pre.discloseCapsuleKey(institution, preStatementOf(statement), random);
  };

  const evidenceOf = (of: Case, parts: readonly PartType[] = GRANTED, change: Partial<Evidence> = {}): Evidence => ({
    version: 1, chainId: CHAIN, claimId: CLAIM, policy: encodePolicy(policy), transformed: of.transformed,
    disclosed: parts.map((part) => ({ part, key: keyOf(of, part) })), code: 'delivery/commitment-differs', checks: [], salt: random(16), ...change,
  });

  it('is against an institution that accuses an honest patient, whatever it discloses', async () => {
    for (const parts of [GRANTED, ['laboratory'], ['vital-signs']] as const) {
      const ruling = await rule(pre, honest.dispute, evidenceOf(honest, parts), honest.bodies);
      assert.deepEqual(said(ruling), ['institution-at-fault', 'delivery/nothing-wrong', null]);
      assert.ok(ruling.checks.every(({ ok }) => ok));
      // Of a part that is not disclosed nothing is looked at.
      assert.deepEqual(partsConcerned(honest.dispute, evidenceOf(honest, parts)), parts);
      assert.equal(ruling.checks.some(({ check }) => check.includes('laboratory')), parts.some((part) => part === 'laboratory'));
    }
  });

  it('is the same each time: nothing but what stands before the auditor decides', async () => {
    const evidence = evidenceOf(honest);
    const [first, second] = await Promise.all([1, 2].map(() => rule(pre, honest.dispute, evidence, honest.bodies)));
    assert.deepEqual(first, second);
  });

  it('is for a refund where a body is not to be had, or only other bytes in its place', async () => {
    const evidence = evidenceOf(honest, ['laboratory']);
    const body = honest.bodies.get('laboratory')!;
    for (const found of [undefined, flipped(body), body.subarray(1), new Uint8Array()]) {
      const bodies = new Map(honest.bodies);
      if (found === undefined) bodies.delete('laboratory');
      else bodies.set('laboratory', found);
      assert.deepEqual(said(await rule(pre, honest.dispute, evidence, bodies)), ['body-unavailable', 'delivery/body-unavailable', 'laboratory']);
      // Of a part that is not in dispute it does not matter.
      assert.equal((await rule(pre, honest.dispute, evidenceOf(honest, ['vital-signs']), bodies)).outcome, 'institution-at-fault');
      // Without evidence every body asked for has to be there, or nobody could have read it.
      assert.equal((await rule(pre, honest.dispute, null, bodies)).outcome, 'body-unavailable');
    }
  });

  it('is against an institution whose evidence is withheld, or of something else', async () => {
    const other = await delivered({});
    const cases: readonly (readonly [string, Evidence | null])[] = [
      ['delivery/evidence-withheld', null],
      ['delivery/evidence-of-another-claim', evidenceOf(honest, GRANTED, { claimId: OTHER_CLAIM })],
      ['delivery/evidence-of-another-claim', evidenceOf(honest, GRANTED, { chainId: 'another-chain' })],
      ['delivery/evidence-of-another-policy', evidenceOf(honest, GRANTED, { policy: new Uint8Array(4) })],
      ['delivery/evidence-of-another-policy', evidenceOf(honest, GRANTED, { policy: encodePolicy({ ...policy, leastDay: policy.leastDay + 1 }) })],
      ['delivery/evidence-of-another-delivery', evidenceOf(honest, GRANTED, { transformed: other.transformed })],
      ['delivery/evidence-of-another-delivery', evidenceOf(honest, GRANTED, { transformed: [] })],
      ['delivery/evidence-discloses-nothing', evidenceOf(honest, [])],
      ['delivery/evidence-discloses-nothing', evidenceOf(honest, GRANTED, { disclosed: [{ part: 'conditions', key: keyOf(honest, 'laboratory') }] })],
    ];
    for (const [reason, evidence] of cases) assert.deepEqual(said(await rule(pre, honest.dispute, evidence, honest.bodies)), ['institution-at-fault', reason, null]);
  });

  it('is against an institution that shows another key than the capsule’s', async () => {
    const other = await delivered({});
    const replayed = keyOf(honest, 'laboratory', OTHER_CLAIM);
    for (const key of [keyOf(honest, 'vital-signs'), keyOf(other, 'laboratory'), replayed, flipped(keyOf(honest, 'laboratory'), 640), random(641)]) {
      const evidence = evidenceOf(honest, ['laboratory'], { disclosed: [{ part: 'laboratory', key }] });
      assert.deepEqual(said(await rule(pre, honest.dispute, evidence, honest.bodies)), ['institution-at-fault', 'delivery/evidence-not-proved', 'laboratory']);
    }
  });

  it('is against a patient who encrypted something else than was proved', async () => {
    const other = makeRecord({ nowMs: NOW_MS, seed: 4 });
    const cases: readonly (readonly [string, Tampering])[] = [
      ['capsule-refused', { encrypted: wrongMask }],
      ['body-not-authentic', { encrypted: broken }],
      ['container-malformed', { container: only('laboratory', () => random(200)) }],
      ['container-malformed', { container: only('laboratory', () => containerOf(record, 'vital-signs')) }],
      ['plaintext-differs', { container: only('laboratory', (container) => ({ ...container, content: edited(container.content) })) }],
      ['commitment-differs', { container: only('laboratory', () => containerOf(other, 'laboratory')) }],
      ['commitment-differs', { container: only('laboratory', (container) => {
        const opening = decodeOpening(container.opening);
        return { ...container, opening: encodeOpening({ ...opening, timeDay: opening.timeDay + 1 }) };
      }) }],
      ['observations-differ', { record: makeRecord({ nowMs: NOW_MS, seed: 3, claimed: (all) => all.filter(({ part }) => part !== 'laboratory') }) }],
    ];
    for (const [reason, tampering] of cases) {
      const bent = await delivered(tampering);
      const ruling = await rule(pre, bent.dispute, evidenceOf(bent, ['laboratory']), bent.bodies);
      assert.deepEqual([ruling.outcome, ruling.reason], ['patient-at-fault', `delivery/${reason}`]);
      assert.equal(ruling.checks.at(-1)?.ok, false);
    }
  });

  it('sees what shows in several parts together', async () => {
    const other = await delivered({ container: only('laboratory', () => containerOf(makeRecord({ nowMs: NOW_MS, seed: 4 }), 'laboratory')) });
    assert.equal((await rule(pre, other.dispute, evidenceOf(other), other.bodies)).reason, 'delivery/openings-disagree');
    // The half that is right shows nothing wrong: it is for the institution to name the parts.
    assert.equal((await rule(pre, other.dispute, evidenceOf(other, ['vital-signs']), other.bodies)).outcome, 'institution-at-fault');
  });
});

describe('evidence', () => {
  const auditors: (Auditor & { readonly hpke: HpkeKeyPair })[] = [];
  let evidence: Evidence;

  before(async () => {
    for (let index = 0; index < 3; index += 1) {
      const hpke = await hpkeKeyPairFromSeed(random(32));
      auditors.push({ account: accountId(signingKeyFromSeed(random(32)).publicKey), sealKey: hpke.publicKey, hpke });
    }
    evidence = { version: 1, chainId: CHAIN, claimId: CLAIM, policy: random(100), transformed: [], disclosed: [], code: 'x', checks: [], salt: random(16) };
  });

  it('opens to each auditor and to nobody else, for its claim', async () => {
    const sealed = await sealEvidence(evidence, auditors, random);
    for (const auditor of auditors) assert.deepEqual(await openEvidence(sealed, CLAIM, auditor), evidence);
    const [first, second] = auditors as [(typeof auditors)[0], (typeof auditors)[0]];
    await badEvidence(openEvidence(sealed, OTHER_CLAIM, first));
    await badEvidence(openEvidence(sealed, CLAIM, { account: first.account, hpke: second.hpke }));
    await badEvidence(openEvidence(sealed, CLAIM, { account: accountId(random(32)), hpke: first.hpke }));
    await badEvidence(sealEvidence(evidence, [], random));
  });

  it('is one document for all: an auditor who is shown another one sees it', async () => {
    const [first] = auditors as [(typeof auditors)[0]];
    const sealed = await sealEvidence(evidence, auditors, random);
    const other = await sealEvidence({ ...evidence, code: 'y' }, auditors, random);
    await badEvidence(openEvidence({ ...other, documentHash: sealed.documentHash }, CLAIM, first));
    await badEvidence(openEvidence({ ...sealed, ciphertext: other.ciphertext }, CLAIM, first));
    for (const changed of [other, { ...sealed, documentHash: other.documentHash }, { ...sealed, ciphertext: other.ciphertext }, { ...sealed, keys: other.keys }]) {
      assert.notDeepEqual(evidenceHash(changed), evidenceHash(sealed));
    }
    assert.notDeepEqual(evidenceHash(await sealEvidence(evidence, auditors, random)), evidenceHash(sealed), 'sealed afresh it is other bytes');
  });

  it('discloses the part that the failed check names, or all where it names none', () => {
    const failed = (check: string, detail = '') => disputedParts([{ check: 'parts asked for', ok: true, detail: '2 of 2' }, { check, ok: false, detail }], GRANTED);
    assert.deepEqual(failed('body laboratory', '100 bytes'), ['laboratory']);
    assert.deepEqual(failed('plaintexts', 'vital-signs'), ['vital-signs']);
    assert.deepEqual(failed('criteria', 'criterion 0'), GRANTED);
    assert.deepEqual(failed('commitment', 'commitment-differs'), GRANTED);
    assert.deepEqual(disputedParts([], GRANTED), GRANTED);
  });
});
