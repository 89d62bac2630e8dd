import { GT_BYTES } from './engine.js';

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** g: the standard generator of G1, zcash compressed. */
export const G1_GENERATOR: Uint8Array = fromHex(
  '97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
);

/** h: the standard generator of G2, zcash compressed. */
export const G2_GENERATOR: Uint8Array = fromHex(
  '93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e' +
    '024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8',
);

const FIELD_BYTES = 48;

/** mcl writes an Fp2 coefficient c1 before c0 where the encoding of docs/pre.md has c0 before c1: swaps each pair of a GT element. */
export function swapFp2Halves(bytes: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(GT_BYTES);
  for (let offset = 0; offset < GT_BYTES; offset += 2 * FIELD_BYTES) {
    swapped.set(bytes.subarray(offset + FIELD_BYTES, offset + 2 * FIELD_BYTES), offset);
    swapped.set(bytes.subarray(offset, offset + FIELD_BYTES), offset + FIELD_BYTES);
  }
  return swapped;
}
