import { concatBytes } from '@medveil/encoding';
import { type FhirBundle, checkSize, parseBundle } from './bundle.js';
import { type BundleLimits, DEFAULT_BUNDLE_LIMITS } from './limits.js';

/** A bundle that is still somewhere else: a file, an upload. */
export interface BundleSource {
  /** Where known beforehand (a file's size, Content-Length): too large is then refused before `read` is called. */
  readonly sizeBytes?: number;
  /** The bytes, in chunks; not called for a source that says it is too large, and left off at the limit. */
  read(): AsyncIterable<Uint8Array>;
}

/**
 * Reads and parses a bundle without ever holding more than the limit, whatever the source says of its size.
 * @throws FhirError as `parseBundle` does; what `read` throws passes through
 */
export async function readBundle(
  source: BundleSource,
  limits: BundleLimits = DEFAULT_BUNDLE_LIMITS,
): Promise<FhirBundle> {
  checkSize(source.sizeBytes ?? 0, limits);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source.read()) {
    sizeBytes += chunk.length;
    checkSize(sizeBytes, limits);
    chunks.push(chunk);
  }
  return parseBundle(concatBytes(...chunks), limits);
}
