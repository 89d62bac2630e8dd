/** The envelope's throughput beside plain AES-256-GCM of node:crypto over the same chunks. */
import { execFileSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { decryptBody, encryptBody } from '../../libs/pre/dist/index.js';
import { quantile, rounded, sample } from '../measure.mjs';

const CHUNK = 65_536;
const BYTES = 64 * 2 ** 20;
const random = (length) => new Uint8Array(randomBytes(length));
const context = { record: random(32), part: 'laboratory', version: 1 };
const [seed, key] = [random(32), random(32)];

async function* sequence(pieces) {
  for (const piece of pieces) yield piece;
}

const nonceOf = (index) => {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  return nonce;
};

async function drained(stream) {
  let bytes = 0;
  for await (const piece of stream) bytes += piece.length;
  return bytes;
}

/** Rates: medians of the wall clock. Ratios: of the lower quintile of CPU time, which other work on the machine disturbs least. */
export async function measureBody(rounds) {
  const chunks = Array.from({ length: BYTES / CHUNK }, () => randomBytes(CHUNK));
  const sealed = [];
  for await (const piece of encryptBody(seed, context, sequence(chunks), random)) sealed.push(piece);
  const plainSealed = chunks.map((chunk, index) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index));
    const bytes = cipher.update(chunk);
    cipher.final();
    return { bytes, tag: cipher.getAuthTag() };
  });
  const ops = [
    { name: 'plain_encrypt', run: () => {
      for (const [index, chunk] of chunks.entries()) {
        const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index));
        cipher.update(chunk);
        cipher.final();
        cipher.getAuthTag();
      }
    } },
    { name: 'body_encrypt', run: () => drained(encryptBody(seed, context, sequence(chunks), random)) },
    { name: 'plain_decrypt', run: () => {
      for (const [index, { bytes, tag }] of plainSealed.entries()) {
        const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(index));
        decipher.setAuthTag(tag);
        decipher.update(bytes);
        decipher.final();
      }
    } },
    { name: 'body_decrypt', run: () => drained(decryptBody(seed, context, sequence(sealed))) },
  ];
  const samples = await sample(ops, rounds);
  const rates = (clock, fraction) => ops.map((op) => BYTES / 1000 / quantile(samples.get(op)[clock], fraction));
  const [plainEncrypt, bodyEncrypt, plainDecrypt, bodyDecrypt] = rates('wall', 0.5);
  const [plainEncryptCpu, bodyEncryptCpu, plainDecryptCpu, bodyDecryptCpu] = rates('cpu', 0.2);
  return {
    bytes: BYTES,
    plain_encrypt_mb_per_s: rounded(plainEncrypt, 0),
    body_encrypt_mb_per_s: rounded(bodyEncrypt, 0),
    encrypt_ratio: rounded(bodyEncryptCpu / plainEncryptCpu, 2),
    plain_decrypt_mb_per_s: rounded(plainDecrypt, 0),
    body_decrypt_mb_per_s: rounded(bodyDecrypt, 0),
    decrypt_ratio: rounded(bodyDecryptCpu / plainDecryptCpu, 2),
  };
}

/** In a process of its own, so that nothing else is counted. */
export const measureMemory = () =>
  JSON.parse(execFileSync(process.execPath, [fileURLToPath(new URL('memory.mjs', import.meta.url))], { encoding: 'utf8' }));
