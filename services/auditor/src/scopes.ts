/** What a caller's token has to hold. */
export const SCOPES = {
  /** disputes and this auditor's findings */
  read: 'disputes:read',
  /** let this auditor vote */
  rule: 'disputes:rule',
  /** openings that were asked for */
  readOpenings: 'openings:read',
  /** ask that a pseudonym be opened, and read the identity */
  request: 'openings:request',
  /** approve an opening, and give this auditor's share */
  answer: 'openings:answer',
} as const;
