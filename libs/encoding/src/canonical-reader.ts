import { ARGUMENT, type CborValue, DEPTH_MAX, FALSE, FLOAT64, MAJOR, NULL, TRUE, TWO_TO_32 } from './cbor-forms.js';

const SHORT_TEXT = 64;
/** Field names that are remembered by their bytes: the same string object each time. */
const KEPT_NAMES = 1_024;
const MAX_SAFE_UPPER = Math.floor(Number.MAX_SAFE_INTEGER / TWO_TO_32);

/** The item before which the reader stands, of a document that has one form for each value. */
class Reader {
  #at = 0;
  readonly #bytes: Uint8Array;
  /** The same, for text. */
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  document(): CborValue {
    const value = this.#value(0);
    if (this.#at !== this.#bytes.length) throw new Error('bytes are left over');
    return value;
  }

  #value(depth: number): CborValue {
    const first = this.#byte();
    switch (first & 0xe0) {
      case MAJOR.natural:
        return this.#integer(first, false);
      case MAJOR.negative:
        return this.#integer(first, true);
      case MAJOR.bytes:
        return this.#byteString(this.#argument(first));
      case MAJOR.text:
        return this.#text(this.#argument(first));
      case MAJOR.list:
        return this.#list(this.#argument(first), depth);
      case MAJOR.map:
        return this.#map(this.#argument(first), depth);
      default:
        return this.#simple(first);
    }
  }

  #list(length: number, depth: number): CborValue[] {
    this.#enter(length, depth);
    const items: CborValue[] = [];
    for (let index = 0; index < length; index += 1) items.push(this.#value(depth + 1));
    return items;
  }

  #map(length: number, depth: number): { [key: string]: CborValue } {
    this.#enter(2 * length, depth);
    const map: { [key: string]: CborValue } = {};
    let before = this.#at;
    let beforeEnd = this.#at;
    for (let index = 0; index < length; index += 1) {
      const start = this.#at;
      const name = this.#name();
      if (index > 0 && !this.#isBefore(before, beforeEnd, start)) throw new Error('keys are not in order');
      before = start;
      beforeEnd = this.#at;
      const value = this.#value(depth + 1);
      if (name === '__proto__') Object.defineProperty(map, name, { value, configurable: true, enumerable: true, writable: true });
      else map[name] = value;
    }
    return map;
  }

  /** Each part has a byte at least: a length is not believed, nor memory taken for it. */
  #enter(parts: number, depth: number): void {
    if (depth >= DEPTH_MAX) throw new Error(`nested more than ${DEPTH_MAX} deep`);
    if (parts > this.#bytes.length - this.#at) throw new Error('cut short');
  }

  #name(): string {
    const first = this.#byte();
    if ((first & 0xe0) !== MAJOR.text) throw new Error('a key is not text');
    const length = this.#argument(first);
    if (length > SHORT_TEXT || length === 0) return this.#text(length);
    const end = this.#end(length);
    const place = placeOf(this.#bytes, this.#at, length);
    const known = names[place];
    if (known !== undefined && this.#reads(known, length)) {
      this.#at = end;
      return known;
    }
    const name = this.#text(length);
    // Of ASCII only: a character is a byte.
    if (name.length === length) names[place] = name;
    return name;
  }

  #reads(name: string, length: number): boolean {
    if (name.length !== length) return false;
    for (let index = 0; index < length; index += 1) if (this.#bytes[this.#at + index] !== name.charCodeAt(index)) return false;
    return true;
  }

  /** Whether the bytes [from, until) come before those from `next` on: a key's head is part of it, so shorter ones come first. */
  #isBefore(from: number, until: number, next: number): boolean {
    for (let index = 0; from + index < until; index += 1) {
      const difference = (this.#bytes[from + index] as number) - (this.#bytes[next + index] as number);
      if (difference !== 0) return difference < 0;
    }
    return false;
  }

  #byteString(length: number): Uint8Array {
    const start = this.#at;
    this.#at = this.#end(length);
    return this.#bytes.slice(start, this.#at);
  }

  #text(length: number): string {
    const start = this.#at;
    const end = this.#end(length);
    this.#at = end;
    for (let index = start; index < end; index += 1) {
      if ((this.#bytes[index] as number) > 0x7f) return this.#utf8(start, end);
    }
    return this.#buffer.toString('latin1', start, end);
  }

  #utf8(start: number, end: number): string {
    const text = this.#buffer.toString('utf8', start, end);
    if (Buffer.from(text).compare(this.#buffer, start, end) !== 0) throw new Error('text is not UTF-8');
    return text;
  }

  #integer(first: number, isNegative: boolean): number | bigint {
    const argument = this.#natural(first);
    if (!isNegative) return argument;
    if (typeof argument === 'bigint') return -1n - argument;
    const value = -1 - argument;
    return Number.isSafeInteger(value) ? value : BigInt(value);
  }

  #simple(first: number): null | boolean | number {
    switch (first) {
      case NULL:
        return null;
      case TRUE:
        return true;
      case FALSE:
        return false;
      case FLOAT64:
        return this.#float();
      default:
        throw new Error('a form that the data model does not have');
    }
  }

  /** Whole numbers have another form. */
  #float(): number {
    const start = this.#at;
    this.#at = this.#end(8);
    const value = this.#buffer.readDoubleBE(start);
    if (!Number.isFinite(value) || Number.isSafeInteger(value)) throw new Error('a float that is written otherwise');
    return value;
  }

  /** Of bytes, text, lists and maps. */
  #argument(first: number): number {
    const argument = this.#natural(first);
    if (typeof argument === 'bigint') throw new Error('cut short');
    return argument;
  }

  /** In the shortest form only. */
  #natural(first: number): number | bigint {
    const low = first & 0x1f;
    if (low < ARGUMENT.oneByte) return low;
    switch (low) {
      case ARGUMENT.oneByte:
        return atLeast(this.#byte(), ARGUMENT.oneByte);
      case ARGUMENT.twoBytes:
        return atLeast(this.#byte() * 0x100 + this.#byte(), 0x100);
      case ARGUMENT.fourBytes:
        return atLeast(this.#fourBytes(), 0x1_0000);
      case ARGUMENT.eightBytes: {
        const upper = atLeast(this.#fourBytes(), 1);
        const lower = this.#fourBytes();
        return upper <= MAX_SAFE_UPPER ? upper * TWO_TO_32 + lower : BigInt(upper) * BigInt(TWO_TO_32) + BigInt(lower);
      }
      default:
        throw new Error('a length that is not told');
    }
  }

  #fourBytes(): number {
    return this.#byte() * 0x100_0000 + this.#byte() * 0x1_0000 + this.#byte() * 0x100 + this.#byte();
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error('cut short');
    this.#at += 1;
    return byte;
  }

  #end(length: number): number {
    if (length > this.#bytes.length - this.#at) throw new Error('cut short');
    return this.#at + length;
  }
}

function atLeast(value: number, least: number): number {
  if (value < least) throw new Error('a number in a longer form than needed');
  return value;
}

const names: (string | undefined)[] = Array.from({ length: KEPT_NAMES }, () => undefined);

/** Where a name is remembered: any function will do that tells the field names in use apart. */
function placeOf(bytes: Uint8Array, start: number, length: number): number {
  const [first, middle, last] = [bytes[start] ?? 0, bytes[start + (length >> 1)] ?? 0, bytes[start + length - 1] ?? 0];
  return (first * 31 + middle * 101 + last * 7 + length * 179) % KEPT_NAMES;
}

/** @throws Error for all that `writeCanonical` would not have written */
export const readCanonical = (bytes: Uint8Array): CborValue => new Reader(bytes).document();
