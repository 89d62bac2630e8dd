/** What a caller's token has to hold. */
export const SCOPES = {
  /** disputes and this auditor's findings */
  read: 'disputes:read',
  /** let this auditor vote */
  rule: 'disputes:rule',
} as const;
