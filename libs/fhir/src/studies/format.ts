import type { PartType } from '@medveil/eligibility';
import { decodePart } from '../parts.js';
import type { DataFormat } from './study.js';

/**
 * Do the parts that a requirement asks for hold what its format names: a resource of each type, and one that claims
 * the profile? Asked by the patient's agent before a claim and by the institution after delivery.
 * @throws FhirError `fhir/bad-part`
 */
export function offersFormat(
  format: DataFormat, parts: Readonly<Partial<Record<PartType, Uint8Array>>>,
): boolean {
  const types = new Set<string>();
  const profiles = new Set<string>();
  for (const [part, bytes] of Object.entries(parts) as [PartType, Uint8Array][]) {
    for (const { resourceType, meta } of decodePart(part, bytes)) {
      types.add(resourceType);
      for (const profile of meta?.profile ?? []) profiles.add(profile);
    }
  }
  return format.resourceTypes.every((type) => types.has(type))
    && (format.profile === null || profiles.has(format.profile));
}
