/** JSON schemas for kubeconform, out of the OpenAPI document that the k8s.io/kubernetes module carries: nothing is fetched, and the version is the cluster's. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DEFINITIONS = '_definitions.json';

/** What the document describes as an object or a plain string, and manifests write otherwise. */
const SCALARS = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: ['string', 'number'] },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { type: ['string', 'null'] },
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': { type: ['string', 'null'] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: ['string', 'integer'] },
};

/** @param openApiFile api/openapi-spec/swagger.json  @param folder gets one file for each kind, named as kubeconform asks */
export function writeSchemas(openApiFile, folder) {
  const { definitions } = JSON.parse(readFileSync(openApiFile, 'utf8'));
  mkdirSync(folder, { recursive: true });
  const strict = Object.fromEntries(Object.entries(definitions).map(([name, definition]) => [name, SCALARS[name] ?? closed(definition)]));
  for (const [name, definition] of Object.entries(definitions)) {
    const kinds = definition['x-kubernetes-group-version-kind'] ?? [];
    // Options of requests belong to every group, and are no manifests.
    if (kinds.length !== 1) continue;
    const [{ group, version, kind }] = kinds;
    const file = [kind, ...(group === '' ? [] : [group.split('.')[0]]), version].join('-').toLowerCase();
    writeFileSync(join(folder, `${file}.json`), JSON.stringify({ allOf: [{ $ref: `${DEFINITIONS}#/definitions/${name}` }], required: ['apiVersion', 'kind'] }));
  }
  writeFileSync(join(folder, DEFINITIONS), JSON.stringify({ definitions: strict }));
}

/** The same without its prose, and closed: a field that is not named is a mistake. */
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (node === null || typeof node !== 'object') return node;
  if (node.format === 'int-or-string') return SCALARS['io.k8s.apimachinery.pkg.util.intstr.IntOrString'];
  const kept = Object.entries(node).filter(([key, value]) => !((key === 'description' || key === 'format') && typeof value === 'string'));
  const copy = Object.fromEntries(kept.map(([key, value]) => [key, closed(value)]));
  if (typeof copy.$ref === 'string') copy.$ref = copy.$ref.replace('#/definitions/', `${DEFINITIONS}#/definitions/`);
  const isClosable = copy.properties !== undefined && typeof node.properties === 'object' && copy.additionalProperties === undefined && node.type === 'object';
  return isClosable ? { ...copy, additionalProperties: false } : copy;
}
