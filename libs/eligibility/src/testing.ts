import { concatBytes, digest } from '@medveil/encoding';
import {
  accreditationLeaf,
  attest,
  BIRTH_DATE,
  buildRecord,
  compilePolicy,
  dayOf,
  DAY_MS,
  type EligibilityInputs,
  idToField,
  issuerKeyFromSeed,
  IssuerTree,
  LOINC,
  type Observation,
  parsePolicy,
  SNOMED,
  startOfDayMs,
  subjectOf,
  toQuantity,
} from './index.js';

export { decodeProof } from './testing-proofs.js';

/** Fixtures of the specs and benchmarks: one example record with everything a proof needs. Deterministic bytes, no secrets. */
export function seededRandom(seed: string): (length: number) => Uint8Array {
  let counter = 0;
  return (length) => {
    const blocks: Uint8Array[] = [];
    for (let have = 0; have < length; have += 32) {
      counter += 1;
      blocks.push(digest('medveil/specs/1', [seed, counter]));
    }
    return concatBytes(...blocks).slice(0, length);
  };
}

export const NOW_MS = Date.UTC(2026, 5, 15);
export const daysAgo = (days: number): number => startOfDayMs(NOW_MS) - days * DAY_MS;

export const HBA1C = { system: LOINC, code: '4548-4' };
export const COVID_PCR = { system: LOINC, code: '94500-6' };
export const DETECTED = { system: SNOMED, code: '260373001' };
export const NOT_DETECTED = { system: SNOMED, code: '260415000' };
export const DIABETES_TYPE_1 = { system: SNOMED, code: '46635009' };
export const HYPERTENSION = { system: SNOMED, code: '38341003' };

const hba1c = (daysBefore: number, percent: string): Observation => ({
  part: 'laboratory',
  code: HBA1C,
  timeMs: daysAgo(daysBefore),
  value: toQuantity(HBA1C, percent, '%'),
});

/** A woman of 61 with three HbA1c values (two on one day), a positive PCR and hypertension. */
export const OBSERVATIONS = {
  demographics: [{ part: 'demographics', code: BIRTH_DATE, timeMs: Date.UTC(1965, 3, 2), value: { kind: 'present' } }],
  laboratory: [
    hba1c(400, '5.9'),
    hba1c(100, '6.1'),
    hba1c(100, '6.8'),
    hba1c(10, '7.1'),
    { part: 'laboratory', code: COVID_PCR, timeMs: daysAgo(20), value: { kind: 'coded', ...DETECTED } },
  ],
  conditions: [{ part: 'conditions', code: HYPERTENSION, timeMs: daysAgo(900), value: { kind: 'present' } }],
} as const satisfies Partial<Record<Observation['part'], readonly Observation[]>>;

/** A policy of every kind of clause, in YAML, that the record above satisfies. */
export const POLICY = `
version: 1
attestedWithinDays: 30
all:
  - age: { atLeast: 18, atMost: 65 }
  - any:
      - has: { code: { system: ${LOINC}, code: 4548-4 }, value: { atLeast: 9, unit: '%' } }
      - count: { code: { system: ${LOINC}, code: 4548-4 }, value: { atLeast: 7.5, unit: '%' }, times: 2, within: { lastDays: 180 } }
      - count: { code: { system: ${LOINC}, code: 4548-4 }, value: { atLeast: 6.0, unit: '%' }, times: 2, within: { lastDays: 180 } }
  - latest: { code: { system: ${LOINC}, code: 94500-6 }, value: { oneOf: [ { system: ${SNOMED}, code: '260373001' } ] }, within: { lastDays: 30 } }
`;

/** Digest of the example's plaintext of a part. */
export const exampleDigest = (part: string): Uint8Array => digest('medveil/specs/1', part);

/** All that a proof about the record above is made from. */
export function exampleInputs(options: { policy?: string; selfAttested?: boolean; seed?: string } = {}): EligibilityInputs {
  const random = seededRandom(options.seed ?? 'example');
  const record = buildRecord({
    recordSecret: random(32),
    parts: {
      demographics: { observations: OBSERVATIONS.demographics, digest: exampleDigest('demographics') },
      laboratory: { observations: OBSERVATIONS.laboratory, digest: exampleDigest('laboratory') },
      conditions: { observations: OBSERVATIONS.conditions, digest: exampleDigest('conditions') },
    },
  });
  const idSecret = idToField('a secret of the specs');
  const subject = subjectOf(idSecret);
  const issuer = issuerKeyFromSeed(random(32));
  const others = Array.from({ length: 9 }, () => accreditationLeaf(issuerKeyFromSeed(random(32)).publicKey));
  const selfAttested = options.selfAttested ?? false;
  return {
    record,
    attestation: attest(issuer, { partsRoot: record.partsRoot, timeDay: dayOf(NOW_MS) - 3, subject }),
    idSecret,
    r: idToField('a blinding of the specs'),
    policy: compilePolicy(parsePolicy(options.policy ?? POLICY), { releasedAtMs: NOW_MS, random }),
    selfAttested,
    issuers: IssuerTree.of([...others, accreditationLeaf(issuer.publicKey, selfAttested ? subject : 0n)]),
    requirementId: 'req_00112233445566778899aabbccddeeff',
    domains: ['measurements', 'history'],
    pseudonym: random(32),
    chainId: 'medveil-spec',
  };
}

export { hashSlots, packSlot } from './policy-slots.js';
export { poseidon, TAGS } from './poseidon.js';

export { type CeremonyMember, heldCeremony } from './ceremony/testing.js';
