import { z } from 'zod';

/** Who may hold an E-Cert (docs/scheme.md, sections 1 and 2). */
export const ROLES = ['patient', 'hospital', 'institution', 'proxy', 'auditor', 'treasury', 'replica', 'pkg', 'service'] as const;
export type Role = (typeof ROLES)[number];
export const roleSchema = z.enum(ROLES);

/** Who may hold T-Certs, that is ledger accounts under pseudonyms (docs/scheme.md, section 2, phase 3). */
export const PSEUDONYM_ROLES = ['patient', 'hospital', 'institution', 'proxy', 'auditor', 'treasury'] as const;
export type PseudonymRole = (typeof PSEUDONYM_ROLES)[number];
export const pseudonymRoleSchema = z.enum(PSEUDONYM_ROLES);

export type PreKeyKind = 'owner' | 'delegatee';

/**
 * The kind of re-encryption key that a T-Cert of this role certifies: owners publish P1 only, delegatees P2 only,
 * never both (docs/scheme.md, section 5). Roles that neither share nor receive records have none.
 */
export const PRE_KEY_KIND: Readonly<Record<PseudonymRole, PreKeyKind | null>> = {
  patient: 'owner',
  hospital: 'owner',
  institution: 'delegatee',
  proxy: null,
  auditor: null,
  treasury: null,
};

/** An enrolment's name at the PKG: at most 63 characters, safe in an X.500 name, a path and a log line. */
export const enrolmentIdSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
  error: 'must be 1 to 63 letters, digits, dots, dashes or underscores, a letter or digit first',
});

/** A ledger's name, fixed in its genesis. */
export const chainIdSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: 'must be 1 to 64 letters, digits, dots, dashes or underscores, a letter or digit first',
});
