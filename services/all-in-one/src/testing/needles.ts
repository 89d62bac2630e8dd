/** A search for things that must not be there, in every spelling in which they could be. */

export interface Needle {
  /** what it is; never the thing itself */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Hit {
  readonly needle: string;
  readonly spelling: string;
  /** where it was found */
  readonly place: string;
  readonly offset: number;
}

interface Form {
  readonly needle: Needle;
  readonly spelling: string;
  readonly bytes: Buffer;
}

/** Shorter ones turn up in megabytes of ciphertext by chance. */
export const LEAST_BYTES = 6;
const PREFIX_BYTES = 4;

export const textNeedle = (name: string, text: string): Needle => ({ name, bytes: new TextEncoder().encode(text) });

/**
 * Finds many needles in one pass over each place: as they are, in hexadecimal of either case, in base64 and base64url at each of
 * the three alignments that they can have inside something longer, escaped as in JSON, and as lists of decimal numbers.
 */
export class NeedleSearch {
  /** by the first four bytes of a form */
  readonly #forms = new Map<number, Form[]>();
  readonly #mayBegin = new Uint8Array(1 << 16);
  readonly names = new Set<string>();

  constructor(needles: Iterable<Needle>) {
    for (const needle of needles) {
      if (needle.bytes.length < LEAST_BYTES) throw new Error(`${needle.name} is too short to be looked for`);
      this.names.add(needle.name);
      for (const form of formsOf(needle)) this.#add(form);
    }
  }

  scan(place: string, bytes: Uint8Array): Hit[] {
    const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const hits: Hit[] = [];
    for (let offset = 0; offset + PREFIX_BYTES <= haystack.length; offset += 1) {
      if (this.#mayBegin[haystack.readUInt16BE(offset)] === 0) continue;
      for (const { needle, spelling, bytes: form } of this.#forms.get(haystack.readUInt32BE(offset)) ?? []) {
        if (form.length <= haystack.length - offset && form.compare(haystack, offset, offset + form.length) === 0) {
          hits.push({ needle: needle.name, spelling, place, offset });
        }
      }
    }
    return hits;
  }

  #add(form: Form): void {
    const key = form.bytes.readUInt32BE(0);
    this.#mayBegin[form.bytes.readUInt16BE(0)] = 1;
    const others = this.#forms.get(key);
    if (others === undefined) this.#forms.set(key, [form]);
    else others.push(form);
  }
}

function* formsOf(needle: Needle): Generator<Form> {
  const bytes = Buffer.from(needle.bytes);
  const form = (spelling: string, written: string | Buffer): Form => ({ needle, spelling, bytes: Buffer.from(written) });
  yield form('plain', bytes);
  yield form('hexadecimal', bytes.toString('hex'));
  yield form('HEXADECIMAL', bytes.toString('hex').toUpperCase());
  for (const before of [0, 1, 2]) {
    const inner = innerBase64(bytes, before);
    yield form(`base64 at ${before}`, inner);
    const url = inner.replaceAll('+', '-').replaceAll('/', '_');
    if (url !== inner) yield form(`base64url at ${before}`, url);
  }
  yield form('decimal, with commas', bytes.join(','));
  yield form('decimal, with spaces', bytes.join(', '));
  const text = bytes.toString('utf8');
  const escaped = JSON.stringify(text).slice(1, -1);
  if (escaped !== text && Buffer.from(text).equals(bytes)) yield form('JSON text', escaped);
}

/** The characters of base64 that are the same whatever stands around the bytes, `before` of them in their first group of three. */
function innerBase64(bytes: Buffer, before: number): string {
  const padded = Buffer.concat([Buffer.alloc(before), bytes]);
  const whole = padded.toString('base64').replaceAll('=', '');
  const first = Math.ceil((before * 4) / 3);
  const last = Math.floor((padded.length * 4) / 3);
  return whole.slice(first, last);
}
