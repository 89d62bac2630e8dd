/**
 * The parts a record is split into, by type (docs/scheme.md, section 6). The position in this list is the
 * place under partsRoot and the number that the circuit sees: the order is part of the format.
 */
export const PART_TYPES = [
  'demographics',
  'vital-signs',
  'laboratory',
  'conditions',
  'medications',
  'procedures',
  'immunizations',
  'allergies',
  'social-history',
  'other',
] as const;

export type PartType = (typeof PART_TYPES)[number];

export const partIndex = (part: PartType): number => PART_TYPES.indexOf(part);
