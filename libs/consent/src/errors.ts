import { CodedError } from '@medveil/encoding';

export type ConsentErrorCode =
  /** not a FHIR R4 Consent that says all of a standing rule and nothing else */
  'consent/not-understood';

export class ConsentError extends CodedError<ConsentErrorCode> {}
