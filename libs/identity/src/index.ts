/**
 * Who is who, and who is nobody: E-Certs (X.509) say who an enrolled party is; T-Certs certify unlinkable pseudonyms
 * whose identity auditors and replicas together can open; secrets at rest; credentials between services.
 */
export * from './accounts.js';
export * from './e-cert.js';
export type { ECertSubject } from './e-cert-subject.js';
export * from './enrolment.js';
export * from './epochs.js';
export { IdentityError, isIdentityError, type IdentityErrorCode } from './errors.js';
export * from './hpke.js';
export * from './issuer-request.js';
export * from './opened-share.js';
export * from './opening.js';
export {
  COMMITTEE_NAMES,
  MAX_COMMITTEE_MEMBERS,
  committeesDigest,
  type Committee,
  type CommitteeMember,
  type CommitteeName,
  type OpeningBinding,
  type OpeningCommittees,
} from './opening-format.js';
export * from './patient-seed.js';
export * from './revocation.js';
export * from './roles.js';
export * from './t-cert.js';
export * from './t-cert-issue.js';
export * from './t-cert-request.js';
export * from './request-auth.js';
export * from './scopes.js';
export * from './vault.js';
export * from './view.js';
export { DEFAULT_SCRYPT_COST, MIN_PASSPHRASE_CHARACTERS, keyFileWrapping, passphraseWrapping, type ScryptCost, type Wrapping } from './vault-wrapping.js';
