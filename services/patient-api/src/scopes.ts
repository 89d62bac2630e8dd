/** What a caller's token has to hold. */
export const SCOPES = {
  /** patients, what their records match, how their exchanges stand */
  read: 'patients:read',
  /** create patients, import their records */
  write: 'patients:write',
  /** consent to an exchange, and withdraw from one */
  exchange: 'exchanges:write',
  /** have what a patient earned paid out */
  payout: 'payouts:write',
  /** take a patient's seed out, sealed, and bring it back */
  backup: 'patients:backup',
} as const;
