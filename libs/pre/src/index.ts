/** Proxy re-encryption with labels (`afgh06`), and the streaming envelope of record bodies. See docs/pre.md. */
export type {
  Afgh06,
  CombinedCapsule,
  Contribution,
  DelegateeKey,
  Encapsulation,
  OwnerKey,
  ReEncryptionStatement,
  ReKeyEntry,
  SharedStatement,
  SplitReKey,
} from './afgh06/api.js';
export { afgh06 } from './afgh06/afgh06.js';
export {
  type ArtefactKind,
  CAPSULE_BYTES,
  DELEGATEE_PUBLIC_KEY_BYTES,
  DISCLOSED_KEY_BYTES,
  KEY_PROOF_BYTES,
  KIND,
  OWNER_PUBLIC_KEY_BYTES,
  RE_ENCRYPTION_PROOF_BYTES,
  RE_KEY_BYTES,
  RE_KEY_SHARE_BYTES,
  SECRET_KEY_BYTES,
  SEED_BYTES,
  SHARE_PROOF_BYTES,
  TRANSFORMED_CAPSULE_BYTES,
  TRANSFORMED_SHARE_BYTES,
} from './artefacts.js';
export { MAX_BATCH } from './afgh06/re-encryption.js';
export { MAX_SHARES, MAX_THRESHOLD } from './afgh06/threshold.js';
export type { BodyContext, CiphertextReader, OpenBody } from './envelope/api.js';
export type { Engine, EngineName } from './engine/engine.js';
export { loadEngine } from './engine/load.js';
export { isPreError, PreError, type PreErrorCode } from './errors.js';
export { decodeLabel, encodeLabel, type Label, MAX_LABEL_BYTES } from './label.js';
export { decryptBody } from './envelope/decrypt.js';
export { encryptBody } from './envelope/encrypt.js';
export { BODY_HEADER_BYTES, BODY_VERSION, bodyCiphertextSize, CHUNK_BYTES, CHUNK_OVERHEAD, MAX_BODY_BYTES } from './envelope/format.js';
export { paddedSize } from './envelope/padding.js';
export { openBody } from './envelope/range.js';
export {
  checkGrant,
  decodeGrant,
  encodeGrant,
  type Grant,
  grantDigest,
  type GrantTerms,
  isInForce,
  makeGrant,
  MAX_GRANT_ITEMS,
  reEncryptUnder,
} from './lifecycle/grant.js';
export { decodeReceipt, makeReceipt, type RevocationReceipt, verifyReceipt } from './lifecycle/receipt.js';
export { nextLabel, rotate, type RotatedCapsule } from './lifecycle/rotation.js';
