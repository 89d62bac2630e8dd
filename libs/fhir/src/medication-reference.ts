import { type Json, type JsonObject, isObject, objectOf, own } from './json.js';
import type { ReferenceIndex } from './reference-index.js';
import { medicationSchema } from './resources.js';

/**
 * A medication that is referenced, in the bundle or contained, is named in place by its code: a part then stands
 * alone, and nothing else that hangs on the Medication goes with it.
 * @returns the resource itself where it references none, or one that cannot be found
 */
export function inlineMedication(resource: JsonObject, index: ReferenceIndex): JsonObject {
  const pointer = own(resource, 'medicationReference');
  const reference = isObject(pointer) ? own(pointer, 'reference') : undefined;
  if (typeof reference !== 'string') return resource;
  const target = reference.startsWith('#') ? contained(resource, reference.slice(1)) : index.resolve(reference);
  const medication = medicationSchema.safeParse(target);
  if (!medication.success || medication.data.code === undefined || medication.data.modifierExtension !== undefined) {
    return resource;
  }
  const kept = Object.entries(resource).filter(([key]) => key !== 'medicationReference');
  return objectOf([...kept, ['medicationCodeableConcept', own(target as JsonObject, 'code') as Json]]);
}

function contained(resource: JsonObject, id: string): JsonObject | undefined {
  const inside = own(resource, 'contained');
  if (!Array.isArray(inside)) return undefined;
  return inside.find((item): item is JsonObject => isObject(item) && own(item, 'id') === id);
}
