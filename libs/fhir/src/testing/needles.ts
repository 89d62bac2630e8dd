/** Texts of a bundle, whoever made it, that must not be in anything that leaves. */

type Field = readonly [path: readonly string[], text: string];

/** Everything below these says who somebody is, or was typed by somebody. */
const TELLING = new Set(['name', 'telecom', 'line', 'city', 'district', 'contact', 'photo', 'display', 'text', 'div', 'note', 'valueString', 'performer', 'serialNumber', 'lotNumber']);
/** Shorter texts turn up in other words; single words may be codes. */
const LEAST_CHARACTERS = 5;

export function needlesIn(bundle: unknown): readonly string[] {
  const found = [...fieldsOf(bundle, [])].filter(([path, text]) => isTelling(path) && text.length >= LEAST_CHARACTERS && !/^[\d.]{1,6}$/.test(text) && !isWord(path, text));
  return [...new Set(found.map(([, text]) => text))];
}

function isTelling(path: readonly string[]): boolean {
  const last = path.at(-1);
  if (last === 'id' || last === 'fullUrl') return true;
  // Inside an identifier its value tells; of what kind it is does not.
  if (last === 'value' && path.includes('identifier')) return true;
  return path.some((step) => TELLING.has(step)) && last !== 'system' && last !== 'use' && last !== 'code' && last !== 'reference' && last !== 'url';
}

/** A display or text that is one word may be a code as well: `final`, `laboratory`. */
const isWord = (path: readonly string[], text: string): boolean => (path.at(-1) === 'display' || path.at(-1) === 'text') && !text.includes(' ');

function* fieldsOf(value: unknown, path: readonly string[]): Iterable<Field> {
  if (typeof value === 'string') yield [path, value];
  else if (Array.isArray(value)) for (const item of value as readonly unknown[]) yield* fieldsOf(item, path);
  else if (typeof value === 'object' && value !== null) for (const [key, inner] of Object.entries(value)) yield* fieldsOf(inner, [...path, key]);
}

/** FHIR dates of the bundle that are finer than the year. */
export const dayDates = (text: string): readonly string[] => [...new Set(text.match(/\d{4}-\d{2}-\d{2}/g) ?? [])];

