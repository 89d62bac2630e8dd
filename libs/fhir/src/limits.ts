/** What a bundle may cost before it is refused. */
export interface BundleLimits {
  /** Size of the JSON text in bytes. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** Nesting of objects and arrays; FHIR's own resources stay below 20. */
  readonly maxDepth: number;
}

/** A hospital's whole record of one patient is a few megabytes; the largest synthetic ones are near 30. */
export const DEFAULT_BUNDLE_LIMITS: BundleLimits = {
  maxBytes: 64 * 1024 * 1024,
  maxEntries: 50_000,
  maxDepth: 48,
};
