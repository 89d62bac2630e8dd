import { ARGUMENT, type CborValue, DEPTH_MAX, FALSE, FLOAT64, MAJOR, NULL, TRUE, TWO_TO_32 } from './cbor-forms.js';

const FIRST_BYTES = 16 * 1024;
/** What is kept for the next call; a longer encoding gets memory of its own. */
const KEPT_BYTES = 1 << 20;
/** An argument and its first byte. */
const HEAD_BYTES = 9;
/** Text of up to so many characters is taken for ASCII first: that needs no call into native code. */
const SHORT_TEXT = 64;
/** Field names that are remembered. Maps whose keys are data do not push them out: those are encoded each time. */
const KEPT_KEYS = 4_096;

interface Key {
  readonly text: string;
  /** As a text item, head included: the order of these bytes is the order of keys. */
  readonly encoded: Uint8Array;
  readonly isAscii: boolean;
}

/** DAG-CBOR of a value, in memory that it reuses. */
class Writer {
  #bytes: Buffer<ArrayBuffer> = Buffer.from(new ArrayBuffer(FIRST_BYTES));
  #at = 0;

  encode(value: CborValue): Uint8Array {
    this.#at = 0;
    this.#value(value, 0);
    return new Uint8Array(this.#bytes.buffer.slice(0, this.#at));
  }

  /** Whether it is worth keeping. */
  get isSmall(): boolean {
    return this.#bytes.length <= KEPT_BYTES;
  }

  #value(value: CborValue | undefined, depth: number): void {
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'number':
        return this.#number(value);
      case 'boolean':
        return this.#byte(value ? TRUE : FALSE);
      case 'bigint':
        return this.#bigint(value);
      case 'object':
        return this.#object(value, depth);
      case 'undefined':
      case 'symbol':
      case 'function':
      default:
        throw new TypeError(`${typeof value} has no canonical encoding`);
    }
  }

  #object(value: Exclude<CborValue, string | number | bigint | boolean>, depth: number): void {
    if (value === null) return this.#byte(NULL);
    if (value instanceof Uint8Array) return this.#byteString(value);
    if (depth >= DEPTH_MAX) throw new RangeError(`a value is nested more than ${DEPTH_MAX} deep`);
    if (Array.isArray(value)) {
      this.#head(MAJOR.list, value.length);
      for (const item of value as readonly CborValue[]) this.#value(item, depth + 1);
    } else this.#map(value as { readonly [key: string]: CborValue }, depth);
  }

  #map(map: { readonly [key: string]: CborValue }, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(map);
    if (prototype !== Object.prototype && prototype !== null) throw new TypeError('only plain objects have a canonical encoding');
    const keys: Key[] = [];
    for (const text of Object.keys(map)) insertInOrder(keys, knownKeys.get(text) ?? newKey(text));
    this.#head(MAJOR.map, keys.length);
    for (const { text, encoded } of keys) {
      this.#reserve(encoded.length);
      for (let index = 0; index < encoded.length; index += 1) this.#bytes[this.#at++] = encoded[index] as number;
      this.#value(map[text], depth + 1);
    }
  }

  #byteString(value: Uint8Array): void {
    this.#head(MAJOR.bytes, value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  #text(text: string): void {
    if (text.length <= SHORT_TEXT && this.#ascii(text)) return;
    const length = Buffer.byteLength(text);
    this.#head(MAJOR.text, length);
    this.#reserve(length);
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** @returns false, and nothing is written, where the text is not ASCII */
  #ascii(text: string): boolean {
    const start = this.#at;
    this.#head(MAJOR.text, text.length);
    this.#reserve(text.length);
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) {
        this.#at = start;
        return false;
      }
      this.#bytes[this.#at++] = code;
    }
    return true;
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value)) {
      if (value >= 0) this.#head(MAJOR.natural, value);
      else this.#head(MAJOR.negative, -1 - value);
      return;
    }
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical encoding`);
    this.#reserve(HEAD_BYTES);
    this.#bytes[this.#at] = FLOAT64;
    this.#bytes.writeDoubleBE(value, this.#at + 1);
    this.#at += HEAD_BYTES;
  }

  #bigint(value: bigint): void {
    if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) return this.#number(Number(value));
    const argument = value < 0n ? -1n - value : value;
    if (BigInt.asUintN(64, argument) !== argument) throw new RangeError('an integer does not fit 64 bits');
    this.#reserve(HEAD_BYTES);
    this.#bytes[this.#at] = (value < 0n ? MAJOR.negative : MAJOR.natural) | ARGUMENT.eightBytes;
    this.#bytes.writeBigUInt64BE(argument, this.#at + 1);
    this.#at += HEAD_BYTES;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  /** In the shortest form. @param argument a natural number */
  #head(major: number, argument: number): void {
    this.#reserve(HEAD_BYTES);
    this.#at = writeHead(this.#bytes, this.#at, major, argument);
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const grown = Buffer.from(new ArrayBuffer(Math.max(2 * this.#bytes.length, this.#at + more)));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}

/** @returns where the next byte goes */
function writeHead(bytes: Buffer, start: number, major: number, argument: number): number {
  let at = start;
  if (argument < ARGUMENT.oneByte) {
    bytes[at++] = major | argument;
  } else if (argument < 0x100) {
    bytes[at++] = major | ARGUMENT.oneByte;
    bytes[at++] = argument;
  } else if (argument < 0x1_0000) {
    bytes[at++] = major | ARGUMENT.twoBytes;
    at = bytes.writeUInt16BE(argument, at);
  } else if (argument < TWO_TO_32) {
    bytes[at++] = major | ARGUMENT.fourBytes;
    at = bytes.writeUInt32BE(argument, at);
  } else {
    bytes[at++] = major | ARGUMENT.eightBytes;
    at = bytes.writeUInt32BE(Math.floor(argument / TWO_TO_32), at);
    at = bytes.writeUInt32BE(argument % TWO_TO_32, at);
  }
  return at;
}

const knownKeys = new Map<string, Key>();

function newKey(text: string): Key {
  const utf8 = Buffer.from(text);
  const encoded = Buffer.alloc(HEAD_BYTES + utf8.length);
  const start = writeHead(encoded, 0, MAJOR.text, utf8.length);
  encoded.set(utf8, start);
  const key = { text, encoded: new Uint8Array(encoded.subarray(0, start + utf8.length)), isAscii: utf8.length === text.length };
  if (knownKeys.size < KEPT_KEYS) knownKeys.set(text, key);
  return key;
}

/** Fields mostly come in order, or nearly so. */
function insertInOrder(keys: Key[], key: Key): void {
  let at = keys.length;
  while (at > 0 && isBefore(key, keys[at - 1] as Key)) at -= 1;
  if (at === keys.length) keys.push(key);
  else keys.splice(at, 0, key);
}

/** Shorter keys first, then bytewise (the order of RFC 7049, section 3.9, which DAG-CBOR has kept). */
function isBefore(a: Key, b: Key): boolean {
  if (!a.isAscii || !b.isAscii) return Buffer.compare(a.encoded, b.encoded) < 0;
  return a.text.length === b.text.length ? a.text < b.text : a.text.length < b.text.length;
}

let spare: Writer | null = new Writer();

/** @throws TypeError, RangeError for what is no `CborValue` */
export function writeCanonical(value: CborValue): Uint8Array {
  const writer = spare ?? new Writer();
  // Until it is done: a getter may encode as well.
  spare = null;
  const bytes = writer.encode(value);
  if (writer.isSmall) spare = writer;
  return bytes;
}
