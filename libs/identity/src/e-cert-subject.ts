import type { JsonName, Name } from '@peculiar/x509';
import { fromHex, toHex } from '@medveil/encoding';
import { IdentityError } from './errors.js';
import { type Role, enrolmentIdSchema, roleSchema } from './roles.js';

/** What an E-Cert certifies. */
export interface ECertSubject {
  /** The enrolment's name at the PKG: the common name. */
  readonly enrolmentId: string;
  /** The organisational unit, as Fabric's certificate authority does it: every X.509 tool shows it. */
  readonly role: Role;
  /** Ed25519, 32 bytes: signs what is done under the enrolment's name. */
  readonly publicKey: Uint8Array;
  /** X25519 for HPKE, 32 bytes: what is secret is sealed to it. A subjectAltName URI, `medveil:hpke-x25519:<hex>`. */
  readonly hpkePublicKey?: Uint8Array | null;
  /**
   * subject = Poseidon(TAG, idSecret), 32 bytes, fixed at enrolment and kept through re-enrolment (docs/scheme.md,
   * section 6): the attesting hospital reads it here. A subjectAltName URI, `medveil:subject:<hex>`.
   */
  readonly subjectCommitment?: Uint8Array | null;
}

const HPKE_URI = 'medveil:hpke-x25519:';
const SUBJECT_URI = 'medveil:subject:';
const KEY_BYTES = 32;

/** @throws IdentityError `identity/bad-input` */
export function nameOf(subject: ECertSubject): JsonName {
  if (!enrolmentIdSchema.safeParse(subject.enrolmentId).success) {
    throw new IdentityError('identity/bad-input', 'an enrolment id is 1 to 63 letters, digits, dots, dashes or underscores');
  }
  return [{ CN: [subject.enrolmentId] }, { OU: [subject.role] }];
}

export function readName(name: Name): { enrolmentId: string; role: Role } {
  const [first, second, ...rest] = name.toJSON();
  const [commonName, unit] = [first?.['CN'] ?? [], second?.['OU'] ?? []];
  const enrolmentId = enrolmentIdSchema.safeParse(commonName[0]);
  const role = roleSchema.safeParse(unit[0]);
  if (!enrolmentId.success || !role.success || rest.length > 0 || commonName.length !== 1 || unit.length !== 1) {
    throw new IdentityError('identity/bad-certificate', 'the subject is not one common name with an enrolment id and one unit with a role');
  }
  return { enrolmentId: enrolmentId.data, role: role.data };
}

/** @throws IdentityError `identity/bad-key` */
export function keysToUris(subject: ECertSubject): string[] {
  const keys = [
    [HPKE_URI, subject.hpkePublicKey],
    [SUBJECT_URI, subject.subjectCommitment],
  ] as const;
  return keys.flatMap(([prefix, key]) => {
    if (key === null || key === undefined) return [];
    if (key.length !== KEY_BYTES) throw new IdentityError('identity/bad-key', 'a certified key or commitment is 32 bytes', { bytes: key.length });
    return [prefix + toHex(key)];
  });
}

/** Every URI must be understood, and stand once. */
export function uriKeys(uris: readonly string[]): { hpkePublicKey: Uint8Array | null; subjectCommitment: Uint8Array | null } {
  const keys = { hpkePublicKey: null as Uint8Array | null, subjectCommitment: null as Uint8Array | null };
  for (const uri of uris) {
    const [field, prefix] = uri.startsWith(HPKE_URI) ? (['hpkePublicKey', HPKE_URI] as const) : (['subjectCommitment', SUBJECT_URI] as const);
    const text = uri.slice(prefix.length);
    if (!uri.startsWith(prefix) || !/^[0-9a-f]{64}$/.test(text) || keys[field] !== null) {
      throw new IdentityError('identity/bad-certificate', 'an alternative name is not one that E-Certs carry');
    }
    keys[field] = fromHex(text);
  }
  return keys;
}
