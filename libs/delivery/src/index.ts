/** Delivered = proved: what an institution checks, what it lays before auditors where it disputes, and how they rule. See docs/contract.md. */
export { type Check, CheckLog } from './check-log.js';
export { checkReceived, type ReceivedRecord } from './check-received.js';
export { DELIVERY_FAULTS, DeliveryError, type DeliveryFaultCode, type EvidenceErrorCode, faultOf } from './errors.js';
export {
  type Auditor, decodeSealedEvidence, disputedParts, encodeSealedEvidence, type Evidence, evidenceHash, MAX_SEALED_EVIDENCE_BYTES, openEvidence, type SealedEvidence, sealEvidence,
} from './evidence.js';
export { asDelegatee, checkBody, openPart, type PartToOpen, type ReceivedContainer, type SeedOf } from './open-part.js';
export { type Bodies, type DisputedClaim, EVIDENCE_FAULTS, type EvidenceFault, partsConcerned, rule, type Ruling, type RulingReason } from './ruling.js';
