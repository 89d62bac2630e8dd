import type { Bundle } from 'fhir/r4.js';

const IDENTIFIER = /(?:Given|Family|Maiden|Relative|Physician|Sampletown|MRN|PRACT|LOT)-[0-9a-f]{6,12}|Sample Street [0-9a-f]{6}|Sample Hospital [0-9a-f]{6}|\+1-555-[0-9a-f-]+|9\d\d-\d\d-\d{4}|[a-z0-9.-]+@mail\.invalid/g;

/**
 * Everything in a generated bundle that says who the patient is: names, numbers, addresses, and the resource ids.
 * For privacy checks: none of these texts may turn up in anything that leaves the patient's or hospital's domain.
 */
export function directIdentifiers(bundle: Bundle): readonly string[] {
  const texts = JSON.stringify(bundle).match(IDENTIFIER) ?? [];
  const ids = (bundle.entry ?? []).flatMap(({ resource }) => resource?.id ?? []);
  return [...new Set([...texts, ...ids])];
}
