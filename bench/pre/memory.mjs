/** Encrypts and decrypts a stream of 2 GB and prints by how much the resident memory grew. */
import { randomBytes } from 'node:crypto';
import { decryptBody, encryptBody } from '../../libs/pre/dist/index.js';

const BYTES = 2 * 2 ** 30;
const PIECE = 256 * 1024;
const random = (length) => new Uint8Array(randomBytes(length));
const context = { record: random(32), part: 'laboratory', version: 1 };
const seed = random(32);
const piece = randomBytes(PIECE);

/** A new buffer for every piece, as a file or a socket gives it. */
async function* stream(bytes) {
  for (let sent = 0; sent < bytes; sent += PIECE) yield Buffer.from(piece);
}

async function roundTrip(bytes, onPiece) {
  let received = 0;
  for await (const part of decryptBody(seed, context, encryptBody(seed, context, stream(bytes), random))) {
    received += part.length;
    onPiece();
  }
  if (received !== bytes) throw new Error(`${received} bytes came back, not ${bytes}`);
}

// What the runtime itself needs for streams of this kind is there before the count starts.
await roundTrip(64 * 2 ** 20, () => {});
const before = process.memoryUsage.rss();
let highest = before;
let count = 0;
await roundTrip(BYTES, () => {
  count += 1;
  if (count % 64 === 0) highest = Math.max(highest, process.memoryUsage.rss());
});
console.log(JSON.stringify({ stream_bytes: BYTES, rss_before_mb: Math.round(before / 1e6), rss_growth_mb: Math.round((highest - before) / 1e6) }));
