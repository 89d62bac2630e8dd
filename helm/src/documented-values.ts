import { isMap, isNode, isScalar, parseDocument, type YAMLMap } from 'yaml';

/** One value of values.yaml. */
export interface DocumentedValue {
  /** for example `kafka.tls.enabled` */
  readonly path: string;
  /** the comment that stands above it; empty: none */
  readonly text: string;
  /** JSON of what it is by default; null for a map whose keys are described one by one */
  readonly value: string | null;
}

/** Maps that are passed on to Kubernetes or to a service as they are: described as a whole. */
const PASSED_ON = /(?:^|\.)(?:resources|labels|settings\.[^.]+)$/;

/** Every value of a file, in its order, with the comment above it. */
export function documentedValues(text: string): DocumentedValue[] {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw document.errors[0];
  return isMap(document.contents) ? valuesOf(document.contents, [], document.commentBefore ?? '') : [];
}

/** @param before what stands above the first key and is no comment of its own: the parser gives it to the map */
function valuesOf(map: YAMLMap, above: readonly string[], before: string): DocumentedValue[] {
  return map.items.flatMap((pair, index) => {
    const { key, value } = pair;
    if (!isScalar(key)) return [];
    const path = [...above, String(key.value)];
    const comment = key.commentBefore ?? (index === 0 ? (map.commentBefore ?? before) : '');
    const text = lastParagraph(comment);
    const isOpened = isMap(value) && value.items.length > 0 && !PASSED_ON.test(path.join('.'));
    const own: DocumentedValue = { path: path.join('.'), text, value: isOpened ? null : JSON.stringify(plain(value)) };
    return [own, ...(isOpened ? valuesOf(value, path, '') : [])];
  });
}

const plain = (node: unknown): unknown => (isNode(node) ? node.toJSON() : null);

/** A file's own introduction stands above its first key, apart from that key's comment by an empty line. */
const lastParagraph = (comment: string): string =>
  (comment.split(/\n\s*\n/).at(-1) ?? '').split('\n').map((line) => line.trim()).join(' ').trim();
