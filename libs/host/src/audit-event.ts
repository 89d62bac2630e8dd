import type { AgreementEvent, EventType } from '@medveil/agreements';
import type { AuditEvent, AuditEventEntity } from 'fhir/r4.js';
import type { TrailEntry } from './trail.js';

const EVENT_SYSTEM = 'urn:medveil:ledger-event';
const ACCOUNT_SYSTEM = 'urn:medveil:account';
const LIFECYCLE = 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle';

/** What an event is to the life of a record, where ISO 21089 has a word for it. */
const LIFECYCLE_CODES: Readonly<Partial<Record<EventType, string>>> = {
  'record-registered': 'originate', 'delivery-recorded': 'disclose', 'grant-revoked': 'deprecate', 'revocation-recorded': 'destroy', 'deletion-recorded': 'destroy',
};

/** An entry of a trail as a FHIR R4 AuditEvent; the proof goes along as the detail of its entity. */
export function auditEventOf(entry: TrailEntry, chainId: string): AuditEvent {
  const { event, height, receiptIndex, eventIndex, atMs, account } = entry;
  const lifecycle = LIFECYCLE_CODES[event.type];
  return {
    resourceType: 'AuditEvent',
    id: `${height}-${receiptIndex + 1}-${eventIndex}`,
    type: { system: EVENT_SYSTEM, code: event.type },
    ...(lifecycle === undefined ? {} : { subtype: [{ system: LIFECYCLE, code: lifecycle }] }),
    recorded: new Date(atMs).toISOString(),
    outcome: '0',
    agent: [{ who: { identifier: { system: ACCOUNT_SYSTEM, value: actorOf(event) ?? account } }, requestor: true }],
    source: { observer: { identifier: { system: 'urn:medveil:chain', value: chainId } } },
    entity: [entityOf(entry)],
  };
}

function entityOf({ claimId, account, height, receiptIndex, transactionId, proof }: TrailEntry): AuditEventEntity {
  const what = claimId === null ? { system: ACCOUNT_SYSTEM, value: account } : { system: 'urn:medveil:claim', value: claimId };
  return {
    what: { identifier: what },
    detail: [
      { type: 'height', valueString: String(height) },
      { type: 'receipt-index', valueString: String(receiptIndex) },
      ...(transactionId === null ? [] : [{ type: 'transaction', valueString: transactionId }]),
      { type: 'receipt-proof', valueBase64Binary: Buffer.from(proof).toString('base64') },
    ],
  };
}

/** Who did it, where the event says so: what a deadline did nobody did. */
function actorOf({ type, data }: AgreementEvent): string | null {
  if ('by' in data) return data.by;
  if ('proxy' in data) return data.proxy;
  if ('auditor' in data) return data.auditor;
  if ('voter' in data) return data.voter;
  if (type === 'claim-accepted' || type === 'grant-revoked') return 'patient' in data ? data.patient : null;
  return 'institution' in data ? data.institution : null;
}
