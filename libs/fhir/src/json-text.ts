import { FhirError } from './errors.js';
import type { Json } from './json.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const CLOSE_OBJECT = 0x7d;
const CLOSE_ARRAY = 0x5d;

/**
 * Walks the bytes of a JSON text once before anything is built from them: the nesting is bounded while it is
 * still only text, and a text that ends early is told apart from one that was never JSON.
 * @throws FhirError `fhir/too-deep`, `fhir/truncated`
 */
function checkShape(bytes: Uint8Array, maxDepth: number): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth += 1;
      if (depth > maxDepth) throw new FhirError('fhir/too-deep', `nested deeper than ${maxDepth} levels`, { maxDepth });
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
  }
  if (inString || depth > 0) {
    throw new FhirError('fhir/truncated', 'the file ends in the middle of its JSON text', { bytes: bytes.length });
  }
}

/**
 * @param bytes UTF-8 JSON text, a byte order mark allowed
 * @throws FhirError `fhir/not-json`, `fhir/truncated`, `fhir/too-deep`
 */
export function parseJson(bytes: Uint8Array, maxDepth: number): Json {
  const text = decodeUtf8(bytes);
  const first = text.trimStart()[0];
  if (first !== '{') throw new FhirError('fhir/not-json', 'not a JSON object', { bytes: bytes.length });
  checkShape(bytes, maxDepth);
  try {
    return JSON.parse(text) as Json;
  } catch {
    // The parser's own message quotes the input, so it is not passed on as a cause.
    throw new FhirError('fhir/not-json', 'not well-formed JSON', { bytes: bytes.length });
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // As a stream: a character cut in half at the end is left to checkShape, which calls it truncated.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    throw new FhirError('fhir/not-json', 'not UTF-8 text', { bytes: bytes.length });
  }
}
