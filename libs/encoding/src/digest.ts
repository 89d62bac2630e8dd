import { hash } from 'node:crypto';
import { type CborValue, encodeCanonical } from './canonical.js';

export const DIGEST_BYTES = 32;

/** SHA-256 of bytes as they are: content addresses of bodies and files. */
export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(hash('sha256', bytes, 'buffer'));

/**
 * Domain-separated hash of a structured value: SHA-256(DAG-CBOR([domain, value])).
 * @param domain names what is hashed and its version, for example `medveil/block/1`
 * @returns 32 bytes
 */
export const digest = (domain: string, value: CborValue): Uint8Array => sha256(encodeCanonical([domain, value]));
