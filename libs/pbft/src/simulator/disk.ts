import { concatBytes } from '@medveil/encoding';
import { frameWalEntry, readWal } from '../wal.js';
import type { WalEntry } from '../wal-entries.js';
import type { Random } from './random.js';
import { ToyLedger } from './toy-ledger.js';

/** What one simulated machine keeps across a crash: the log, byte for byte, and the ledger. */
export class Disk {
  #log: Uint8Array[] = [];
  /** Being written: on disk wholly, partly or not at all if the machine crashes now. */
  #writing: { readonly replaces: boolean; readonly records: readonly Uint8Array[] } | null = null;
  ledger: ToyLedger;

  constructor(readonly emptyLedger: () => ToyLedger) {
    this.ledger = emptyLedger();
  }

  beginWrite(entries: readonly WalEntry[], replaces: boolean): void {
    this.#writing = { replaces, records: entries.map(frameWalEntry) };
  }

  /** fsync has returned. */
  endWrite(): void {
    if (this.#writing === null) return;
    this.#log = this.#writing.replaces ? [...this.#writing.records] : [...this.#log, ...this.#writing.records];
    this.#writing = null;
  }

  /** A crash tears an append at any byte; a replacement (write, fsync, rename) happens or does not. */
  crash(random: Random): void {
    const writing = this.#writing;
    this.#writing = null;
    if (writing === null) return;
    if (writing.replaces) {
      if (random.chance(0.5)) this.#log = [...writing.records];
      return;
    }
    const bytes = concatBytes(...writing.records);
    this.#log.push(bytes.slice(0, random.between(0, bytes.length)));
  }

  /** Reads the log as the shell does at start: a torn last record is cut off. */
  readLog(): readonly WalEntry[] {
    const file = concatBytes(...this.#log);
    const { entries, validBytes } = readWal(file);
    this.#log = [file.slice(0, validBytes)];
    return entries;
  }

  wipe(): void {
    this.#log = [];
    this.#writing = null;
    this.ledger = this.emptyLedger();
  }
}
