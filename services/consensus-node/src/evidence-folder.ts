import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { faultName } from '@medveil/agreements';
import { isCodedError } from '@medveil/encoding';
import { decodeEvidence, encodeEvidence, type Evidence } from '@medveil/pbft';

const MAX_KEPT = 1_000;

/** Evidence that this replica has seen and the ledger has not recorded yet: kept across restarts, one of each contradiction. */
export class EvidenceFolder {
  readonly #kept = new Map<string, Evidence>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** @param onError a file that cannot be written: the evidence is then remembered until the node stops */
  static async open(folder: string, onError: (error: unknown) => void): Promise<EvidenceFolder> {
    await mkdir(folder, { recursive: true });
    const opened = new EvidenceFolder(folder, onError);
    for (const file of (await readdir(folder)).toSorted().slice(0, MAX_KEPT)) {
      const evidence = readable(await readFile(join(folder, file)));
      if (evidence !== null) opened.#kept.set(faultName(evidence), evidence);
    }
    return opened;
  }

  list(): readonly (readonly [name: string, evidence: Evidence])[] {
    return [...this.#kept];
  }

  /** @returns false for a contradiction that is known, or one too many */
  add(evidence: Evidence): boolean {
    const name = faultName(evidence);
    if (this.#kept.has(name) || this.#kept.size >= MAX_KEPT) return false;
    this.#kept.set(name, evidence);
    this.#write(() => writeFile(join(this.folder, name), encodeEvidence(evidence), { flush: true }));
    return true;
  }

  remove(name: string): void {
    if (this.#kept.delete(name)) this.#write(() => rm(join(this.folder, name), { force: true }));
  }

  /** Resolves when everything said so far is on disk. */
  close(): Promise<void> {
    return this.#writing;
  }

  #write(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).catch(this.onError);
  }
}

/** A file torn by a crash is none. */
function readable(bytes: Uint8Array): Evidence | null {
  try {
    return decodeEvidence(bytes);
  } catch (error) {
    if (isCodedError(error)) return null;
    throw error;
  }
}
