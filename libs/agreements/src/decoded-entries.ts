import { type CborValue, decodeCanonical } from '@medveil/encoding';

/** Of each table: what every transaction reads, and the accounts that are at work. */
const MOST_KEPT = 8_192;

/**
 * Entries by the bytes they were decoded from. A state's bytes are never changed, only replaced, so what was decoded stays right; it
 * is shared by all who read it, and frozen.
 */
export class DecodedEntries<Entry> {
  readonly #entries = new Map<Uint8Array, Entry>();

  of(bytes: Uint8Array, decode: (value: CborValue) => Entry): Entry {
    const known = this.#entries.get(bytes);
    if (known !== undefined) return known;
    const entry = decode(decodeCanonical(bytes));
    this.keep(bytes, entry);
    return entry;
  }

  /** @param entry what `bytes` decode to: what they were encoded from */
  keep(bytes: Uint8Array, entry: Entry): void {
    if (this.#entries.size >= MOST_KEPT) this.#forgetOldest();
    this.#entries.set(bytes, frozen(entry));
  }

  #forgetOldest(): void {
    for (const bytes of this.#entries.keys()) {
      this.#entries.delete(bytes);
      return;
    }
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
