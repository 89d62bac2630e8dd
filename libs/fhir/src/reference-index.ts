import { type JsonObject, isObject, own } from './json.js';

/**
 * What the references of one bundle point at: full URLs and relative `Type/id`
 * (https://hl7.org/fhir/R4/bundle.html#references). Nothing outside the bundle is looked for, and an absolute URL
 * of another server is nobody in this bundle, whatever its last segment.
 */
export class ReferenceIndex {
  private readonly byUrl = new Map<string, JsonObject>();
  private readonly byTypeAndId = new Map<string, JsonObject>();

  constructor(entries: readonly JsonObject[]) {
    for (const entry of entries) {
      const resource = own(entry, 'resource');
      if (!isObject(resource)) continue;
      const fullUrl = own(entry, 'fullUrl');
      if (typeof fullUrl === 'string' && !this.byUrl.has(fullUrl)) this.byUrl.set(fullUrl, resource);
      const key = typeAndId(resource);
      if (key !== undefined && !this.byTypeAndId.has(key)) this.byTypeAndId.set(key, resource);
    }
  }

  resolve(reference: string): JsonObject | undefined {
    const withoutVersion = reference.replace(/\/_history\/[^/]*$/, '');
    return this.byUrl.get(withoutVersion) ?? this.byTypeAndId.get(withoutVersion);
  }

  /** Is there an earlier resource of the same type and id? */
  isDuplicate(resource: JsonObject): boolean {
    const key = typeAndId(resource);
    return key !== undefined && this.byTypeAndId.get(key) !== resource;
  }
}

function typeAndId(resource: JsonObject): string | undefined {
  const type = own(resource, 'resourceType');
  const id = own(resource, 'id');
  return typeof type === 'string' && typeof id === 'string' ? `${type}/${id}` : undefined;
}
