import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  accreditationLeaf,
  attest,
  buildRecord,
  commit,
  domainNullifier,
  type EligibilityInputs,
  FIELD_ORDER as R,
  isEligibilityError,
  issuerKeyFromSeed,
  IssuerTree,
  LOINC,
  matches,
  SNOMED,
  subjectOf,
} from '@medveil/eligibility';
import { daysAgo, exampleDigest, exampleInputs, OBSERVATIONS } from '@medveil/eligibility/testing';
import { CircuitLab } from './circuit-lab.js';
import { Forgery } from './forgery.js';

const HBA1C = `code: {system: '${LOINC}', code: 4548-4}`;
const policyOf = (...clauses: string[]) => `{version: 1, acceptSelfAttested: true, all: [${clauses.join(', ')}]}`;
const forgery = (...clauses: string[]) => new Forgery(exampleInputs({ policy: policyOf(...clauses) }));
const toField = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

const RANGE = `{has: {${HBA1C}, value: {atLeast: 7, atMost: 8, unit: '%'}}}`;
const SET = `{latest: {code: {system: '${LOINC}', code: 94500-6}, value: {oneOf: [{system: '${SNOMED}', code: '260373001'}]}}}`;
const ABSENT = `{lacks: {${HBA1C}, within: {lastDays: 5}}}`;
const COUNT = `{count: {${HBA1C}, times: 3}}`;
const CONDITION = `{has: {part: conditions, code: {system: '${SNOMED}', code: '38341003'}}}`;
const dayText = (daysBefore: number) => new Date(daysAgo(daysBefore)).toISOString().slice(0, 10);
const ranged = () => forgery(RANGE);
const lacking = () => forgery(ABSENT);
const honest = (): EligibilityInputs => exampleInputs({ policy: policyOf(RANGE) });

let lab: CircuitLab;
before(async () => {
  lab = await CircuitLab.open('small');
});

const refuses = (forged: Forgery, message?: string) => {
  assert.notEqual(lab.failures(forged.toSignals()).length, 0, message);
};
const accepts = (claim: Forgery) => {
  assert.deepEqual(lab.failures(claim.toSignals()), []);
};

describe('honest witnesses', () => {
  it('pass with every kind of clause', () => {
    accepts(forgery(RANGE, SET, ABSENT, COUNT, '{age: {atLeast: 18}}'));
    accepts(forgery(`{any: [{age: {atLeast: 90}}, ${CONDITION}]}`));
    accepts(new Forgery(exampleInputs()));
  });

  it('pass at the very bounds', () => {
    accepts(forgery(`{has: {${HBA1C}, value: {atLeast: 7.1, atMost: 7.1, unit: '%'}}}`));
    accepts(forgery(`{has: {${HBA1C}, within: {from: 2026-06-05, to: 2026-06-05}}}`));
    accepts(forgery(`{lacks: {${HBA1C}, within: {from: 2026-06-06}}}`, `{lacks: {${HBA1C}, within: {from: 2026-03-08, to: 2026-06-04}}}`));
    accepts(forgery(`{count: {${HBA1C}, times: 4}}`));
  });

  it('pass for whatever policy the record satisfies, and none is made for the others', () => {
    const codes = [HBA1C, `code: {system: '${LOINC}', code: 94500-6}`, `code: {system: '${LOINC}', code: 8302-2}`];
    const days = fc.integer({ min: 1, max: 500 });
    const clause = fc
      .tuple(fc.constantFrom(...codes), days, days, fc.constantFrom('has', 'latest', 'lacks', 'count'), fc.integer({ min: 2, max: 3 }), fc.boolean())
      .map(([code, from, length, kind, times, bounded]) => {
        const within = `within: {from: ${dayText(from + length)}, to: ${dayText(from)}}`;
        const value = bounded && code === HBA1C && kind !== 'lacks' ? ", value: {atLeast: 6, atMost: 7, unit: '%'}" : '';
        return `{${kind}: {${code}, ${within}${value}${kind === 'count' ? `, times: ${times}` : ''}}}`;
      });
    const policies = fc.array(fc.array(clause, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 1 });
    let made = 0;
    fc.assert(
      fc.property(policies, (groups) => {
        const inputs = exampleInputs({ policy: policyOf(...groups.map((group) => `{any: [${group.join(', ')}]}`)) });
        const facts = { timeDay: inputs.attestation.timeDay, selfAttested: false };
        if (matches(inputs.policy, inputs.record, facts)) {
          accepts(new Forgery(inputs));
          made += 1;
        } else {
          assert.throws(() => new Forgery(inputs), (e) => isEligibilityError(e, 'eligibility/not-eligible'));
        }
      }),
      { numRuns: 25, seed: 5 },
    );
    assert.ok(made >= 5);
  });

  it('pass when the patient attests, for what that proves', () => {
    accepts(new Forgery(exampleInputs({ policy: policyOf(RANGE), selfAttested: true })));
  });
});

describe('a dishonest prover cannot show', () => {
  it('a value outside a range', () => {
    accepts(ranged().rehash().relimb(0));
    refuses(ranged().set(ranged().get('value', 0) + 1n, 'operands', 0, 0).rehash().relimb(0), 'one below');
    refuses(ranged().set(ranged().get('value', 0) - 1n, 'operands', 0, 1).rehash().relimb(0), 'one above');
  });

  it('a value outside a set', () => {
    const f = forgery(SET);
    for (let i = 0; i < 4; i += 1) f.set(f.get('value', 0) + 1n, 'operands', 0, i);
    refuses(f.rehash());
  });

  it('an observation outside the window', () => {
    refuses(ranged().set(ranged().get('key', 0) + 1n, 'low', 0).rehash().relimb(0), 'too early');
    refuses(ranged().set(ranged().get('key', 0) - 1n, 'high', 0).rehash().relimb(0), 'too late');
  });

  it('another code', () => {
    const f = forgery(RANGE);
    f.set(f.get('low', 0) + (1n << 64n), 'low', 0).set(f.get('high', 0) + (1n << 64n), 'high', 0);
    refuses(f.rehash().relimb(0));
  });

  it('a value as the latest that is not', () => {
    const f = forgery(SET);
    refuses(f.set(f.get('nextKey', 0), 'high', 0).rehash().relimb(0));
  });

  it('absence where there is something', () => {
    accepts(lacking().rehash().relimb(0));
    refuses(lacking().set(lacking().get('key', 0), 'low', 0).rehash().relimb(0), 'on the left');
    refuses(lacking().set(lacking().get('nextKey', 0), 'high', 0).rehash().relimb(0), 'on the right');
    refuses(lacking().copyLeaf(7, 0).set(1n, 'holds', 0), 'with no leaf at all');
  });

  it('one observation twice in a count', () => {
    accepts(forgery(COUNT).rehash().relimb(1));
    refuses(forgery(COUNT).copyLeaf(0, 1));
    refuses(forgery(COUNT).copyLeaf(0, 2), 'the first again as the third');
  });

  it('a leaf that is not in the tree', () => {
    refuses(ranged().set(ranged().get('value', 0) + 1n, 'value', 0).relimb(0), 'its value');
    refuses(ranged().set(ranged().get('key', 0) + 1n, 'key', 0).relimb(0), 'its key');
    refuses(ranged().set(1n, 'salt', 0), 'its salt');
    refuses(ranged().set(ranged().get('nextKey', 0) + 1n, 'nextKey', 0), 'its next key');
  });

  it('a path that leads elsewhere', () => {
    refuses(ranged().set(ranged().get('children', 0, 1, 7) + 1n, 'children', 0, 1, 7), 'a sibling');
    refuses(ranged().set(0n, 'active', 0, 1), 'a shorter path');
    refuses(ranged().set(2n, 'active', 0, 1), 'a level that is more than active');
    refuses(ranged().set(1n - ranged().get('bits', 0, 0, 0), 'bits', 0, 0, 0), 'another place');
    refuses(ranged().set(2n, 'bits', 0, 1, 2), 'a bit that is none');
  });

  it('an observation of one part as one of another', () => {
    const f = forgery(CONDITION, RANGE).copyLeaf(1, 0);
    f.set(f.get('low', 1), 'low', 0).set(f.get('high', 1), 'high', 0);
    refuses(f.rehash().relimb(0));
  });

  it('a claim by saying more than yes', () => {
    const f = forgery(RANGE, CONDITION);
    const half = (R + 1n) / 2n;
    refuses(f.set(2n, 'holds', 0).set(half, 'holds', 1), 'twice and half make one');
  });

  it('a result that the slots do not give', () => {
    refuses(forgery(RANGE).set(0n, 'holds', 0), 'nothing holds');
    refuses(forgery(RANGE).set(0n, 'holds', 0).set(0n, 'result'), 'a public result of 0');
    refuses(forgery(COUNT).set(0n, 'holds', 1), 'a count with a gap');
    refuses(forgery(RANGE, CONDITION).set(0n, 'holds', 1), 'one of two criteria');
  });
});

describe('a dishonest prover cannot bend the policy', () => {
  it('to another than the one behind h′', () => {
    refuses(forgery(RANGE).set(0n, 'operands', 0, 0).relimb(0), 'a lower bound');
    refuses(forgery(RANGE).set(1n, 'nonce'), 'the nonce');
    refuses(forgery(RANGE).set(0n, 'leastDay'), 'the least T');
    refuses(forgery(RANGE).set(0n, 'range', 0), 'no range');
    refuses(forgery(RANGE, CONDITION).set(1n, 'alternative', 1).set(0n, 'holds', 1), 'OR for AND');
    refuses(forgery(RANGE, CONDITION).set(0n, 'present', 1), 'a slot that asks for nothing');
  });

  it('by flags that are no flags but add up', () => {
    const withParts = (...parts: bigint[]) => {
      const f = forgery(CONDITION);
      parts.forEach((bit, i) => f.set(bit, 'part', 0, i));
      return f.rehash();
    };
    refuses(withParts(0n, 1n, 1n, 0n), 'two parts for one of the same number');
    refuses(withParts(0n, -1n, 2n, 0n), 'weights that are no bits');
    // in a slot that is not claimed, where nothing but the flags themselves is looked at
    const idle = forgery(`{any: [${CONDITION}, ${RANGE}]}`).set(0n, 'holds', 0);
    accepts(idle);
    refuses(idle.set(1n, 'part', 0, 1).set(1n, 'part', 0, 2).set(0n, 'part', 0, 3).rehash(), 'two parts in an idle slot');
    refuses(forgery(RANGE).set(0n, 'present', 0).set(1n, 'absent', 0).set(-1n, 'present', 0), 'absent less present');
    refuses(forgery(RANGE).set(1n, 'alternative', 0).rehash(), 'a first slot that is an alternative');
    refuses(forgery(RANGE).set(1n, 'chained', 0).rehash(), 'a first slot that goes on');
    refuses(forgery(RANGE, CONDITION).set(1n, 'alternative', 1).set(1n, 'chained', 1).rehash(), 'two links at once');
    refuses(forgery(RANGE).set(1n, 'set', 0).set(f0('operands', 0), 'operands', 0, 2).rehash(), 'two tests at once');
    refuses(forgery(RANGE).set(1n, 'latest', 0).rehash(), 'two kinds at once');
  });
});

const f0 = (name: string, index: number): bigint => forgery(RANGE).get(name, 0, index);

describe('a dishonest prover cannot pass off', () => {
  it('a record that is not the registered one', () => {
    refuses(new Forgery(honest()).set(5n, 'h'));
    refuses(new Forgery(honest()).set(5n, 'r'));
    refuses(new Forgery(honest()).set(5n, 'partSalts', 3));
    refuses(new Forgery(honest()).set(5n, 'partDigestHi', 3));
    refuses(new Forgery(honest()).set(5n, 'partDigestLo', 3));
  });

  it('a record with an observation left out', () => {
    const inputs = honest();
    const { laboratory } = OBSERVATIONS;
    const trimmed = buildRecord({
      recordSecret: new Uint8Array(32),
      parts: { laboratory: { observations: laboratory.slice(2), digest: exampleDigest('laboratory') } },
    });
    refuses(new Forgery({ ...inputs, record: trimmed }));
  });

  it('an older attestation than the policy takes', () => {
    const inputs = honest();
    const { policy, attestation } = inputs;
    accepts(new Forgery({ ...inputs, policy: { ...policy, leastDay: attestation.timeDay } }));
    const f = new Forgery(inputs);
    refuses(f.set(BigInt(attestation.timeDay + 1), 'leastDay').rehash());
  });

  it('an attestation by nobody accredited, of another, or of another day', () => {
    const inputs = honest();
    const stranger = issuerKeyFromSeed(new Uint8Array(32).fill(9));
    const subject = subjectOf(inputs.idSecret);
    const attested = { partsRoot: inputs.record.partsRoot, timeDay: inputs.attestation.timeDay, subject };
    const strangers = { ...inputs, attestation: attest(stranger, attested), issuers: IssuerTree.of([accreditationLeaf(stranger.publicKey)]) };
    accepts(new Forgery(strangers));
    refuses(new Forgery(strangers).set(toField(inputs.issuers.root), 'issuerRoot'), 'a stranger');
    const f = () => new Forgery(inputs);
    refuses(f().set(f().get('signature') + 1n, 'signature'), 'another signature');
    refuses(f().set(f().get('r8x') + 1n, 'r8x'), 'a point off the curve');
    refuses(f().set(1n, 'issuerX'), 'another key');
    const h = (timeDay: number, partsRoot = attested.partsRoot) => toField(commit({ ...attested, timeDay, partsRoot }, inputs.r).h);
    refuses(f().set(BigInt(attested.timeDay + 1), 'timeDay').set(h(attested.timeDay + 1), 'h'), 'a later day');
  });

  it('a self-attestation as a hospital’s, or under an invented subject', () => {
    const inputs = exampleInputs({ policy: policyOf(RANGE), selfAttested: true });
    refuses(new Forgery(inputs).set(0n, 'issuerSelf'), 's = 0');
    refuses(new Forgery(inputs).set(0n, 'acceptSelfAttested').rehash(), 'where the policy takes none');
    const idSecret = 77n;
    const attested = { partsRoot: inputs.record.partsRoot, timeDay: inputs.attestation.timeDay, subject: subjectOf(idSecret) };
    const issuer = issuerKeyFromSeed(new Uint8Array(32).fill(9));
    const f = new Forgery({
      ...inputs,
      idSecret,
      attestation: attest(issuer, attested),
      issuers: IssuerTree.of([accreditationLeaf(issuer.publicKey, subjectOf(idSecret))]),
    });
    accepts(f);
    const real = IssuerTree.of([accreditationLeaf(issuer.publicKey, subjectOf(inputs.idSecret))]);
    f.set(subjectOf(inputs.idSecret), 'issuerSelf').set(toField(real.root), 'issuerRoot');
    real.path(0).siblings.forEach((children, level) => children.forEach((child, i) => f.set(child, 'issuerChildren', level, i)));
    refuses(f, 'another subject');
  });

  it('absence on a record that its owner attested', () => {
    const hospital = exampleInputs({ policy: policyOf(ABSENT) });
    const subject = subjectOf(hospital.idSecret);
    const f = new Forgery(hospital);
    const self = IssuerTree.of([accreditationLeaf(hospital.attestation.issuer, subject)]);
    f.set(subject, 'issuerSelf').set(toField(self.root), 'issuerRoot');
    const path = self.path(0);
    path.siblings.forEach((children, level) => children.forEach((child, i) => f.set(child, 'issuerChildren', level, i)));
    path.positions.forEach((_, level) => [0, 1, 2].forEach((bit) => f.set(0n, 'issuerBits', level, bit)));
    refuses(f);
  });

  it('another person’s nullifier, or none', () => {
    const f = () => new Forgery(honest());
    refuses(f().set(5n, 'claimNullifier'));
    refuses(f().set(5n, 'domainNullifiers', 0));
    refuses(f().set(0n, 'domainNullifiers', 0), 'none for a domain asked for');
    refuses(f().set(domainNullifier(honest().idSecret, f().get('domains', 0)), 'domainNullifiers', 3), 'one for no domain');
    refuses(f().set(6n, 'idSecret'));
    refuses(f().set(6n, 'requirementId'));
  });
});

describe('no wire is free', () => {
  it('changing any one computed wire is noticed, but for the inverses of zero that nothing depends on', () => {
    const every = forgery(RANGE, SET, ABSENT, COUNT);
    const witness = lab.witness(every.toSignals());
    const inputs = Object.values(every.signals).flat(5).length;
    const free: number[] = [];
    for (let wire = 1 + inputs; wire < witness.length; wire += 1) {
      if (!lab.system.notices(witness, wire, ((witness[wire] ?? 0n) + 1n) % R)) free.push(wire);
    }
    // IsZero of s (a hospital's is 0), of the two unused domains, and of two differences that the signature check wants to be 0
    assert.equal(free.length, 5);
  });
});
