import { FhirError } from '@medveil/fhir';
import { z } from 'zod';

export interface PartResource {
  readonly resourceType: string;
  readonly id: string;
  readonly [field: string]: unknown;
}
const isResource = (value: unknown): value is PartResource => z.object({ resourceType: z.string(), id: z.string() }).safeParse(value).success;
/** Custom, because a parsed object would have its fields in another order than the canonical one. */
const bundleSchema = z.object({ entry: z.array(z.object({ resource: z.custom<PartResource>(isResource) })).optional() });

/** The resources of a received part, in its order. @throws FhirError `fhir/bad-part` */
export function resourcesOf(part: Uint8Array): PartResource[] {
  const parsed = bundleSchema.safeParse(JSON.parse(new TextDecoder().decode(part)));
  if (!parsed.success) throw new FhirError('fhir/bad-part', 'a received part does not have its form');
  return (parsed.data.entry ?? []).map(({ resource }) => resource);
}

/** One line of NDJSON each. A part is canonical JSON, and reading and writing it again changes no byte of a resource. */
export const ndjsonLines = (part: Uint8Array): string[] => resourcesOf(part).map((resource) => JSON.stringify(resource));

/**
 * The part's bytes from its lines: what its digest is of. Resources are under the URL of their id, in the order of the lines.
 * Anybody who was given lines and manifest can check one against the other so.
 */
export function partFromLines(lines: readonly string[]): Uint8Array {
  const entries = lines.map((line) => `{"fullUrl":"urn:uuid:${(JSON.parse(line) as { id: string }).id}","resource":${line}}`);
  const entry = entries.length === 0 ? '' : `"entry":[${entries.join(',')}],`;
  return new TextEncoder().encode(`{${entry}"resourceType":"Bundle","type":"collection"}`);
}
