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
  type IssuerKey,
  issuerKeyFromSeed,
  IssuerTree,
  LOINC,
  matches,
  SNOMED,
  subjectOf,
} from '@medveil/eligibility';
import { daysAgo, exampleDigest, exampleInputs, OBSERVATIONS } from '@medveil/eligibility/testing';
import { CircuitLab, LAB_INSTANCE } from './circuit-lab.js';
import { Forgery } from './forgery.js';
import { inverse } from './qap.js';

const HBA1C = `code: {system: '${LOINC}', code: 4548-4}`;
const policyOf = (...clauses: string[]) => `{version: 1, acceptSelfAttested: true, all: [${clauses.join(', ')}]}`;
const forge = (inputs: EligibilityInputs): Forgery => new Forgery(inputs, LAB_INSTANCE);
const forgery = (...clauses: string[]): Forgery => forge(exampleInputs({ policy: policyOf(...clauses) }));
const toField = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

const RANGE = `{has: {${HBA1C}, value: {atLeast: 7, atMost: 8, unit: '%'}}}`;
const SET = `{latest: {code: {system: '${LOINC}', code: 94500-6}, value: {oneOf: [{system: '${SNOMED}', code: '260373001'}]}}}`;
const ABSENT = `{lacks: {${HBA1C}, within: {lastDays: 5}}}`;
const COUNT = `{count: {${HBA1C}, times: 3}}`;
const CONDITION = `{has: {part: conditions, code: {system: '${SNOMED}', code: '38341003'}}}`;
const LATEST = `{latest: {${HBA1C}, within: {to: ${new Date(daysAgo(50)).toISOString().slice(0, 10)}}}}`;
const dayText = (daysBefore: number) => new Date(daysAgo(daysBefore)).toISOString().slice(0, 10);
const ranged = () => forgery(RANGE);
const lacking = () => forgery(ABSENT);
const honest = (): EligibilityInputs => exampleInputs({ policy: policyOf(RANGE) });

let lab: CircuitLab;
before(async () => {
  lab = await CircuitLab.open();
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
    accepts(forge(exampleInputs()));
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
          accepts(forge(inputs));
          made += 1;
        } else {
          assert.throws(() => forge(inputs), (e) => isEligibilityError(e, 'eligibility/not-eligible'));
        }
      }),
      { numRuns: 25, seed: 5 },
    );
    assert.ok(made >= 5);
  });

  it('pass when the patient attests, for what that proves', () => {
    accepts(forge(exampleInputs({ policy: policyOf(RANGE), selfAttested: true })));
  });
});

describe('a dishonest prover cannot show', () => {
  it('a value outside a range', () => {
    accepts(ranged().rehash().differ(0));
    const { value } = ranged().opened(0);
    refuses(ranged().rule(0, ({ operands: [, max = 0n] }) => ({ operands: [value + 1n, max] })).rehash().differ(0), 'one below');
    refuses(ranged().rule(0, ({ operands: [min = 0n] }) => ({ operands: [min, value - 1n] })).rehash().differ(0), 'one above');
    const shifted = ranged().set(ranged().get('below', 0) + 1n, 'below', 0);
    refuses(shifted.set(shifted.get('above', 0) - 1n, 'above', 0), 'another least value of the same width');
  });

  it('a value outside a set', () => {
    const { value } = forgery(SET).opened(0);
    const others = () => forgery(SET).rule(0, () => ({ operands: [1n, 2n, 3n, 4n].map((n) => value + n) })).rehash();
    refuses(others());
    // with a partner, a choice or an order that make the pair come out, but are no number of 126 bits and no bits
    const [first, second] = [others().get('operands', 0, 0), others().get('operands', 0, 1)];
    refuses(others().set((first - value) * inverse(1n << 126n), 'below', 0).set(0n, 'above', 0), 'a partner out of range');
    const f = () => others().set(0n, 'below', 0).set(0n, 'above', 0).set(0n, 'swapped', 0).set(0n, 'second', 0);
    refuses(f().set((value - first) * inverse(second - first), 'second', 0), 'a choice that is no bit');
    refuses(f().set((first - value) * inverse(((1n << 126n) - 1n) * value), 'swapped', 0), 'an order that is no bit');
    // above 126 bits a partner would reach the other place of the pair
    refuses(forgery(SET).set(forgery(SET).get('above', 0) + (1n << 64n), 'above', 0));
  });

  it('an observation outside the window', () => {
    const { key } = ranged().opened(0);
    refuses(ranged().rule(0, () => ({ low: key + 1n })).rehash().differ(0), 'too early');
    refuses(ranged().rule(0, () => ({ high: key - 1n })).rehash().differ(0), 'too late');
    const wider = ranged().set(ranged().get('fromFirst', 0) - 1n, 'fromFirst', 0);
    refuses(wider.set(wider.get('toLast', 0) + 1n, 'toLast', 0), 'another first key of the same length');
  });

  it('another code', () => {
    refuses(ranged().rule(0, ({ low, high }) => ({ low: low + (1n << 40n), high: high + (1n << 40n) })).rehash().differ(0));
  });

  it('a value as the latest that is not', () => {
    accepts(forgery(LATEST).rehash().differ(0));
    const { nextKey } = forgery(LATEST).opened(0);
    refuses(forgery(LATEST).rule(0, () => ({ high: nextKey })).rehash().differ(0));
    accepts(forgery(LATEST).rule(0, () => ({ high: nextKey - 1n })).rehash().differ(0));
  });

  it('absence where there is something', () => {
    accepts(lacking().rehash().differ(0));
    const { key, nextKey } = lacking().opened(0);
    refuses(lacking().rule(0, () => ({ low: key })).rehash().differ(0), 'on the left');
    refuses(lacking().rule(0, () => ({ high: nextKey })).rehash().differ(0), 'on the right');
    accepts(lacking().rule(0, () => ({ low: key + 1n, high: key + 2n })).rehash().differ(0));
    const shorter = lacking().set(lacking().get('toLast', 0) - 1n, 'toLast', 0);
    refuses(shorter.set(shorter.get('after', 0) + 1n, 'after', 0), 'in less than the window');
    refuses(lacking().copyOpening(7, 0).set(1n, 'holds', 0), 'with no observation at all');
  });

  it('one observation twice in a count', () => {
    accepts(forgery(COUNT).rehash().differ(1));
    refuses(forgery(COUNT).copyOpening(0, 1));
    refuses(forgery(COUNT).copyOpening(0, 2), 'the first again as the third');
  });

  it('an observation that is not in the record', () => {
    const f = ranged();
    const place = f.place(0);
    refuses(ranged().set(f.opened(0).value + 1n, 'values', 0, place).differ(0), 'its value');
    refuses(ranged().set(f.opened(0).key + 1n, 'keys', 0, place).differ(0), 'its key');
    refuses(ranged().set(f.opened(0).nextKey + 1n, 'keys', 0, place + 1), 'its next key');
    refuses(ranged().set(5n, 'values', 0, (place + 1) % 5), 'another in its bucket');
    refuses(ranged().set(2n, 'position', 0, 0).differ(0), 'a place between two');
  });

  it('a path that leads elsewhere', () => {
    refuses(ranged().set(ranged().get('children', 0, 0, 4) + 1n, 'children', 0, 0, 4), 'a sibling');
    refuses(ranged().set(5n, 'children', 0, 0, 0).set(5n, 'children', 0, 0, 1), 'not among the children');
    refuses(ranged().set(0n, 'active', 0, 0), 'a shorter path');
    refuses(ranged().set(2n, 'active', 0, 0), 'a level that is more than active');
  });

  it('a path that leads elsewhere through a shared node', () => {
    accepts(deep());
    refuses(deep().set(deep().get('topChildren', 0, 4) + 1n, 'topChildren', 0, 4), 'a sibling');
    refuses(deep().set(0n, 'under', 0, 0), 'not under it');
    refuses(deep().set(2n, 'under', 0, 0), 'more than under it');
    // another slot's observation lies in a part of its own
    refuses(deep().set(1n, 'under', 1, 0), 'a part that is not under it');
    // in a slot that is not claimed, where the sum of two nodes is not looked at
    const idle = deep(`{any: [${RANGE}, ${CONDITION}]}`).set(0n, 'holds', 0);
    for (let i = 0; i < 5; i += 1) idle.set(idle.get('topChildren', 0, i), 'topChildren', 1, i);
    accepts(idle);
    refuses(idle.set(1n, 'under', 0, 1), 'two nodes at once');
    const stranger = deep();
    stranger.set(stranger.opened(0).value + 1n, 'values', 0, stranger.place(0)).differ(0);
    refuses(stranger, 'a bucket that is not among its nodes');
  });

  it('an observation of one part as one of another', () => {
    const f = forgery(CONDITION, RANGE).copyOpening(1, 0);
    const { low, high } = f.fields(1);
    refuses(f.rule(0, () => ({ low, high })).rehash().differ(0));
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
    refuses(forgery(RANGE).rule(0, ({ operands: [, max = 0n] }) => ({ operands: [0n, max] })).differ(0), 'a lower bound');
    refuses(forgery(RANGE).rule(0, ({ low }) => ({ low: low - 1n })).differ(0), 'a longer window');
    refuses(forgery(RANGE).set(1n, 'nonce'), 'the nonce');
    refuses(forgery(RANGE).set(0n, 'leastDay'), 'the least T');
    refuses(forgery(RANGE).set(0n, 'range', 0), 'no range');
    refuses(forgery(RANGE, CONDITION).set(1n, 'alternative', 1).set(0n, 'holds', 1), 'OR for AND');
    refuses(forgery(RANGE, CONDITION).set(0n, 'present', 1), 'a slot that asks for nothing');
  });

  it('by flags that are no flags but add up', () => {
    refuses(forgery(CONDITION).set(3n, 'part', 0, 0).set(0n, 'part', 0, 1), 'a part number in one place');
    refuses(forgery(LATEST).set(4n, 'present', 0).set(0n, 'latest', 0), 'four times present for latest');
    refuses(forgery(ABSENT).set(2n, 'present', 0).set(0n, 'absent', 0), 'twice present for absent');
    refuses(forgery(SET).set(2n, 'range', 0).set(0n, 'set', 0), 'twice a range for a set');
    // in a slot that is not claimed, where nothing but the flags themselves is looked at
    const idle = () => forgery(`{any: [${CONDITION}, ${RANGE}]}`).set(0n, 'holds', 0);
    accepts(idle());
    refuses(idle().set(0n, 'part', 0, 0).set(3n, 'part', 0, 0).set(0n, 'part', 0, 1), 'a part number in one place of an idle slot');
    refuses(idle().set(0n, 'alternative', 1).set(half(), 'chained', 1), 'half a link for the other');
    refuses(forgery(RANGE).set(1n, 'alternative', 0).rehash(), 'a first slot that is an alternative');
    refuses(forgery(RANGE).set(1n, 'chained', 0).rehash(), 'a first slot that goes on');
    refuses(forgery(RANGE).set(1n - 2n, 'acceptSelfAttested').set(1n, 'part', 0, 0), 'a header that borrows');
  });
});

const half = () => (R + 1n) / 2n;

/** A proof over a record whose laboratory part lies under a shared node. */
function deep(...clauses: string[]): Forgery {
  const inputs = exampleInputs({ policy: policyOf(...(clauses.length === 0 ? [RANGE, CONDITION] : clauses)) });
  const weekly = Array.from({ length: 30 }, (_, i) => ({ ...OBSERVATIONS.laboratory[0], timeMs: daysAgo(1000 + 7 * i) }));
  const record = buildRecord({
    recordSecret: new Uint8Array(32),
    parts: {
      laboratory: { observations: [...OBSERVATIONS.laboratory, ...weekly], digest: exampleDigest('laboratory') },
      conditions: { observations: OBSERVATIONS.conditions, digest: exampleDigest('conditions') },
    },
  });
  return forge(attestedBy(issuerKeyFromSeed(new Uint8Array(32).fill(9)), { ...inputs, record }));
}

/** The same with a record attested by another issuer, who alone is accredited. */
function attestedBy(issuer: IssuerKey, inputs: EligibilityInputs): EligibilityInputs {
  const attested = { partsRoot: inputs.record.partsRoot, timeDay: inputs.attestation.timeDay, subject: subjectOf(inputs.idSecret) };
  return { ...inputs, attestation: attest(issuer, attested), issuers: IssuerTree.of([accreditationLeaf(issuer.publicKey)]) };
}

describe('a dishonest prover cannot pass off', () => {
  it('a record that is not the registered one', () => {
    refuses(forge(honest()).set(5n, 'h'));
    refuses(forge(honest()).set(5n, 'r'));
    refuses(forge(honest()).set(5n, 'partRoots', 9));
    refuses(forge(honest()).set(5n, 'partDigests'));
  });

  it('a record with an observation left out', () => {
    const inputs = honest();
    const { laboratory } = OBSERVATIONS;
    const trimmed = buildRecord({
      recordSecret: new Uint8Array(32),
      parts: { laboratory: { observations: laboratory.slice(2), digest: exampleDigest('laboratory') } },
    });
    const own = attestedBy(issuerKeyFromSeed(new Uint8Array(32).fill(9)), { ...inputs, record: trimmed });
    accepts(forge(own));
    refuses(forge(own).graft(forge(inputs), 'issuerX', 'issuerY', 'issuerEighth', 'issuerChildren', 'issuerRoot', 'challenge', 'response'));
  });

  it('an older attestation than the policy takes', () => {
    const inputs = honest();
    const { policy, attestation } = inputs;
    accepts(forge({ ...inputs, policy: { ...policy, leastDay: attestation.timeDay } }));
    const f = forge(inputs);
    refuses(f.set(BigInt(attestation.timeDay + 1), 'leastDay').rehash());
  });

  it('an attestation by nobody accredited, of another, or of another day', () => {
    const inputs = honest();
    const stranger = issuerKeyFromSeed(new Uint8Array(32).fill(9));
    const attested = { partsRoot: inputs.record.partsRoot, timeDay: inputs.attestation.timeDay, subject: subjectOf(inputs.idSecret) };
    const strangers = attestedBy(stranger, inputs);
    accepts(forge(strangers));
    refuses(forge(strangers).set(toField(inputs.issuers.root), 'issuerRoot'), 'a stranger');
    const f = () => forge(inputs);
    refuses(f().set(1n - f().get('response', 0, 2), 'response', 0, 2), 'another response');
    for (const place of [0, 1, 2]) refuses(f().set(2n, 'response', 83, place), 'a digit that is none');
    for (const bit of [0, 127, 128]) refuses(f().set(1n - f().get('challenge', bit), 'challenge', bit), 'another challenge');
    const high = Array.from({ length: 125 }, (_, i) => 128 + i).find((bit) => f().get('challenge', bit + 1) === 1n) ?? assert.fail();
    refuses(f().set(f().get('challenge', high) + 2n, 'challenge', high).set(0n, 'challenge', high + 1), 'a challenge of no bits');
    refuses(f().set(1n, 'issuerX'), 'another key');
    refuses(f().graft(forge(strangers), 'issuerEighth'), 'the eighth of another key');
    refuses(f().set(0n, 'issuerEighth', 0).set(0n, 'issuerEighth', 1), 'a key of small order');
    refuses(f().graft(forge(strangers), 'issuerX', 'issuerY', 'issuerEighth', 'challenge', 'response'), 'a stranger in an issuer’s place');
    const h = (timeDay: number, partsRoot = attested.partsRoot) => toField(commit({ ...attested, timeDay, partsRoot }, inputs.r).h);
    refuses(f().set(BigInt(attested.timeDay + 1), 'timeDay').set(h(attested.timeDay + 1), 'h'), 'a later day');
  });

  it('a self-attestation as a hospital’s, or under an invented subject', () => {
    const inputs = exampleInputs({ policy: policyOf(RANGE), selfAttested: true });
    refuses(forge(inputs).set(0n, 'issuerSelf'), 's = 0');
    refuses(forge(inputs).set(0n, 'acceptSelfAttested').rehash(), 'where the policy takes none');
    const idSecret = 77n;
    const attested = { partsRoot: inputs.record.partsRoot, timeDay: inputs.attestation.timeDay, subject: subjectOf(idSecret) };
    const issuer = issuerKeyFromSeed(new Uint8Array(32).fill(9));
    const f = forge({
      ...inputs,
      idSecret,
      attestation: attest(issuer, attested),
      issuers: IssuerTree.of([accreditationLeaf(issuer.publicKey, subjectOf(idSecret))]),
    });
    accepts(f);
    const real = IssuerTree.of([accreditationLeaf(issuer.publicKey, subjectOf(inputs.idSecret))]);
    f.set(subjectOf(inputs.idSecret), 'issuerSelf').set(toField(real.root), 'issuerRoot');
    real.path(0).forEach((children, level) => children.forEach((child, i) => f.set(child, 'issuerChildren', level, i)));
    refuses(f, 'another subject');
  });

  it('absence on a record that its owner attested', () => {
    const hospital = exampleInputs({ policy: policyOf(ABSENT) });
    const subject = subjectOf(hospital.idSecret);
    const f = forge(hospital);
    const self = IssuerTree.of([accreditationLeaf(hospital.attestation.issuer, subject)]);
    f.set(subject, 'issuerSelf').set(toField(self.root), 'issuerRoot');
    self.path(0).forEach((children, level) => children.forEach((child, i) => f.set(child, 'issuerChildren', level, i)));
    refuses(f);
  });

  it('another person’s nullifier, or none', () => {
    const f = () => forge(honest());
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
    // IsZero of s (a hospital's is 0) and of the two unused domains
    assert.equal(free.length, 3);
  });
});
