/** The published libraries measured beside ours, as their own documentation uses them. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installLocked } from '../install.mjs';

const FOLDER = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** Installs the peers into this folder: they are no dependency of the project. */
export const installPeers = () => installLocked(FOLDER);

const sizeOf = (value) => {
  if (value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + sizeOf(item), 0);
  return Object.values(value).reduce((sum, item) => sum + sizeOf(item), 0);
};

const asUrl = (source) => `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`;

/**
 * @ironcorelabs/recrypt-wasm-binding is written for bundlers: it imports its WebAssembly as a module and does not mark its own modules
 * as such. Its files are loaded from memory with the imports resolved by hand; nothing in them is changed otherwise.
 */
async function loadRecrypt() {
  const folder = join(FOLDER, 'node_modules', '@ironcorelabs', 'recrypt-wasm-binding');
  const glueUrl = asUrl(readFileSync(join(folder, 'recrypt_wasm_binding_bg.js'), 'utf8'));
  const glue = await import(glueUrl);
  const wasm = await WebAssembly.instantiate(readFileSync(join(folder, 'recrypt_wasm_binding_bg.wasm')), { './recrypt_wasm_binding_bg.js': glue });
  glue.__wbg_set_wasm(wasm.instance.exports);
  wasm.instance.exports.__wbindgen_start();
  const shim = readFileSync(join(folder, 'Api256Shim.js'), 'utf8').replace('"./recrypt_wasm_binding"', JSON.stringify(glueUrl));
  return import(asUrl(shim));
}

const recryptOp = (op, run) => ({ scheme: 'recrypt', engine: 'recrypt-wasm-binding 0.7.1', op, run, every: 4 });
const umbralOp = (op, run, prepare) => ({ scheme: 'umbral', engine: 'umbral-pre 0.10.0', op, run, prepare });

export async function recryptOps() {
  const recrypt = await loadRecrypt();
  const api = new recrypt.Api256();
  const [owner, delegatee, signing] = [api.generateKeyPair(), api.generateKeyPair(), api.generateEd25519KeyPair()];
  const plaintext = api.generatePlaintext();
  const encrypted = api.encrypt(plaintext, owner.publicKey, signing.privateKey);
  const key = api.generateTransformKey(owner.privateKey, delegatee.publicKey, signing.privateKey);
  const transformed = api.transform(encrypted, key, signing.privateKey);
  if (Buffer.compare(api.decrypt(transformed, delegatee.privateKey), plaintext) !== 0) throw new Error('recrypt did not decrypt');
  return {
    ops: [
      recryptOp('key generation', () => api.generateKeyPair()),
      recryptOp('encrypt', () => api.encrypt(plaintext, owner.publicKey, signing.privateKey)),
      recryptOp('decrypt, owner', () => api.decrypt(encrypted, owner.privateKey)),
      recryptOp('re-key', () => api.generateTransformKey(owner.privateKey, delegatee.publicKey, signing.privateKey)),
      recryptOp('re-encrypt', () => api.transform(encrypted, key, signing.privateKey)),
      recryptOp('decrypt, delegatee', () => api.decrypt(transformed, delegatee.privateKey)),
    ],
    sizes: [
      { scheme: 'recrypt', artefact: 'public key', bytes: sizeOf(owner.publicKey) },
      { scheme: 'recrypt', artefact: 'ciphertext', bytes: sizeOf(encrypted) },
      { scheme: 'recrypt', artefact: 're-encryption key', bytes: sizeOf(key) },
      { scheme: 'recrypt', artefact: 'transformed ciphertext', bytes: sizeOf(transformed) },
    ],
  };
}

/** Threshold 1 of 1, which is what one proxy needs. */
export async function umbralOps() {
  const umbral = require('@nucypher/umbral-pre');
  const [owner, delegatee, signingKey] = [umbral.SecretKey.random(), umbral.SecretKey.random(), umbral.SecretKey.random()];
  const [ownerPublic, delegateePublic, verifying] = [owner.publicKey(), delegatee.publicKey(), signingKey.publicKey()];
  const signer = new umbral.Signer(signingKey);
  const plaintext = new Uint8Array(randomBytes(32));
  const [capsule, ciphertext] = umbral.encrypt(ownerPublic, plaintext);
  const [kfrag] = umbral.generateKFrags(owner, delegateePublic, signer, 1, 1, true, true);
  const cfrag = umbral.reencrypt(capsule, kfrag).toBytes();
  const verified = () => umbral.CapsuleFrag.fromBytes(cfrag).skipVerification();
  const opened = umbral.decryptReencrypted(delegatee, ownerPublic, capsule, [verified()], ciphertext);
  if (Buffer.compare(opened, plaintext) !== 0) throw new Error('umbral did not decrypt');
  return {
    ops: [
      umbralOp('key generation', () => umbral.SecretKey.random().publicKey()),
      umbralOp('encrypt', () => umbral.encrypt(ownerPublic, plaintext)),
      umbralOp('decrypt, owner', () => umbral.decryptOriginal(owner, capsule, ciphertext)),
      umbralOp('re-key', () => umbral.generateKFrags(owner, delegateePublic, signer, 1, 1, true, true)),
      umbralOp('re-encrypt', () => umbral.reencrypt(capsule, kfrag)),
      umbralOp('verify re-encryption', (frag) => frag.verify(capsule, verifying, ownerPublic, delegateePublic), () => umbral.CapsuleFrag.fromBytes(cfrag)),
      umbralOp('decrypt, delegatee', (frag) => umbral.decryptReencrypted(delegatee, ownerPublic, capsule, [frag], ciphertext), verified),
    ],
    sizes: [
      { scheme: 'umbral', artefact: 'public key', bytes: ownerPublic.toCompressedBytes().length },
      { scheme: 'umbral', artefact: 'capsule', bytes: capsule.toBytes().length },
      { scheme: 'umbral', artefact: 're-encryption key', bytes: kfrag.toBytes().length },
      { scheme: 'umbral', artefact: 'transformed capsule, with proof', bytes: cfrag.length },
    ],
  };
}
