import type { FhirBundle } from './bundle.js';
import { type DeidentifiedRecord, type DeidentifyOptions, deidentify } from './deidentify.js';
import { FhirError } from './errors.js';
import { type UnderstoodRecord, toObservations } from './observations.js';

export interface PreparedRecord extends DeidentifiedRecord, UnderstoodRecord {}

/**
 * From a parsed bundle to all that a record is made of. A birth date and a gender alone are no medical record.
 * @throws FhirError `fhir/no-usable-observation`
 */
export function prepareRecord(bundle: FhirBundle, options: DeidentifyOptions): PreparedRecord {
  const record = deidentify(bundle, options);
  const understood = toObservations(record.parts);
  if (understood.observations.every(({ part }) => part === 'demographics')) {
    const notUnderstood = understood.notUnderstood.reduce((total, { count }) => total + count, 0);
    throw new FhirError(
      'fhir/no-usable-observation',
      `the bundle holds no usable observation: ${bundle.resources.length} resources could be shared, none was understood`,
      { resources: bundle.resources.length, notUnderstood },
    );
  }
  return { ...record, ...understood };
}
