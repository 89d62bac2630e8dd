import { CodedError } from '@medveil/encoding';

/**
 * - `pre/bad-length`, `pre/bad-kind`: not an artefact of the expected kind and version
 * - `pre/bad-point`: not a compressed point of the curve, or a non-canonical spelling of one
 * - `pre/not-in-subgroup`: a point or a GT element outside the group of order r
 * - `pre/identity`: the neutral element where the scheme never produces it
 * - `pre/bad-scalar`: zero, or not below r
 * - `pre/bad-label`: a label that is too long, or parts of one that are not allowed
 * - `pre/degenerate`: a probability-2^-255 event (a + τ = 0, k = 0): draw again
 * - `pre/related-keys`: owner and delegatee key with one secret
 * - `pre/check-failed`: the Fujisaki–Okamoto check: wrong key, wrong label, or a tampered capsule
 * - `pre/bad-disclosure`: a disclosed capsule key without a proof that holds
 * - `pre/bad-threshold`, `pre/bad-share`: sharing parameters; a share that does not verify
 * - `pre/bad-grant`, `pre/not-granted`: a malformed delegation; a label or a time outside it
 * - `pre/already-granted`: a rotation that must not keep the seed
 * - `pre/bad-receipt`: not a receipt of a revocation
 * - `pre/bad-envelope`: truncated, reordered, swapped, extended or altered body
 * - `pre/out-of-range`: a size, a limit or a byte range
 * - `pre/engine`: an engine could not be loaded
 */
export type PreErrorCode =
  | 'pre/bad-length'
  | 'pre/bad-kind'
  | 'pre/bad-point'
  | 'pre/not-in-subgroup'
  | 'pre/identity'
  | 'pre/bad-scalar'
  | 'pre/bad-label'
  | 'pre/degenerate'
  | 'pre/related-keys'
  | 'pre/check-failed'
  | 'pre/bad-disclosure'
  | 'pre/bad-threshold'
  | 'pre/bad-share'
  | 'pre/bad-grant'
  | 'pre/not-granted'
  | 'pre/already-granted'
  | 'pre/bad-receipt'
  | 'pre/bad-envelope'
  | 'pre/out-of-range'
  | 'pre/engine';

export class PreError extends CodedError<PreErrorCode> {}

export const isPreError = (error: unknown): error is PreError => error instanceof PreError;

export const degenerate = (what: string): PreError => new PreError('pre/degenerate', `${what} is zero`, { what });

/** For error details: what was given may not be bytes at all. */
export const givenLength = (value: unknown): number | null => (value instanceof Uint8Array ? value.length : null);
