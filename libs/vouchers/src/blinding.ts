/**
 * Blind of RFC 9474 (section 4.2) with its salt and its factor handed in: the library draws both itself, and a holder whose secret is all that
 * is left could never repeat what it drew.
 */
import { createHash } from 'node:crypto';
import { concatBytes } from '@medveil/encoding';
import { invert, mod, pow } from '@noble/curves/abstract/modular.js';
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';

export interface RsaPublicNumbers {
  readonly modulus: bigint;
  readonly exponent: bigint;
  /** of the modulus */
  readonly bits: number;
}

export interface Blinded {
  /** z = EMSA-PSS(message)·r^e mod n */
  readonly blinded: Uint8Array;
  /** r^−1 mod n */
  readonly unblinding: Uint8Array;
}

/**
 * @param factor r, in 1 … n − 1
 * @throws Error where the message or r shares a factor with n, which nobody finds who does not know n's
 */
export function blind({ modulus, exponent, bits }: RsaPublicNumbers, message: Uint8Array, salt: Uint8Array, factor: bigint): Blinded {
  const length = Math.ceil(bits / 8);
  const encoded = bytesToNumberBE(encodePss(message, salt, bits - 1));
  invert(encoded, modulus);
  return {
    blinded: numberToBytesBE(mod(encoded * pow(factor, exponent, modulus), modulus), length),
    unblinding: numberToBytesBE(invert(factor, modulus), length),
  };
}

/** From uniform bytes, at least 16 more than the modulus has: 1 … n − 1, farther from uniform than 2^−128 nowhere. */
export const factorFrom = (uniform: Uint8Array, { modulus }: RsaPublicNumbers): bigint => mod(bytesToNumberBE(uniform), modulus - 1n) + 1n;

/** EMSA-PSS-ENCODE (RFC 8017, section 9.1.1) with SHA-384 and MGF1 of it. */
function encodePss(message: Uint8Array, salt: Uint8Array, bits: number): Uint8Array {
  const length = Math.ceil(bits / 8);
  const hash = sha384(new Uint8Array(8), sha384(message), salt);
  const block = new Uint8Array(length - hash.length - 1);
  block[block.length - salt.length - 1] = 1;
  block.set(salt, block.length - salt.length);
  const masked = mgf1(hash, block.length).map((byte, at) => byte ^ (block[at] ?? 0));
  masked[0] = (masked[0] ?? 0) & (0xff >> (8 * length - bits));
  return concatBytes(masked, hash, Uint8Array.of(0xbc));
}

/** RFC 8017, appendix B.2.1. */
function mgf1(seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let made = 0; made < length; made += 48) blocks.push(sha384(seed, numberToBytesBE(blocks.length, 4)));
  return concatBytes(...blocks).slice(0, length);
}

function sha384(...pieces: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha384');
  for (const piece of pieces) hash.update(piece);
  return new Uint8Array(hash.digest());
}
