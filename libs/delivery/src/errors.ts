import { CodedError } from '@medveil/encoding';

/** Why a delivery does not hold what was proved, or could not be had. */
export const DELIVERY_FAULTS = [
  'delivery/wrong-parts',
  'delivery/capsule-refused',
  'delivery/body-too-large',
  'delivery/body-unavailable',
  'delivery/body-differs',
  'delivery/body-not-authentic',
  'delivery/container-malformed',
  'delivery/openings-disagree',
  'delivery/parts-missing',
  'delivery/part-not-granted',
  'delivery/plaintext-differs',
  'delivery/leaves-malformed',
  'delivery/observations-differ',
  'delivery/commitment-differs',
  'delivery/attestation-too-old',
  'delivery/criterion-not-met',
] as const;
export type DeliveryFaultCode = (typeof DELIVERY_FAULTS)[number];

/** Evidence that an auditor cannot use; `delivery/bad-evidence`: not evidence of a known form. */
export type EvidenceErrorCode = 'delivery/bad-evidence';

/** Messages and details name the check and the part, never a medical value. */
export class DeliveryError extends CodedError<DeliveryFaultCode | EvidenceErrorCode> {}

/** @returns the fault that a check ended with; undefined for errors of any other kind */
export const faultOf = (error: unknown): DeliveryFaultCode | undefined =>
  error instanceof DeliveryError ? DELIVERY_FAULTS.find((code) => code === error.code) : undefined;
