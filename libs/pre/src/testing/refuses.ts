import assert from 'node:assert/strict';
import { isPreError, type PreErrorCode } from '../index.js';

/** Asserts that the call throws a PreError, of one of the codes where they are given, and nothing else. */
export function refuses(call: () => unknown, ...codes: readonly PreErrorCode[]): void {
  assert.throws(call, (error: unknown) => isPreError(error) && (codes.length === 0 || codes.includes(error.code)));
}

/** As `refuses` for an iteration that is run to its end. */
export async function refusesStream(stream: AsyncIterable<Uint8Array>, ...codes: readonly PreErrorCode[]): Promise<void> {
  await assert.rejects(
    async () => {
      for await (const piece of stream) assert.ok(piece.length > 0);
    },
    (error: unknown) => isPreError(error) && (codes.length === 0 || codes.includes(error.code)),
  );
}
