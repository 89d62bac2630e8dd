import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compilePolicy, LOINC, SNOMED, validatePolicy } from '@medveil/eligibility';
import type { KnownRequirement } from '../ledger/requirements.js';
import type { ExchangeRow } from '../tables.js';
import type { Phase } from '../exchanges/phases.js';
import { conflictsWith, type PastExchange } from './conflicts.js';
import { describeClause, describeLicence } from './words.js';

const NOW_MS = Date.UTC(2026, 5, 1);

const requirement = (name: string, kind: 'exclusive' | 'non-exclusive', domains: readonly string[] = ['measurements'], untilMs = NOW_MS + 1): KnownRequirement => ({
  requirementId: `req_${name}`,
  institution: 'acc_1',
  domains,
  status: 'open',
  taken: 0,
  policy: null,
  terms: {
    keywords: [], policyHash: new Uint8Array(32), expectedResult: 1, parts: ['laboratory'], format: { profile: null, resourceTypes: [] }, instance: 'small',
    verificationKeyHash: new Uint8Array(32), rewardPerRecord: 1, quantity: 1, expiresAtMs: NOW_MS + 1, acceptsSelfAttested: false,
    licence: { kind, purposes: ['DUO:0000007'], purposeNote: '', untilMs, noOnwardSharing: true, territory: [], deleteByMs: null },
  },
});

const past = (of: KnownRequirement, phase: Phase, retryable: boolean | null = null): PastExchange => ({
  requirement: of,
  exchange: {
    exchangeId: 'exc_1', sequence: 1, patientId: 'pat_1', recordId: 'rec_1', requirementId: of.requirementId, institution: 'acc_1', reward: 1, phase, phases: {}, code: null,
    reason: null, lastError: null, pseudonymIndex: 0, account: 'acc_2', instanceIndex: 0, commitment: new Uint8Array(32), proof: null, claimId: null, deliverByMs: null,
    delegateeKey: null, paid: null, retryable, consentedBy: 'operator', acknowledgedConflicts: false, revocationRequestedAtMs: null, revokeOnceSettled: false, revokedAtMs: null, startedAtMs: 0, updatedAtMs: 0,
  } satisfies ExchangeRow,
});

const codesOf = (wanted: KnownRequirement, ...before: readonly PastExchange[]): string[] => conflictsWith(wanted, before, NOW_MS).map(({ code }) => code.replace('agreements/', ''));

describe('conflicts that the agent knows of', () => {
  const wanted = requirement('a', 'non-exclusive');

  it('one claim for a requirement: standing, under way, or lost by fault', () => {
    for (const phase of ['prepared', 'registered', 'proved', 'claimed', 'granted', 'delivered', 'disputed', 'settled'] as const) {
      assert.deepEqual(codesOf(wanted, past(wanted, phase)), ['nullifier-spent'], phase);
    }
    assert.deepEqual(codesOf(wanted, past(wanted, 'refunded', false)), ['nullifier-spent']);
    for (const phase of ['lapsed', 'withdrawn'] as const) assert.deepEqual(codesOf(wanted, past(wanted, phase, true)), []);
    for (const phase of ['rejected', 'failed'] as const) assert.deepEqual(codesOf(wanted, past(wanted, phase)), []);
  });

  it('an exclusive licence in force keeps its domain, and cannot be sold where another is in force', () => {
    assert.deepEqual(codesOf(wanted, past(requirement('b', 'exclusive'), 'settled')), ['exclusive-licence-in-force']);
    assert.deepEqual(codesOf(requirement('c', 'exclusive'), past(wanted, 'claimed')), ['licence-in-force']);
    assert.deepEqual(codesOf(wanted, past(requirement('b', 'non-exclusive'), 'settled')), []);
  });

  it('other domains, licences that are over and claims that came to nothing stand in no way', () => {
    assert.deepEqual(codesOf(wanted, past(requirement('b', 'exclusive', ['history']), 'settled')), []);
    assert.deepEqual(codesOf(wanted, past(requirement('b', 'exclusive', [], NOW_MS + 1), 'settled')), []);
    assert.deepEqual(codesOf(wanted, past(requirement('b', 'exclusive', ['measurements'], NOW_MS), 'settled')), []);
    assert.deepEqual(codesOf(wanted, past(requirement('b', 'exclusive'), 'lapsed', true)), []);
  });
});

const said = (clause: object): string => {
  const policy = compilePolicy(validatePolicy({ version: 1, all: [clause] }), { releasedAtMs: NOW_MS, random: (length) => new Uint8Array(length) });
  const [compiled] = policy.groups.flat();
  assert.ok(compiled !== undefined);
  return describeClause(compiled);
};

describe('clauses in words', () => {
  const hba1c = { system: LOINC, code: '4548-4' };

  it('tell before consent who may use what, and that auditors may see a disputed part', () => {
    const text = describeLicence({ kind: 'exclusive', purposes: ['DUO:0000007'], purposeNote: '', untilMs: 0, noOnwardSharing: true, territory: [], deleteByMs: null });
    assert.equal(text, 'exclusive, for DUO:0000007; until 1970-01-01; anywhere; no onward sharing; if the institution disputes the delivery, auditors may see the disputed part');
  });

  it('name code, value, count and window', () => {
    assert.match(said({ latest: { code: hba1c, value: { atLeast: 6.5, atMost: 10, unit: '%' } } }), /^latest .*\(LOINC 4548-4\) between 6\.5 and 10 %$/);
    assert.match(said({ count: { code: hba1c, value: { atMost: 7.25, unit: '%' }, times: 3 } }), /^at least 3 times .* at most 7\.25 %$/);
    assert.equal(said({ lacks: { code: { system: SNOMED, code: '38341003' }, part: 'conditions' } }), 'no 38341003 (http://snomed.info/sct)');
    assert.match(said({ has: { code: { system: SNOMED, code: '38341003' }, part: 'conditions', within: { from: '2020-01-02', to: '2021-03-04' } } }), / from 2020-01-02 to 2021-03-04$/);
    assert.equal(said({ age: { atLeast: 18, atMost: 65 } }), 'born from 1960-06-02 to 2008-06-01');
  });
});
