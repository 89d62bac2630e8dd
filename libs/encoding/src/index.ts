/**
 * What every layer shares about bytes: the one canonical encoding that is signed and hashed,
 * domain-separated hashes, prefixed identifiers and errors with codes.
 */
export { decodeCanonical, encodeCanonical, type CborValue } from './canonical.js';
export { concatBytes, equalBytes, fromBase64Url, fromHex, fromUtf8, toBase64Url, toHex, utf8 } from './bytes.js';
export { digest, DIGEST_BYTES, sha256 } from './digest.js';
export { CodedError, isCodedError } from './errors.js';
export { idSchema, makeId, ID_PREFIXES, type Id, type IdPrefix } from './ids.js';
export { amountSchema, base64UrlSchema, bytesSchema, hexSchema, isSecretSchema, secret, timeMsSchema } from './schemas.js';
export type { Clock, RandomBytes } from './ports.js';
