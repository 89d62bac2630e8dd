import { hash } from 'node:crypto';

/** SHA-256 in one call of OpenSSL: for the many small hashes of trees, a third of the time of a JavaScript one. */
export const sha256 = (bytes: Uint8Array): Uint8Array => {
  const result = hash('sha256', bytes, 'buffer');
  return new Uint8Array(result.buffer, result.byteOffset, result.byteLength);
};
