import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type CompiledPolicy, compilePolicy, decodeOpening, encodeOpening, LOINC, type Observation, type PartType, validatePolicy } from '@medveil/eligibility';
import { isCodedError, sha256 } from '@medveil/encoding';
import { afgh06, type Afgh06, type DelegateeKey, loadEngine, type OwnerKey } from '@medveil/pre';
import {
  broken, containerOf, edited, type EncryptedPart, encodeContainer, encryptPart, flipped, makeRecord, type PatientRecord, type PlainContainer, random,
} from './testing/index.js';
import { CheckLog } from './check-log.js';
import { checkReceived } from './check-received.js';
import { asDelegatee, checkBody, openPart, type PartToOpen } from './open-part.js';

const NOW_MS = Date.UTC(2026, 5, 15, 12);
const CHAIN = 'spec-chain';
const GRANTED: readonly PartType[] = ['vital-signs', 'laboratory'];
const HEIGHT = { system: LOINC, code: '8302-2' };

const policyOf = (all: readonly object[], options: object = {}): CompiledPolicy =>
  compilePolicy(validatePolicy({ version: 1, all, ...options }), { releasedAtMs: NOW_MS, random });

interface Delivery {
  readonly record: PatientRecord;
  readonly parts: readonly (PartToOpen & { readonly ciphertext: Uint8Array })[];
}

/** Where a dishonest patient or proxy reaches in. */
interface Tampering {
  readonly record?: PatientRecord;
  readonly container?: (container: PlainContainer) => PlainContainer | Uint8Array;
  readonly encrypted?: (part: EncryptedPart) => EncryptedPart;
  readonly transformed?: (transformed: Uint8Array) => Uint8Array;
}

const opened = (change: (opening: ReturnType<typeof decodeOpening>) => ReturnType<typeof decodeOpening>) => (container: PlainContainer): PlainContainer => ({
  ...container,
  opening: encodeOpening(change(decodeOpening(container.opening))),
});
const inPart = (part: PartType, change: (container: PlainContainer) => PlainContainer | Uint8Array) => (container: PlainContainer) =>
  (container.part === part ? change(container) : container);

const oneMore = (observations: readonly Observation[]): readonly Observation[] => [
  ...observations, { part: 'vital-signs', code: HEIGHT, timeMs: Date.UTC(2026, 0, 1), value: { kind: 'quantity', scaled: 20_000n, unit: 'cm' } },
];

describe('what was delivered against what was proved', () => {
  let pre: Afgh06;
  let owner: OwnerKey;
  let delegatee: DelegateeKey;
  let honest: PatientRecord;
  const policy = policyOf([{ has: { code: HEIGHT } }]);

  before(async () => {
    pre = afgh06(await loadEngine());
    owner = pre.ownerKeyFromSeed(random(32));
    delegatee = pre.delegateeKeyFromSeed(random(32));
    honest = makeRecord({ nowMs: NOW_MS, seed: 3 });
  });

  async function deliver({ record = honest, container = (c) => c, encrypted = (p) => p, transformed = (t) => t }: Tampering): Promise<Delivery> {
    const parts = await Promise.all(GRANTED.map(async (part) => {
      const bent = container(containerOf(record, part));
      const plaintext = bent instanceof Uint8Array ? bent : encodeContainer(bent);
      const made = encrypted(await encryptPart(pre, owner, { chainId: CHAIN, record: record.h, part, plaintext }));
      return { ...made, transformed: transformed(pre.reEncrypt(made.capsule, pre.reKeyGen(owner, made.label, delegatee.publicKey))) };
    }));
    return { record, parts };
  }

  async function receive({ record, parts }: Delivery, checks: CheckLog, asked = policy): Promise<void> {
    const containers = [];
    for (const part of parts) {
      checkBody(part, part.ciphertext, checks);
      containers.push(await openPart(asDelegatee(pre, delegatee), part, part.ciphertext, checks));
    }
    checkReceived({ record: record.h, policy: asked, granted: GRANTED, containers }, checks);
  }

  async function refused(code: string, tampering: Tampering, asked = policy): Promise<void> {
    const checks = new CheckLog();
    await assert.rejects(receive(await deliver(tampering), checks, asked), (error) => isCodedError(error) && error.code === `delivery/${code}`, code);
    assert.deepEqual(checks.checks.map(({ ok }) => ok).indexOf(false), checks.checks.length - 1, `${code}: the failing check stands last`);
  }

  it('passes an honest delivery, every check by its name', async () => {
    const checks = new CheckLog();
    await receive(await deliver({}), checks);
    assert.ok(checks.checks.every(({ ok }) => ok));
    assert.deepEqual(checks.checks.map(({ check }) => check), [
      ...GRANTED.flatMap((part) => ['body', 'capsule', 'decryption', 'container'].map((check) => `${check} ${part}`)),
      'openings', 'openings agree', 'parts', 'plaintexts', 'leaves', 'commitment', 'attestation', 'criteria', 'observations vital-signs', 'observations laboratory',
    ]);
  });

  it('notices a proxy that serves or re-encrypts something else', async () => {
    await refused('body-differs', { encrypted: (part) => ({ ...part, ciphertext: flipped(part.ciphertext) }) });
    await refused('body-differs', { encrypted: (part) => ({ ...part, ciphertext: part.ciphertext.subarray(0, -1) }) });
    await refused('capsule-refused', { transformed: (transformed) => flipped(transformed) });
    await refused('capsule-refused', { encrypted: (part) => ({ ...part, record: part.record.map((byte, index) => (index === 31 ? byte ^ 1 : byte)) }) });
  });

  it('notices a ciphertext that was registered broken', async () => {
    await refused('body-not-authentic', { encrypted: broken });
  });

  it('notices containers that are none, or of another part', async () => {
    await refused('container-malformed', { container: () => random(200) });
    await refused('container-malformed', { container: (container) => ({ ...container, version: 2 }) });
    await refused('container-malformed', { container: (container) => ({ ...container, part: 'other' }) });
    await refused('container-malformed', { container: (container) => ({ ...container, opening: flipped(container.opening, 0) }) });
  });

  it('notices other content than was committed to', async () => {
    const bent = inPart('laboratory', (container) => ({ ...container, content: edited(container.content) }));
    await refused('plaintext-differs', { container: bent });
    const redigested = inPart('laboratory', (container) => {
      const content = edited(container.content);
      return { ...opened((opening) => ({ ...opening, parts: opening.parts.map((part) => ({ ...part, digest: sha256(content) })) }))(container), content };
    });
    await refused('commitment-differs', { container: redigested });
  });

  it('notices leaves that were changed, swapped or left out', async () => {
    const leaves = (change: (leaves: readonly never[]) => readonly never[]) => inPart('laboratory', opened((opening) => ({
      ...opening, parts: opening.parts.map((part) => ({ ...part, leaves: change(part.leaves as readonly never[]) })),
    })));
    await refused('leaves-malformed', { container: leaves((all) => all.toReversed()) });
    await refused('commitment-differs', { container: leaves((all) => all.slice(1)) });
    const resalted = opened((opening) => ({ ...opening, parts: opening.parts.map((part) => ({ ...part, sentinelSalt: part.sentinelSalt + 1n })) }));
    await refused('commitment-differs', { container: inPart('laboratory', resalted) });
    await refused('commitment-differs', { container: opened((opening) => ({ ...opening, closed: { ...opening.closed, conditions: new Uint8Array(64).fill(1) } })) });
    await refused('parts-missing', { container: inPart('laboratory', opened((opening) => ({ ...opening, parts: [] }))) });
    await refused('openings-disagree', { container: inPart('laboratory', opened((opening) => ({ ...opening, timeDay: opening.timeDay + 1 }))) });
    await refused('commitment-differs', { container: opened((opening) => ({ ...opening, timeDay: opening.timeDay + 1 })) });
  });

  it('notices a record that is too old, or does not meet a criterion that its delivered parts can show', async () => {
    await refused('attestation-too-old', {}, { ...policy, leastDay: honest.timeDay + 1 });
    await refused('criterion-not-met', {}, policyOf([{ has: { code: HEIGHT } }, { has: { code: HEIGHT, value: { atLeast: 300, unit: 'cm' } } }]));
    const checks = new CheckLog();
    await receive(await deliver({}), checks, policyOf([{ has: { code: { system: LOINC, code: '21112-8' } } }]));
    assert.match(checks.checks.find(({ check }) => check === 'criteria')?.detail ?? '', /^0 of 1/, 'a criterion in another part stands on the proof');
  });

  it('notices observations that were attested and proved, but are not in the data', async () => {
    await refused('observations-differ', { record: makeRecord({ nowMs: NOW_MS, seed: 3, claimed: oneMore }) });
    await refused('observations-differ', { record: makeRecord({ nowMs: NOW_MS, seed: 3, claimed: (all) => all.filter(({ part }) => part !== 'laboratory') }) });
  });
});
