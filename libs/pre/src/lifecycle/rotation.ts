import type { Afgh06, OwnerKey } from '../afgh06/api.js';
import { PreError } from '../errors.js';
import { encodeLabel, type Label } from '../label.js';

export interface RotatedCapsule {
  readonly label: Label;
  /** The same seed under the new label: register it in place of the old capsule. */
  readonly capsule: Uint8Array;
}

/** The label of a part's next version. */
export const nextLabel = (label: Label): Label => ({ ...label, version: label.version + 1 });

/**
 * Rotation of a part that nobody was granted (docs/scheme.md, section 5): keys made for the old label open nothing any more,
 * and no body moves, since the seed stays.
 * @param granted whether this label was ever delegated. Then the institution knows the seed, and keeping it would be no rotation:
 *   call `encapsulate` for the next label and encrypt the body anew, under the next body version.
 * @throws PreError `pre/already-granted`, `pre/check-failed`, `pre/bad-label`
 */
export function rotate(scheme: Afgh06, ownerKey: OwnerKey, label: Label, capsule: Uint8Array, granted: boolean): RotatedCapsule {
  if (granted) throw new PreError('pre/already-granted', 'a granted part is rotated with a fresh seed, body and version');
  const next = nextLabel(label);
  return { label: next, capsule: scheme.rewrap(ownerKey, encodeLabel(label), encodeLabel(next), capsule) };
}
