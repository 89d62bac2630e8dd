import type { Role } from './roles.js';

/** What an access token lets its bearer ask for. Each service says which scope a route needs. */
export const SCOPES = [
  'certificates:renew',
  'pseudonyms:request',
  'issuers:accredit',
  'ledger:read',
  'transactions:submit',
  'ciphertexts:write',
  'ciphertexts:read',
  'grants:write',
  'evidence:read',
  'openings:answer',
  'openings:request',
  'enrolments:admin',
  'enrolments:patients',
  'operations:read',
] as const;
export type Scope = (typeof SCOPES)[number];

/**
 * What a party known by its E-Cert may ask for: what the PKG serves it, and what its role needs. An institution's
 * ledger account key is its enrolment key, pinned by the consortium: it acts under its name, with its E-Cert.
 */
export const SCOPES_OF_ENROLMENT: Readonly<Record<Role, readonly Scope[]>> = {
  patient: ['certificates:renew', 'pseudonyms:request', 'issuers:accredit'],
  hospital: ['certificates:renew', 'pseudonyms:request', 'issuers:accredit', 'enrolments:patients'],
  institution: ['certificates:renew', 'pseudonyms:request', 'ledger:read', 'transactions:submit', 'ciphertexts:read'],
  proxy: ['certificates:renew', 'pseudonyms:request', 'ledger:read', 'transactions:submit'],
  auditor: ['certificates:renew', 'pseudonyms:request', 'ledger:read', 'transactions:submit', 'ciphertexts:read', 'evidence:read', 'openings:request', 'openings:answer'],
  treasury: ['certificates:renew', 'pseudonyms:request', 'ledger:read', 'transactions:submit'],
  replica: ['certificates:renew', 'ledger:read', 'openings:answer'],
  pkg: ['certificates:renew', 'ledger:read', 'transactions:submit', 'enrolments:admin'],
  service: ['certificates:renew', 'ledger:read', 'operations:read'],
};

/**
 * What a pseudonym may ask for. Patients and hospitals deal with the contract and the proxy only so: to come with
 * the E-Cert would tell the service whose the pseudonym is.
 */
export const SCOPES_OF_PSEUDONYM: Readonly<Record<Role, readonly Scope[]>> = {
  patient: ['ledger:read', 'transactions:submit', 'ciphertexts:write', 'grants:write'],
  hospital: ['ledger:read', 'transactions:submit', 'ciphertexts:write', 'grants:write'],
  institution: ['ledger:read', 'transactions:submit', 'ciphertexts:read'],
  proxy: ['ledger:read', 'transactions:submit'],
  auditor: ['ledger:read', 'transactions:submit', 'ciphertexts:read', 'openings:request'],
  treasury: ['ledger:read', 'transactions:submit'],
  replica: [],
  pkg: [],
  service: [],
};

const ALL = new Set<string>(SCOPES);
export const isScope = (text: string): text is Scope => ALL.has(text);
