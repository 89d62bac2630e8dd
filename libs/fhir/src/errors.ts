import { CodedError } from '@medveil/encoding';

/** Every way in which this library refuses what it is given. Messages never quote the input: it is medical data. */
export type FhirErrorCode =
  /** larger than the limit, by the size told beforehand or by the bytes read */
  | 'fhir/too-large'
  /** more entries in the bundle than the limit */
  | 'fhir/too-many-entries'
  /** objects and arrays nested deeper than the limit */
  | 'fhir/too-deep'
  /** the file ends in the middle of its JSON text */
  | 'fhir/truncated'
  /** not UTF-8 JSON */
  | 'fhir/not-json'
  /** JSON, but not a FHIR R4 Bundle of an accepted type */
  | 'fhir/not-a-bundle'
  | 'fhir/no-patient'
  | 'fhir/several-patients'
  /** the one Patient's own fields are not FHIR R4 */
  | 'fhir/bad-patient'
  /** a bundle of which no observation could be understood */
  | 'fhir/no-usable-observation'
  /** bytes that are not a part as `deidentify` writes it */
  | 'fhir/bad-part'
  /** a rule set of one's own that does not have its form */
  | 'fhir/bad-rule-set'
  /** generator or study options out of range */
  | 'fhir/bad-options'
  /** no study separates the given patients */
  | 'fhir/no-separating-study';

/** What this library throws; nothing else escapes it on any input. */
export class FhirError extends CodedError<FhirErrorCode> {}
