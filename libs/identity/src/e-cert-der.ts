import { equalBytes, fromHex } from '@medveil/encoding';
import { SIGNATURE_BYTES } from './accounts.js';
import { IdentityError } from './errors.js';

/** The algorithm Ed25519 without parameters (RFC 8410), and the head of a bit string of 64 bytes. */
const SIGNATURE_HEAD = fromHex('300506032b6570034100');

/**
 * Takes a certificate apart into what is signed and the signature. RFC 5280, section 4.1:
 * SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }. The two last, which no signature covers, have
 * exactly one form here, so that a certificate travels under one byte string only.
 * @throws IdentityError `identity/bad-certificate`
 */
export function splitCertificate(der: Uint8Array): { toBeSigned: Uint8Array; signature: Uint8Array } {
  const outer = readSequence(der, 0);
  const inner = readSequence(der, outer.start);
  const head = der.subarray(inner.end, inner.end + SIGNATURE_HEAD.length);
  const signature = der.slice(inner.end + SIGNATURE_HEAD.length);
  if (outer.end !== der.length || !equalBytes(head, SIGNATURE_HEAD) || signature.length !== SIGNATURE_BYTES) throw refusal();
  return { toBeSigned: der.slice(outer.start, inner.end), signature };
}

/** The bounds of a SEQUENCE's content, with a length in DER: definite and minimal, at most 65,535. */
function readSequence(der: Uint8Array, at: number): { start: number; end: number } {
  const [tag, first = 0, second = 0, third = 0] = der.subarray(at, at + 4);
  if (tag !== 0x30) throw refusal();
  const header = first < 0x80 ? 2 : first === 0x81 ? 3 : 4;
  const length = header === 2 ? first : header === 3 ? second : second * 256 + third;
  const minimal = header === 2 || (header === 3 && length >= 0x80) || (first === 0x82 && length >= 0x100);
  const start = at + header;
  if (!minimal || start + length > der.length) throw refusal();
  return { start, end: start + length };
}

const refusal = () => new IdentityError('identity/bad-certificate', 'not the DER of an X.509 certificate signed by Ed25519');
