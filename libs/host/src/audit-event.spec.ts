import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeId } from '@medveil/encoding';
import { auditEventOf, type TrailEntry } from './index.js';

const id = (byte: number) => new Uint8Array(32).fill(byte);
const [patient, institution, proxy] = [makeId('acc', id(1)), makeId('acc', id(2)), makeId('acc', id(3))];
const claimId = makeId('clm', id(4));
const place = { height: 7, receiptIndex: -1, eventIndex: 2, atMs: Date.UTC(2026, 5, 1), transactionId: null, account: patient, claimId, proof: Uint8Array.of(1, 2, 3) };
const entry = (event: TrailEntry['event']): TrailEntry => ({ ...place, event });

describe('a trail as FHIR AuditEvents', () => {
  it('says what, when, by whom, about which claim, and carries the proof', () => {
    const event = auditEventOf(entry({ type: 'delivery-recorded', data: { claimId, requirementId: makeId('req', id(5)), by: proxy, institution, patient, parts: [], settleByMs: 1 } }), 'spec');
    assert.deepEqual([event.type.code, event.subtype?.[0]?.code, event.recorded, event.id], ['delivery-recorded', 'disclose', '2026-06-01T00:00:00.000Z', '7-0-2']);
    assert.equal(event.agent[0]?.who?.identifier?.value, proxy);
    assert.equal(event.entity?.[0]?.what?.identifier?.value, claimId);
    assert.equal(event.entity?.[0]?.detail?.find(({ type }) => type === 'receipt-proof')?.valueBase64Binary, 'AQID');
  });

  it('names the patient for their claim, and the account concerned where nobody acted', () => {
    const requirementId = makeId('req', id(5));
    const accepted = { claimId, requirementId, recordId: makeId('rec', id(6)), record: id(6), patient, institution, parts: [], reward: 1, deliverByMs: 1 };
    assert.equal(auditEventOf(entry({ type: 'claim-accepted', data: accepted }), 'spec').agent[0]?.who?.identifier?.value, patient);
    assert.equal(auditEventOf(entry({ type: 'claim-lapsed', data: { claimId, requirementId, retryable: true } }), 'spec').agent[0]?.who?.identifier?.value, patient);
  });
});
