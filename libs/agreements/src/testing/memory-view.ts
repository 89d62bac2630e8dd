import { type CborValue, decodeCanonical, encodeCanonical, equalBytes } from '@medveil/encoding';
import type { StateView } from '@medveil/ledger';

/** A state in memory for the specs of this package: values as canonical bytes, so that what cannot be encoded shows. */
export class MemoryView implements StateView {
  private values = new Map<string, Uint8Array>();
  /** How often something was put or deleted. */
  writes = 0;

  static from(entries: readonly { key: string; value: CborValue }[]): MemoryView {
    const view = new MemoryView();
    for (const { key, value } of entries) view.put(key, value);
    return view;
  }

  get(key: string): CborValue | undefined {
    const bytes = this.values.get(key);
    return bytes === undefined ? undefined : decodeCanonical(bytes);
  }

  has(key: string): boolean {
    return this.values.has(key);
  }

  bytes(key: string): Uint8Array | undefined {
    return this.values.get(key);
  }

  put(key: string, value: CborValue): void {
    this.writes += 1;
    this.values.set(key, encodeCanonical(value));
  }

  delete(key: string): void {
    this.writes += 1;
    this.values.delete(key);
  }

  *entries(prefix: string, options: { readonly after?: string } = {}): IterableIterator<[string, CborValue]> {
    const { after } = options;
    const keys = [...this.values.keys()].filter((key) => key.startsWith(prefix) && (after === undefined || key > after)).toSorted();
    for (const key of keys) yield [key, this.get(key)!];
  }

  keys(): string[] {
    return [...this.values.keys()].toSorted();
  }

  copy(): MemoryView {
    const copy = new MemoryView();
    copy.values = new Map(this.values);
    return copy;
  }

  equals(other: MemoryView): boolean {
    if (this.values.size !== other.values.size) return false;
    for (const [key, bytes] of this.values) {
      const theirs = other.values.get(key);
      if (theirs === undefined || (theirs !== bytes && !equalBytes(theirs, bytes))) return false;
    }
    return true;
  }
}
