/**
 * `@medveil/pre/huang20`: the paper's broken scheme and its attacks, for study and benchmarks.
 * Kept apart from the main entry so that no service can reach it by accident.
 */
export { oneUserAttack, retarget, twoUsersAttack } from './attacks.js';
export { literalDecrypt, literalReEncrypt, literalReKeyGen } from './literal.js';
export {
  type Ciphertext,
  type Huang20,
  huang20,
  identityScalar,
  type MasterKey,
  type Pair,
  type PublicParameters,
  type ReKey,
  type UserKey,
} from './scheme.js';
