/** What a worker does with a slice of work: plain data in, plain data out. */
import { type Afgh06, isPreError, type PreErrorCode, type ReEncryptionStatement, type ReKeyEntry } from '../index.js';

export type Task =
  | { readonly kind: 're-encrypt'; readonly items: readonly { readonly capsule: Uint8Array; readonly reKey: Uint8Array }[] }
  | { readonly kind: 'verify'; readonly items: readonly (ReEncryptionStatement & { readonly proof: Uint8Array })[] }
  | { readonly kind: 'encapsulate'; readonly ownerPublicKey: Uint8Array; readonly items: readonly { readonly label: Uint8Array; readonly seed: Uint8Array }[] }
  | { readonly kind: 'bad-re-keys'; readonly items: readonly ReKeyEntry[]; readonly randomness: Uint8Array };

/** One item's outcome: a bad item does not fail the others. */
export type Outcome<T> = { readonly value: T } | { readonly error: PreErrorCode };

/** @returns an outcome for each item; for `bad-re-keys` the positions within the slice */
export function perform(scheme: Afgh06, task: Task): readonly unknown[] {
  if (task.kind === 're-encrypt') return task.items.map(({ capsule, reKey }) => outcome(() => scheme.reEncrypt(capsule, reKey)));
  if (task.kind === 'verify') return task.items.map((statement) => ({ value: scheme.verifyReEncryption(statement) }));
  if (task.kind === 'encapsulate') return encapsulateAll(scheme, task);
  return scheme.badReKeys(task.items, drawsFrom(task.randomness));
}

function encapsulateAll(scheme: Afgh06, { ownerPublicKey, items }: Extract<Task, { kind: 'encapsulate' }>): readonly unknown[] {
  const make = outcome(() => scheme.encapsulator(ownerPublicKey));
  if ('error' in make) return items.map(() => make);
  return items.map(({ label, seed }) => outcome(() => make.value(label, () => seed)));
}

/** Hands out random bytes that were drawn beforehand. */
function drawsFrom(randomness: Uint8Array): (length: number) => Uint8Array {
  let offset = 0;
  return (length) => randomness.subarray(offset, (offset += length));
}

function outcome<T>(run: () => T): Outcome<T> {
  try {
    return { value: run() };
  } catch (error) {
    if (isPreError(error)) return { error: error.code };
    throw error;
  }
}
