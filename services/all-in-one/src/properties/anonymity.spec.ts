/** Anonymity: what the ledger says of a record is recognised by nobody, not by the hospital that attested it either (docs/security.md). */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { makeRecord, type PatientRecord } from '@medveil/delivery/testing';
import { bytesToField, claimNullifier, commit, dayOf, domainNullifier, fieldToBytes, idToField, PART_TYPES, randomField, subjectOf } from '@medveil/eligibility';
import { sha256, toHex } from '@medveil/encoding';
import { random } from '../testing/lone-contract.js';

const NOW_MS = Date.UTC(2026, 5, 15, 12);
const REQUIREMENTS = ['req_00000000000000000000000000000001', 'req_00000000000000000000000000000002'].map(idToField);
const DOMAINS = ['measurements', 'history'].map(idToField);

let record: PatientRecord;
before(() => {
  record = makeRecord({ nowMs: NOW_MS, seed: 2 });
});

const attested = () => ({ partsRoot: record.tree.partsRoot, timeDay: dayOf(NOW_MS), subject: subjectOf(record.idSecret) });

/** All that an attesting hospital can put together: what it saw and signed, and what the formulas make of it with any of these in the place of a secret. */
function hospitalsGuesses(): Set<string> {
  const { partsRoot, timeDay, subject } = attested();
  const { challenge, response } = record.attestation;
  const known = [0n, 1n, partsRoot, subject, BigInt(timeDay), challenge, response, ...PART_TYPES.map((part) => bytesToField(fieldOf(sha256(record.parts[part]))))];
  const guesses = known.flatMap((guess) => {
    const { h, blinding } = commit(attested(), guess);
    const nullifiers = REQUIREMENTS.map((requirement) => fieldToBytes(claimNullifier(guess, requirement)));
    const ofDomains = DOMAINS.map((domain) => fieldToBytes(domainNullifier(guess, domain)));
    return [[fieldToBytes(guess), h, blinding], nullifiers, ofDomains].flat();
  });
  return new Set([...guesses, ...PART_TYPES.map((part) => sha256(record.parts[part]))].map(toHex));
}

/** A digest cut to fit the field. */
const fieldOf = (digest: Uint8Array): Uint8Array => Uint8Array.of(0, ...digest.subarray(1));

/** One instance as the ledger shows it. */
const instance = (requirement: bigint, domain: bigint, r = randomField(random)) => ({
  h: commit(attested(), r).h, nullifier: fieldToBytes(claimNullifier(record.idSecret, requirement)), domain: fieldToBytes(domainNullifier(record.idSecret, domain)),
});

describe('anonymity', () => {
  it('of a record holds against the hospital that attested it: nothing on the ledger follows from what it knows', () => {
    const guesses = hospitalsGuesses();
    assert.ok(guesses.size > 90);
    for (const requirement of REQUIREMENTS) {
      for (const value of Object.values(instance(requirement, DOMAINS[0] ?? 0n))) assert.equal(guesses.has(toHex(value)), false);
    }
    // With r, which the patient draws after the attestation, it would be recognised: that is all that hides it.
    assert.ok(guesses.has(toHex(instance(REQUIREMENTS[0] ?? 0n, DOMAINS[0] ?? 0n, 1n).h)));
  });

  it('of claims holds but within a domain: instances of one record share nothing else', () => {
    const [first, second] = [instance(REQUIREMENTS[0] ?? 0n, DOMAINS[0] ?? 0n), instance(REQUIREMENTS[1] ?? 0n, DOMAINS[1] ?? 0n)];
    assert.equal(new Set([...Object.values(first), ...Object.values(second)].map(toHex)).size, 6);
    const third = instance(REQUIREMENTS[1] ?? 0n, DOMAINS[0] ?? 0n);
    assert.deepEqual(third.domain, first.domain, 'conceded: one domain, one nullifier');
    assert.notDeepEqual(third.h, first.h);
    assert.notDeepEqual(third.nullifier, first.nullifier);
  });

  it('of a person holds among persons: one requirement gives everybody a nullifier of their own, and none is the subject', () => {
    const others = Array.from({ length: 20 }, () => randomField(random));
    const nullifiers = [record.idSecret, ...others].map((secret) => claimNullifier(secret, REQUIREMENTS[0] ?? 0n));
    assert.equal(new Set(nullifiers).size, 21);
    assert.ok(nullifiers.every((nullifier) => nullifier !== subjectOf(record.idSecret)));
  });
});
