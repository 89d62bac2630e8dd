/** Bytes of the argument after a head whose low bits are 24, 25, 26, 27. */
const ARGUMENT_BYTES = [1, 2, 4, 8] as const;

/**
 * Whether the bytes are exactly one CBOR item of definite lengths (RFC 8949, appendix C). Looked at before decoding, since a decoder
 * makes room for as many entries as an array announces: thousands of nested ones, each of which announces all the bytes that are left,
 * would take gigabytes. Here an announced entry has to be there.
 */
export function isWellFormed(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  // Each outstanding item takes one byte at least.
  for (let outstanding = 1; outstanding > 0; outstanding -= 1) {
    if (outstanding > bytes.length - at) return false;
    const head = bytes[at] as number;
    const low = head & 31;
    const size = low < 24 ? 0 : ARGUMENT_BYTES[low - 24];
    if (size === undefined || at + 1 + size > bytes.length) return false;
    const argument = size === 0 ? low : argumentOf(view, at + 1, size);
    at += 1 + size;
    const type = head >> 5;
    if (type === 2 || type === 3) at += argument;
    else if (type === 4) outstanding += argument;
    else if (type === 5) outstanding += 2 * argument;
    else if (type === 6) outstanding += 1;
    if (at > bytes.length) return false;
  }
  return at === bytes.length;
}

function argumentOf(view: DataView, at: number, size: 1 | 2 | 4 | 8): number {
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at);
  return size === 4 ? view.getUint32(at) : view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
}
